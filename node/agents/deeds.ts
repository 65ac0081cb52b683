import { decodeFunctionData, encodeFunctionData, keccak256 } from "viem";
import type { ChainClient, ProtocolAddresses, TransactionOrder } from "../ai/client/chain.ts";
import { type Claim, claimTuple, postedClaims } from "../ai/client/claims.ts";
import { getRequest } from "../ai/client/market.ts";
import { agentDeedsAbi as abi, agentAccountAbi } from "../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../chain/types/primitives.ts";
import type { AgentAddresses } from "./addresses.ts";
import { agentError } from "./errors.ts";

type At = Pick<AgentAddresses, "deeds">;

/** A deed with all that the chain keeps of it. */
export interface DeedRecord {
  id: bigint;
  agentId: bigint;
  key: Address;
  target: Address;
  value: bigint;
  /** keccak256 of the call's data. */
  dataHash: Hash;
  because: readonly bigint[];
  rationale: Hash;
  isTainted: boolean;
  /** Of the agent when it acted: content id of the text. */
  policy: Hash;
  /** Second of the chain's clock. */
  at: bigint;
  blockNumber: bigint;
  transaction: Hash;
}

/** A deed by its number. @throws CodedError `DEED_UNKNOWN`. */
export async function getDeed(
  client: ChainClient,
  { deeds: address }: At,
  deedId: bigint,
): Promise<DeedRecord> {
  const query = { address, abi, args: { deedId }, fromBlock: 0n, strict: true } as const;
  const [event] = await client.public.getContractEvents({ ...query, eventName: "AgentActed" });
  if (event === undefined) {
    throw agentError("DEED_UNKNOWN", {
      message: `there is no deed ${deedId}`,
      fix: "see an agent's deeds with `openledger agent show`",
      facts: { deedId },
    });
  }
  const read = { address, abi, functionName: "deedOf", args: [deedId] } as const;
  const { isTainted, policy, at } = await client.public.readContract(read);
  const { agentId, key, target, value, dataHash, because, rationale } = event.args;
  return {
    ...{ id: deedId, agentId, value, dataHash, because, rationale, isTainted, policy, at },
    ...{ key: key.toLowerCase() as Address, target: target.toLowerCase() as Address },
    ...{ blockNumber: event.blockNumber, transaction: event.transactionHash },
  };
}

/** An agent's deeds that name the request, oldest first, from block `from` on. */
export async function deedsBecauseOf(
  client: ChainClient,
  { deeds: address }: At,
  agentId: bigint,
  requestId: bigint,
  from = 0n,
): Promise<{ id: bigint; transaction: Hash }[]> {
  const query = {
    address,
    abi,
    args: { agentId },
    fromBlock: from,
    toBlock: "latest",
    strict: true,
  } as const;
  const events = await client.public.getContractEvents({ ...query, eventName: "AgentActed" });
  return events
    .filter(({ args }) => args.because.includes(requestId))
    .map(({ args, transactionHash }) => ({ id: args.deedId, transaction: transactionHash }));
}

/** The call of a deed. */
export interface DeedCall {
  target: Address;
  value: bigint;
  data: Hex;
}

/**
 * The call that a deed made, out of its transaction: what its hash on chain is of. Undefined where another contract brought the
 * order, so that the transaction does not show it.
 */
export async function callOfDeed(
  client: ChainClient,
  account: Address,
  deed: Pick<DeedRecord, "transaction" | "target" | "value" | "dataHash">,
): Promise<DeedCall | undefined> {
  const { to, input } = await client.public.getTransaction({ hash: deed.transaction });
  if (to?.toLowerCase() !== account) return undefined;
  try {
    const { functionName, args } = decodeFunctionData({ abi: agentAccountAbi, data: input });
    const order = functionName === "act" ? args[0] : functionName === "actFor" ? args[1] : undefined;
    if (order === undefined || keccak256(order.call.data) !== deed.dataHash) return undefined;
    return { target: deed.target, value: deed.value, data: order.call.data };
  } catch {
    return undefined;
  }
}

/** Taints a deed one of whose answers was refuted; it is paid no more. Anybody may. */
export function taintOrder({ deeds }: At, deedId: bigint, requestId: bigint): TransactionOrder {
  return { to: deeds, data: encodeFunctionData({ abi, functionName: "taint", args: [deedId, requestId] }) };
}

/** The first of a deed's requests that was refuted. */
export async function refutedOf(
  client: ChainClient,
  protocol: Pick<ProtocolAddresses, "market">,
  { because }: Pick<DeedRecord, "because">,
): Promise<bigint | undefined> {
  for (const requestId of because) {
    if ((await getRequest(client, protocol, requestId)).status === "refuted") return requestId;
  }
  return undefined;
}

/**
 * Pays `amount` wei, what a deed earned, to the contributors of its answers by their weights.
 * @throws CodedError `DEED_UNSETTLED` where a claim of its requests is not there.
 */
export async function rewardOrder(
  client: ChainClient,
  at: At & Pick<ProtocolAddresses, "market">,
  { id, because }: Pick<DeedRecord, "id" | "because">,
  amount: bigint,
): Promise<TransactionOrder> {
  const claims: Claim[] = [];
  const to = await client.public.getBlockNumber();
  for (const requestId of because) {
    const posted = (await postedClaims(client, at, { from: 0n, to, requestId })).at(-1);
    if (posted === undefined) {
      throw agentError("DEED_UNSETTLED", {
        message: `request ${requestId}, which deed ${id} follows from, has no claim`,
        fix: "reward deeds whose answers are settled",
        facts: { deedId: id, requestId },
      });
    }
    claims.push(claimTuple(posted.claim));
  }
  const data = encodeFunctionData({ abi, functionName: "reward", args: [id, claims] });
  return { to: at.deeds, data, value: amount };
}
