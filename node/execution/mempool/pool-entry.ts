import { minBigInt } from "../../base/bigint.ts";
import type { CodedError } from "../../base/errors.ts";
import type { UnrecoveredTransaction } from "../../chain/codec/transaction.ts";
import { gasSubjectOf, minimumGas } from "../../chain/rules/gas.ts";
import type { Address } from "../../chain/types/primitives.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import { type ExecutionError, executionError } from "../errors.ts";

/** A signed transaction in the mempool with what ordering and checks need. */
export interface PoolEntry {
  transaction: SignedTransaction;
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
export const MAX_TRANSACTION_BYTES = 128 * 1024;
/** EIP-1559 replacements must raise both fees by this many percent; as geth. */
const PRICE_BUMP_PERCENT = 10n;

/** What can be said of bytes before they are decoded. @throws CodedError `TXPOOL_SIZE`. */
export function checkSize(raw: Uint8Array): void {
  if (raw.length <= MAX_TRANSACTION_BYTES) return;
  throw refuse("TXPOOL_SIZE", "oversized data", `Keep it under ${MAX_TRANSACTION_BYTES} bytes.`);
}

/**
 * What needs neither sender nor state. @throws CodedError `TXPOOL_INTRINSIC_GAS`, `TXPOOL_GAS_LIMIT`,
 * `TXPOOL_TIP_ABOVE_FEE_CAP`.
 */
export function checkGasAndFees(transaction: UnrecoveredTransaction, blockGasLimit: bigint): void {
  const { gasLimit, maxFeePerGas, maxPriorityFeePerGas } = transaction;
  const needed = minimumGas(gasSubjectOf(transaction));
  if (gasLimit < needed) {
    const reason = `intrinsic gas too low: have ${gasLimit}, want ${needed}`;
    throw refuse("TXPOOL_INTRINSIC_GAS", reason, "Raise the gas limit, or let eth_estimateGas set it.");
  }
  if (gasLimit > blockGasLimit) {
    throw refuse("TXPOOL_GAS_LIMIT", "exceeds block gas limit", `A block holds ${blockGasLimit} gas.`);
  }
  if (maxPriorityFeePerGas > maxFeePerGas) {
    const reason = "max priority fee per gas higher than max fee per gas";
    throw refuse("TXPOOL_TIP_ABOVE_FEE_CAP", reason, "Lower the tip or raise the fee cap.");
  }
}

/** Wraps a transaction that came as number `order`. */
export function poolEntry(transaction: SignedTransaction, order: number): PoolEntry {
  const { from, nonce, maxFeePerGas: feeCap, maxPriorityFeePerGas: tipCap } = transaction;
  return { transaction, from, nonce, feeCap, tipCap, order, arrival: undefined };
}

/** Wei that the sender must have before execution, without L1 and operator fee. */
export function entryCost(entry: PoolEntry): bigint {
  const { gasLimit, value } = entry.transaction;
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
