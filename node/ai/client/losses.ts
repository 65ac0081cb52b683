import {
  type Account,
  encodeAbiParameters,
  encodeFunctionData,
  hexToString,
  keccak256,
  stringToBytes,
  stringToHex,
} from "viem";
import { stakeLossesAbi as abi } from "../../chain/generated/abi.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import { type ChainClient, type ProtocolAddresses, type SentTransaction, send } from "./chain.ts";

type At = Pick<ProtocolAddresses, "losses">;

export const LOSS_STATUS = ["none", "held", "appealed", "ended"] as const;

/** A stake that a contributor lost. */
export interface StakeLoss {
  contributor: Address;
  status: (typeof LOSS_STATUS)[number];
  /** Second until which it can be appealed. */
  deadline: bigint;
  /** Gets half where it stands; none where reviewers decided. */
  finder: Address;
  /** Wei. */
  amount: bigint;
  /** rejected, excluded or plagiarism. */
  reason: string;
  /** Appealed: its dispute. */
  disputeId: bigint;
}

/** What became of a contribution's stake; status "none" where it was not lost. */
export async function lossOf(
  client: ChainClient,
  { losses }: At,
  contributionId: bigint,
): Promise<StakeLoss> {
  const args = [contributionId] as const;
  const found = await client.public.readContract({ address: losses, abi, functionName: "lossOf", args });
  return {
    ...found,
    contributor: found.contributor.toLowerCase() as Address,
    finder: found.finder.toLowerCase() as Address,
    status: LOSS_STATUS[found.status]!,
    reason: hexToString(found.reason, { size: 32 }),
  };
}

/** Wei that an appeal's panel gets. */
export function lossPanelFee(client: ChainClient, { losses }: At): Promise<bigint> {
  return client.public.readContract({ address: losses, abi, functionName: "PANEL_FEE" });
}

/** Asks a panel whether the loss of the sender's stake stands; the chain keeps the text's hash. */
export async function appealLoss(
  client: ChainClient,
  at: At,
  account: Account,
  contributionId: bigint,
  text: string,
): Promise<SentTransaction> {
  const args = [contributionId, keccak256(stringToBytes(text))] as const;
  const data = encodeFunctionData({ abi, functionName: "appeal", args });
  return send(client, account, { to: at.losses, data, value: await lossPanelFee(client, at) });
}

/** Has a larger panel look at an appeal again within a window of the verdict. */
export async function escalateLoss(
  client: ChainClient,
  at: At,
  account: Account,
  contributionId: bigint,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "escalate", args: [contributionId] });
  return send(client, account, { to: at.losses, data, value: await lossPanelFee(client, at) });
}

/** Pays out a loss that was not appealed in time, or was decided. */
export function endLoss(
  client: ChainClient,
  { losses }: At,
  account: Account,
  contributionId: bigint,
): Promise<SentTransaction> {
  const data = encodeFunctionData({ abi, functionName: "end", args: [contributionId] });
  return send(client, account, { to: losses, data });
}

/** What panels' results over a loss are compared with: `stands` true is what was claimed. */
export function valueOfLoss(
  contributionId: bigint,
  { reason }: Pick<StakeLoss, "reason">,
  stands: boolean,
): Hash {
  const types = ["bytes32", "uint64", "bytes32", "bool"].map((type) => ({ type }));
  const word = (text: string) => stringToHex(text, { size: 32 });
  return keccak256(encodeAbiParameters(types, [word("loss"), contributionId, word(reason), stands]));
}

/** Stakes that were lost in blocks `from`…`to`, by contribution. */
export async function lossesIn(
  client: ChainClient,
  { losses }: At,
  range: { from: bigint; to: bigint },
): Promise<{ contributionId: bigint; deadline: bigint }[]> {
  const query = { address: losses, abi, fromBlock: range.from, toBlock: range.to, strict: true } as const;
  const events = await client.public.getContractEvents({ ...query, eventName: "StakeLost" });
  return events.map(({ args: { contributionId, deadline } }) => ({ contributionId, deadline }));
}

/** Losses that were appealed in blocks `from`…`to`. */
export async function appealedLossesIn(
  client: ChainClient,
  { losses }: At,
  range: { from: bigint; to: bigint },
): Promise<{ contributionId: bigint; disputeId: bigint }[]> {
  const query = { address: losses, abi, fromBlock: range.from, toBlock: range.to, strict: true } as const;
  const events = await client.public.getContractEvents({ ...query, eventName: "LossAppealed" });
  return events.map(({ args: { contributionId, disputeId } }) => ({ contributionId, disputeId }));
}
