import { type Account, encodeFunctionData, type Log, parseEventLogs } from "viem";
import { curationAbi as abi, datanetRegistryAbi } from "../../chain/generated/abi.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { type ChainClient, type ProtocolAddresses, type SentTransaction, send } from "./chain.ts";
import { getContribution, requireEvent } from "./datanets.ts";

type At = Pick<ProtocolAddresses, "curation">;

/** A reviewer's counted votes in a datanet, and the wei that wait for it. */
export async function curatorOf(
  client: ChainClient,
  { curation: address }: At,
  datanetId: bigint,
  reviewer: Address,
): Promise<{ shares: bigint; amount: bigint }> {
  const args = [datanetId, reviewer] as const;
  const [shares, amount] = await client.public.readContract({
    ...{ address, abi, args },
    functionName: "curatorOf",
  });
  return { shares, amount };
}

/** The contributions to a datanet on which a reviewer opened votes that nobody has had counted, and that were decided. */
export async function uncountedVotes(
  client: ChainClient,
  { curation, datanets }: At & Pick<ProtocolAddresses, "datanets">,
  datanetId: bigint,
  reviewer: Address,
): Promise<bigint[]> {
  const found: bigint[] = [];
  const events = await client.public.getContractEvents({
    ...({ address: datanets, abi: datanetRegistryAbi, eventName: "ContributionReviewed" } as const),
    ...({ args: { reviewer }, fromBlock: 0n, strict: true } as const),
  });
  for (const { contributionId: id } of events.map(({ args }) => args)) {
    const contribution = await getContribution(client, { datanets }, id);
    const isDecided = contribution.statusName === "accepted" || contribution.statusName === "rejected";
    if (contribution.datanetId !== datanetId || !isDecided) continue;
    const args = [id, reviewer] as const;
    const place = { address: curation, abi, args } as const;
    if (!(await client.public.readContract({ ...place, functionName: "isCounted" }))) found.push(id);
  }
  return found;
}

/** Has an opened vote counted: the reviewer shares what comes in from then on. */
export function countVote(
  client: ChainClient,
  { curation: to }: At,
  account: Account,
  contributionId: bigint,
  reviewer: Address,
): Promise<SentTransaction> {
  const args = [contributionId, reviewer] as const;
  return send(client, account, {
    to,
    data: encodeFunctionData({ abi, functionName: "countVote", args }),
  });
}

/** Moves what waits for a reviewer to its reward balance. */
export async function drawCuration(
  client: ChainClient,
  { curation: to }: At,
  account: Account,
  datanetId: bigint,
  reviewer: Address,
): Promise<SentTransaction & { amount: bigint }> {
  const args = [datanetId, reviewer] as const;
  const data = encodeFunctionData({ abi, functionName: "draw", args });
  const sent = await send(client, account, { to, data });
  const logs = parseEventLogs({
    ...({ abi, eventName: "CurationDrawn" } as const),
    logs: sent.receipt.logs as Log[],
  });
  return { ...sent, amount: requireEvent(logs, "CurationDrawn").args.amount };
}
