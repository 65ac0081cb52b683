import {
  encodeFunctionData,
  keccak256,
  type Log,
  type PublicClient,
  parseEventLogs,
  type TransactionReceipt,
} from "viem";
import { buildProveWithdrawal, getWithdrawals } from "viem/op-stack";
import { OPEN_MINTER } from "../../chain/constants.ts";
import {
  l1CrossDomainMessengerAbi,
  l2OutputOracleAbi,
  openMinterAbi,
  optimismPortalAbi,
} from "../../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";

/** A message from L2 to L1, as the L2 block's log has it. */
export type Message = ReturnType<typeof getWithdrawals>[number];

/**
 * How far a withdrawal is: L1 has no output of its block yet; it can be proved; the output isn't final; it can be finalized; it is
 * finalized, but the transfer failed and can be replayed; it is home.
 */
export type WithdrawalState = "no output" | "provable" | "proved" | "finalizable" | "failed" | "home";

/** One withdrawal of OPEN, from the burning on L2 on. */
export interface Withdrawal {
  /** Transaction on L2. */
  transaction: Hash;
  block: bigint;
  from: Address;
  /** Who receives OPEN on L1. */
  to: Address;
  /** Wei. */
  amount: bigint;
  state: WithdrawalState;
  /** Seconds of L1's clock until the state changes by itself, about; 0 where it doesn't. */
  seconds: bigint;
  message: Message;
}

/** Where a withdrawal goes on L1. */
export interface HomewardContracts {
  optimismPortal: Address;
  l2OutputOracle: Address;
  l1CrossDomainMessenger: Address;
}

/** Both ends of the way. */
export interface Homeward {
  l1: PublicClient;
  l2: PublicClient;
  contracts: HomewardContracts;
}

/** The call on L2 that burns OPEN for `to` on L1; the amount goes with it as value. */
export function withdrawOrder(to: Address): { to: Address; data: Hex } {
  return {
    to: OPEN_MINTER,
    data: encodeFunctionData({ abi: openMinterAbi, functionName: "withdraw", args: [to] }),
  };
}

/** Transactions on L2 with withdrawals of `from`, oldest first. */
export async function withdrawalsOf({ l2 }: Pick<Homeward, "l2">, from: Address): Promise<Hash[]> {
  const logs = await l2.getContractEvents({
    address: OPEN_MINTER,
    abi: openMinterAbi,
    eventName: "WithdrawalInitiated",
    args: { from },
    fromBlock: 0n,
    toBlock: "latest",
  });
  return [...new Set(logs.map(({ transactionHash }) => transactionHash))];
}

/** The withdrawal that the L2 transaction made; the first, if it made several; undefined where it made none. */
export async function findWithdrawal(way: Homeward, transaction: Hash): Promise<Withdrawal | undefined> {
  const receipt = await way.l2.getTransactionReceipt({ hash: transaction }).catch(() => undefined);
  const found = receipt && messageOf(receipt);
  if (receipt === undefined || found === undefined) return undefined;
  const { args, message } = found;
  const block = receipt.blockNumber;
  return {
    ...{ transaction, block, message, amount: args.amount },
    from: args.from.toLowerCase() as Address,
    to: args.to.toLowerCase() as Address,
    ...(await messageState(way, message, block)),
  };
}

function messageOf(receipt: TransactionReceipt) {
  const own = receipt.logs.filter(({ address }) => address.toLowerCase() === OPEN_MINTER);
  const [event] = parseEventLogs({
    abi: openMinterAbi,
    eventName: "WithdrawalInitiated",
    logs: own as Log[],
  });
  if (event === undefined) return undefined;
  // The minter announces it after the message that carries it.
  const before = receipt.logs.filter(({ logIndex }) => logIndex < event.logIndex!);
  const message = getWithdrawals({ logs: before }).at(-1);
  return message && { args: event.args, message };
}

/** How far a message of `block` on L2 is on its way to L1. */
export async function messageState(
  { l1, l2, contracts }: Homeward,
  message: Message,
  block: bigint,
): Promise<Pick<Withdrawal, "state" | "seconds">> {
  const portal = { address: contracts.optimismPortal, abi: optimismPortalAbi } as const;
  const oracle = { address: contracts.l2OutputOracle, abi: l2OutputOracleAbi } as const;
  const args = [message.withdrawalHash] as const;
  if (await l1.readContract({ ...portal, functionName: "finalizedWithdrawals", args })) {
    const relayed = await l1.readContract({
      address: contracts.l1CrossDomainMessenger,
      abi: l1CrossDomainMessengerAbi,
      functionName: "successfulMessages",
      // A messenger's hash of a message is that of the call which relays it.
      args: [keccak256(message.data)],
    });
    return { state: relayed ? "home" : "failed", seconds: 0n };
  }
  const latest = await l1.readContract({ ...oracle, functionName: "latestBlockNumber" });
  if (latest < block) {
    const interval = await l1.readContract({ ...oracle, functionName: "SUBMISSION_INTERVAL" });
    const blockTime = await l1.readContract({ ...oracle, functionName: "L2_BLOCK_TIME" });
    // Outputs come at every `interval` blocks; the newest block is at most that many ahead.
    const due = ((block + interval - 1n) / interval) * interval;
    const head = await l2.getBlockNumber();
    return { state: "no output", seconds: due > head ? (due - head) * blockTime : blockTime };
  }
  const [outputRoot, provedAt, index] = await l1.readContract({
    ...portal,
    functionName: "provenWithdrawals",
    args,
  });
  if (provedAt === 0n) return { state: "provable", seconds: 0n };
  const next = await l1.readContract({ ...oracle, functionName: "nextOutputIndex" });
  const output =
    index < next
      ? await l1.readContract({ ...oracle, functionName: "getL2Output", args: [index] })
      : undefined;
  // The challenger deleted it: the proof counts for nothing.
  if (output?.outputRoot !== outputRoot) return { state: "provable", seconds: 0n };
  const period = await l1.readContract({ ...oracle, functionName: "FINALIZATION_PERIOD_SECONDS" });
  const { timestamp } = await l1.getBlock();
  // A proof is later than the output that it is against.
  const end = provedAt + period;
  return timestamp > end
    ? { state: "finalizable", seconds: 0n }
    : { state: "proved", seconds: end - timestamp + 1n };
}

/** The call on L1 that proves the withdrawal against the first output at or after its block. */
export async function proveOrder(
  { l1, l2, contracts }: Homeward,
  { message, block }: Pick<Withdrawal, "message" | "block">,
): Promise<{ to: Address; data: Hex }> {
  const oracle = { address: contracts.l2OutputOracle, abi: l2OutputOracleAbi } as const;
  const args = [block] as const;
  const outputIndex = await l1.readContract({ ...oracle, functionName: "getL2OutputIndexAfter", args });
  const found = await l1.readContract({ ...oracle, functionName: "getL2Output", args: [outputIndex] });
  const output = { ...found, outputIndex };
  // viem's types want a chain that is known when compiling.
  const { outputRootProof, withdrawalProof } = await buildProveWithdrawal(l2, {
    ...{ output, withdrawal: message },
  } as never);
  const data = encodeFunctionData({
    abi: optimismPortalAbi,
    functionName: "proveWithdrawalTransaction",
    args: [transactionOf(message), outputIndex, outputRootProof, withdrawalProof],
  });
  return { to: contracts.optimismPortal, data };
}

/** The call on L1 that finalizes the withdrawal; where the transfer failed before, the one that replays it. */
export function finalizeOrder(
  { contracts }: Pick<Homeward, "contracts">,
  { message, state }: Pick<Withdrawal, "message" | "state">,
): { to: Address; data: Hex } {
  if (state === "failed") return { to: contracts.l1CrossDomainMessenger, data: message.data };
  const data = encodeFunctionData({
    abi: optimismPortalAbi,
    functionName: "finalizeWithdrawalTransaction",
    args: [transactionOf(message)],
  });
  return { to: contracts.optimismPortal, data };
}

function transactionOf({ nonce, sender, target, value, gasLimit, data }: Message) {
  return { nonce, sender, target, value, gasLimit, data };
}
