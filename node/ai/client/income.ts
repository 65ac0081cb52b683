import { encodeFunctionData } from "viem";
import { attributionLedgerAbi as abi } from "../../chain/generated/abi.ts";
import type { Address } from "../../chain/types/primitives.ts";
import type { ChainClient, ProtocolAddresses, TransactionOrder } from "./chain.ts";
import { getContribution } from "./datanets.ts";

type At = Pick<ProtocolAddresses, "ledger">;

/** Who is paid for a contribution now; the zero address where there is none. */
export async function payeeOf(
  client: ChainClient,
  { ledger: address }: At,
  contributionId: bigint,
): Promise<Address> {
  const args = [contributionId] as const;
  const payee = await client.public.readContract({ address, abi, functionName: "payeeOf", args });
  return payee.toLowerCase() as Address;
}

/** The call that gives a contribution's later payments to another account. For its present payee. */
export function transferIncomeOrder(
  { ledger: to }: At,
  contributionId: bigint,
  payee: Address,
): TransactionOrder {
  const args = [contributionId, payee] as const;
  return { to, data: encodeFunctionData({ abi, functionName: "transferIncome", args }) };
}

/** A place in the chain's order of logs. */
export interface LogPlace {
  blockNumber: bigint;
  logIndex: number;
}

/**
 * Who was paid for each contribution at that place: whom the last transfer of its income before it names, else its contributor.
 * @throws CodedError `CONTRIBUTION_UNKNOWN`, and what the node refuses.
 */
export async function payeesAt(
  client: ChainClient,
  at: At & Pick<ProtocolAddresses, "datanets">,
  contributionIds: readonly bigint[],
  { blockNumber, logIndex }: LogPlace,
): Promise<Address[]> {
  if (contributionIds.length === 0) return [];
  const transfers = await client.public.getContractEvents({
    address: at.ledger,
    abi,
    eventName: "IncomeTransferred",
    args: { contributionId: [...contributionIds] },
    fromBlock: 0n,
    toBlock: blockNumber,
    strict: true,
  });
  const before = transfers.filter((log) => log.blockNumber < blockNumber || log.logIndex < logIndex);
  const named = new Map(before.map(({ args }) => [args.contributionId, args.to]));
  return Promise.all(
    contributionIds.map(async (id) => {
      const payee = named.get(id) ?? (await getContribution(client, at, id)).contributor;
      return payee.toLowerCase() as Address;
    }),
  );
}
