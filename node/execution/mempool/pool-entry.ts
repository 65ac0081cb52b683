import { maxBigInt, minBigInt } from "../../base/bigint.ts";
import type { CodedError } from "../../base/errors.ts";
import type { ChainTransaction } from "../../chain/types/block.ts";
import type { Address } from "../../chain/types/primitives.ts";
import { type ExecutionError, executionError } from "../errors.ts";

/** A signed transaction in the mempool with what ordering and checks need. */
export interface PoolEntry {
  transaction: Extract<ChainTransaction, { kind: "signed" }>;
  from: Address;
  nonce: bigint;
  /** Wei per gas; legacy transactions have their gas price in both. */
  feeCap: bigint;
  tipCap: bigint;
  /** Order of arrival in this process: the earlier of two equal tips goes first. */
  order: number;
  /** Number in the journal once it is written there. */
  arrival: bigint | undefined;
}

/** Largest envelope that the pool takes, in bytes; as geth. */
const MAX_TRANSACTION_BYTES = 128 * 1024;
/** EIP-7623. */
const FLOOR_GAS_PER_TOKEN = 10n;
const BASE_GAS = 21_000n;
/** EIP-1559 replacements must raise both fees by this many percent; as geth. */
const PRICE_BUMP_PERCENT = 10n;

/** Wraps a decoded transaction. @throws CodedError `TXPOOL_TYPE`, `TXPOOL_SIZE`, `TXPOOL_INTRINSIC_GAS`, `TXPOOL_GAS_LIMIT`, `TXPOOL_TIP_ABOVE_FEE_CAP`. */
export function poolEntry(transaction: ChainTransaction, order: number, blockGasLimit: bigint): PoolEntry {
  if (transaction.kind !== "signed") {
    throw refuse("TXPOOL_TYPE", "deposits come from L1 only", "Send it through the portal on L1.");
  }
  const { signed, raw, from } = transaction;
  const [feeCap, tipCap] =
    "maxFeePerGas" in signed
      ? [signed.maxFeePerGas, signed.maxPriorityFeePerGas]
      : [(signed as { gasPrice: bigint }).gasPrice, (signed as { gasPrice: bigint }).gasPrice];
  if (raw.length > MAX_TRANSACTION_BYTES) {
    throw refuse("TXPOOL_SIZE", "oversized data", `Keep it under ${MAX_TRANSACTION_BYTES} bytes.`);
  }
  const needed = minimumGas(transaction);
  if (signed.gasLimit < needed) {
    const reason = `intrinsic gas too low: have ${signed.gasLimit}, want ${needed}`;
    throw refuse("TXPOOL_INTRINSIC_GAS", reason, "Raise the gas limit, or let eth_estimateGas set it.");
  }
  if (signed.gasLimit > blockGasLimit) {
    throw refuse("TXPOOL_GAS_LIMIT", "exceeds block gas limit", `A block holds ${blockGasLimit} gas.`);
  }
  if (tipCap > feeCap) {
    const reason = "max priority fee per gas higher than max fee per gas";
    throw refuse("TXPOOL_TIP_ABOVE_FEE_CAP", reason, "Lower the tip or raise the fee cap.");
  }
  return { transaction, from, nonce: signed.nonce, feeCap, tipCap, order, arrival: undefined };
}

/** Wei that the sender must have before execution, without L1 and operator fee. */
export function entryCost(entry: PoolEntry): bigint {
  const { gasLimit, value } = entry.transaction.signed;
  return gasLimit * entry.feeCap + value;
}

/** What the sequencer earns per gas at a base fee; negative: it can't be included. */
export function effectiveTip(entry: PoolEntry, baseFee: bigint): bigint {
  return minBigInt(entry.feeCap - baseFee, entry.tipCap);
}

/** True when `next` pays enough more than `old` to take its place. */
export function replaces(next: PoolEntry, old: PoolEntry): boolean {
  const enough = (after: bigint, before: bigint) => after * 100n >= before * (100n + PRICE_BUMP_PERCENT);
  return enough(next.feeCap, old.feeCap) && enough(next.tipCap, old.tipCap) && next.feeCap > old.feeCap;
}

/** A refusal; `reason` uses geth's words, which wallets match on. */
export function refuse(
  code: Extract<ExecutionError["code"], `TXPOOL_${string}`>,
  reason: string,
  fix: string,
  facts: Readonly<Record<string, unknown>> = {},
): CodedError {
  return executionError(code, { message: reason, fix, facts });
}

/** Intrinsic gas or, if higher, the floor of EIP-7623. */
function minimumGas({ signed }: PoolEntry["transaction"]): bigint {
  const intrinsic = signed.getIntrinsicGas();
  const tokens = signed.data.reduce((sum, byte) => sum + (byte === 0 ? 1 : 4), 0);
  const floor = BASE_GAS + FLOOR_GAS_PER_TOKEN * BigInt(tokens);
  return maxBigInt(intrinsic, floor);
}
