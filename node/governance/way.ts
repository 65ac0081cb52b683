import { encodeFunctionData, keccak256, parseEventLogs, zeroHash } from "viem";
import { getWithdrawals } from "viem/op-stack";
import type { ChainClient, TransactionOrder } from "../ai/client/chain.ts";
import {
  finalizeOrder,
  type Homeward,
  type Message,
  messageState,
  proveOrder,
} from "../ai/client/withdrawals.ts";
import {
  governanceRelayAbi,
  l1CrossDomainMessengerAbi,
  l1TimelockAbi,
  upgradeTimelockAbi,
} from "../chain/generated/abi.ts";
import type { Address, Hash } from "../chain/types/primitives.ts";
import { type DecodedCall, decodeActions, upgradeOperation } from "./decode.ts";
import type { Governed } from "./governed.ts";
import { advanceOrder, executionOf, type Proposal, type Standing, standingOf } from "./proposals.ts";

/** What comes next for a proposal. */
export interface NextStep {
  what: string;
  command: "vote" | "queue" | "execute";
  /** Seconds until then, about; 0: now. */
  seconds: bigint;
  /** Where its transaction goes. */
  chain: "L1" | "L2";
  /** The transaction that does it, which anybody may send; absent where only time or voters do something. */
  order?: () => Promise<TransactionOrder>;
}

/** Where a proposal is on its way. */
export interface Way {
  standing: Standing;
  calls: readonly DecodedCall[];
  /** Nothing more will happen: everything ran, or it failed. */
  isOver: boolean;
  /** Parts that were cancelled after the vote. */
  canceled: readonly string[];
  next: readonly NextStep[];
  /** Operation that waits in the timelock on L1. */
  l1Operation: Hash | undefined;
}

/** A batch that waits in a timelock. */
interface Waiting {
  what: string;
  chain: NextStep["chain"];
  client: ChainClient;
  timelock: Address;
  id: Hash;
  order: readonly [readonly Address[], readonly bigint[], readonly `0x${string}`[], Hash, Hash];
}

/** Looks where a proposal is, on L1 too where it sent a message there. */
export async function wayOf(governed: Governed, proposal: Proposal): Promise<Way> {
  const { client, at, book } = governed;
  const standing = await standingOf(client, at, proposal);
  const calls = decodeActions(book, proposal);
  const { timestamp: now } = await client.public.getBlock();
  const wait = (time: bigint) => (time > now ? time - now : 0n);
  const step = (what: string, command: NextStep["command"], seconds: bigint): NextStep => ({
    ...{ what, command, seconds, chain: "L2" },
  });
  const by = (name: "queue" | "execute", seconds: bigint): NextStep => ({
    ...step(`${name} it`, name, seconds),
    order: async () => advanceOrder(at, name, proposal),
  });
  const way = { standing, calls, canceled: [], isOver: false, l1Operation: undefined };
  switch (standing.state) {
    case "pending":
      return { ...way, next: [step("the vote starts", "vote", wait(standing.voteStart) + 1n)] };
    case "active":
      return { ...way, next: [step("the vote ends", "queue", wait(standing.voteEnd) + 1n)] };
    case "succeeded":
      return { ...way, next: [by("queue", 0n)] };
    case "queued":
      return { ...way, next: [by("execute", wait(standing.eta))] };
    case "executed":
      return { ...way, ...(await afterwards(governed, proposal, calls)) };
    default:
      return { ...way, isOver: true, next: [] };
  }
}

type Afterwards = Pick<Way, "next" | "isOver" | "canceled" | "l1Operation">;

/** What an executed proposal left in the timelock of upgrades, and sent to L1. */
async function afterwards(
  governed: Governed,
  proposal: Proposal,
  calls: readonly DecodedCall[],
): Promise<Afterwards> {
  const { client, at, book } = governed;
  const next: NextStep[] = [];
  const canceled: string[] = [];
  const add = async (waiting: Waiting) => {
    const step = await waitingStep(waiting);
    if (step === "canceled") canceled.push(waiting.what);
    else if (step !== "done") next.push(step);
  };
  const upgrade = upgradeOperation(calls);
  if (upgrade) {
    const id = await client.public.readContract({
      ...{ address: at.upgrades, abi: upgradeTimelockAbi },
      functionName: "hashOperationBatch",
      args: upgrade,
    });
    const what = "execute it in the timelock of upgrades";
    await add({ what, chain: "L2", client, timelock: at.upgrades, id, order: upgrade });
  }
  const onL1 = calls.find(({ inner }) => inner[0]?.executor === "l1");
  let l1Operation: Hash | undefined;
  if (onL1) {
    const sent = await sentToL1(governed, proposal);
    if ("next" in sent) next.push(sent.next);
    else {
      l1Operation = sent.id;
      const targets = onL1.inner.map(({ target }) => target);
      const payloads = onL1.inner.map(({ data }) => data);
      const order = [targets, targets.map(() => 0n), payloads, zeroHash, sent.salt] as const;
      const l1 = await governed.l1();
      const what = "execute it in the timelock on L1";
      await add({ what, chain: "L1", client: l1, timelock: book.l1.timelock, id: sent.id, order });
    }
  }
  return { next, canceled, isOver: next.length === 0, l1Operation };
}

async function waitingStep(waiting: Waiting): Promise<NextStep | "done" | "canceled"> {
  const { what, chain, client, timelock, id, order } = waiting;
  const read = { address: timelock, abi: l1TimelockAbi, args: [id] } as const;
  const time = await client.public.readContract({ ...read, functionName: "getTimestamp" });
  // OpenZeppelin's marks: never scheduled or cancelled, and done.
  if (time === 0n) return "canceled";
  if (time === 1n) return "done";
  const { timestamp } = await client.public.getBlock();
  const data = encodeFunctionData({ abi: l1TimelockAbi, functionName: "executeBatch", args: order });
  const seconds = time > timestamp ? time - timestamp : 0n;
  return { what, command: "execute", seconds, chain, order: async () => ({ to: timelock, data }) };
}

/** The message to L1: what it waits for, or the operation that it has become there. */
async function sentToL1(
  governed: Governed,
  proposal: Proposal,
): Promise<{ next: NextStep } | { id: Hash; salt: Hash }> {
  const { client, at, book } = governed;
  const transaction = await executionOf(client, at, proposal);
  if (transaction === undefined) throw new Error("an executed proposal has no transaction");
  const receipt = await client.public.getTransactionReceipt({ hash: transaction });
  const [message] = getWithdrawals(receipt);
  if (message === undefined) throw new Error("a proposal's message to L1 is not in its receipt");
  const homeward = { l1: (await governed.l1()).public, l2: client.public, contracts: book.l1 };
  const block = receipt.blockNumber;
  const { state, seconds } = await messageState(homeward, message, block);
  const step = (what: string, order?: NextStep["order"]): { next: NextStep } => ({
    next: { what, command: "execute", seconds, chain: "L1", ...(order && { order }) },
  });
  const finalize = async () => finalizeOrder(homeward, { message, state });
  switch (state) {
    case "no output":
      return step("L1 gets an output of its block");
    case "provable":
      return step("prove its message on L1", () => proveOrder(homeward, { message, block }));
    case "proved":
      return step("its output is final on L1");
    case "finalizable":
      return step("bring its message to the relay on L1", finalize);
    case "failed":
      return step("replay its message on L1, which failed there", finalize);
    default:
      return operationOf(homeward, at.relay!, message);
  }
}

/** The operation that the relay scheduled when the message arrived. */
async function operationOf(
  { l1, contracts }: Homeward,
  relay: Address,
  message: Message,
): Promise<{ id: Hash; salt: Hash }> {
  const [arrival] = await l1.getContractEvents({
    address: contracts.l1CrossDomainMessenger,
    abi: l1CrossDomainMessengerAbi,
    eventName: "RelayedMessage",
    args: { msgHash: keccak256(message.data) },
    fromBlock: 0n,
    toBlock: "latest",
  });
  if (arrival === undefined) throw new Error("the message arrived on L1 without an event");
  const receipt = await l1.getTransactionReceipt({ hash: arrival.transactionHash });
  const logs = receipt.logs.filter(({ address }) => address.toLowerCase() === relay);
  const [relayed] = parseEventLogs({ abi: governanceRelayAbi, eventName: "Relayed", logs });
  if (relayed === undefined) throw new Error("the message arrived on L1, but not at the relay");
  return relayed.args;
}
