import { DEPOSIT_TYPE } from "../../chain/codec/deposit.ts";
import type { SingularBatch } from "../../chain/codec/singular-batch.ts";
import { maxSequencerDrift, sequencerWindowEnd } from "../../chain/rules/chain-spec.ts";
import { isActivationBlock, isActive } from "../../chain/rules/forks.ts";
import type { L1Block } from "../../chain/types/l1.ts";
import type { L2BlockRef, RollupConfig } from "../../chain/types/rollup.ts";
import type { L1Position } from "./types.ts";

/**
 * - `accept`: it may become the next block.
 * - `future`: it may become a later block; before Holocene alone.
 * - `past`: it has nothing after the safe head; go on with the next batch. From Holocene on alone: before, it is dropped.
 * - `undecided`: L1 or L2 data are missing to judge it; from Holocene on it is passed over, before it is judged again.
 * - `drop`: it is invalid; from Holocene on the rest of its channel goes with it.
 */
export type BatchVerdict =
  | { kind: "accept" }
  | { kind: "future" }
  | { kind: "past" }
  | { kind: "undecided"; reason: string }
  | { kind: "drop"; reason: string };

export interface BatchContext {
  rollup: RollupConfig;
  /** Consecutive L1 blocks, first the origin of the safe head, last the one that is being read. */
  l1Blocks: readonly L1Block[];
  safeHead: L2BlockRef;
  /** The L1 block that the batch was read in; its time says whether Holocene's rules hold. */
  inclusion: L1Position;
}

const SET_CODE_TYPE = 0x04;

export const ACCEPT: BatchVerdict = { kind: "accept" };
export const drop = (reason: string): BatchVerdict => ({ kind: "drop", reason });
export const undecided = (reason: string): BatchVerdict => ({ kind: "undecided", reason });

/** Of a batch that starts after the next block. */
export function tooEarly({ rollup, inclusion }: BatchContext): BatchVerdict {
  return isActive(rollup, "holocene", inclusion.timestamp)
    ? drop("its time is in the future")
    : { kind: "future" };
}

/** Of a batch that ends before the next block. */
export function tooLate({ rollup, inclusion }: BatchContext): BatchVerdict {
  return isActive(rollup, "holocene", inclusion.timestamp)
    ? { kind: "past" }
    : drop("it is not after the safe head");
}

/** Source: op-node `checkSingularBatch`. */
export function checkSingularBatch(batch: SingularBatch, context: BatchContext): BatchVerdict {
  const { rollup, l1Blocks, safeHead, inclusion } = context;
  const [epoch, nextEpoch] = l1Blocks;
  if (epoch === undefined) return undecided("no L1 origin");
  const nextTime = safeHead.timestamp + rollup.blockTime;
  if (batch.timestamp > nextTime) return tooEarly(context);
  if (batch.timestamp < nextTime) return tooLate(context);
  if (batch.parentHash !== safeHead.hash) return drop("its parent is not the safe head");
  if (sequencerWindowEnd(rollup, batch.epochNumber) < inclusion.number)
    return drop("the sequencing window has expired");
  if (batch.epochNumber < epoch.number) return drop("its L1 origin is too old");
  if (batch.epochNumber > epoch.number + 1n) return drop("its L1 origin skips a block");
  const origin = batch.epochNumber === epoch.number ? epoch : nextEpoch;
  if (origin === undefined) return undecided("the next L1 origin is not known yet");
  if (batch.epochHash !== origin.hash) return drop("its L1 origin is on another chain");
  if (batch.timestamp < origin.timestamp) return drop("its time is before its L1 origin's");
  // Of op-node's upgrade blocks this one alone is judged here, and of the two kinds of batches this one alone.
  if (isActivationBlock(rollup, "jovian", batch.timestamp) && batch.transactions.length > 0)
    return drop("it has transactions in Jovian's first block");
  const drift = checkDrift(batch, rollup, origin, origin === epoch ? { next: nextEpoch } : undefined);
  return drift.kind === "accept" ? checkTransactions(batch, rollup) : drift;
}

/** What of a batch's block the rules for drift and transactions look at. */
export type BatchBlock = Pick<SingularBatch, "timestamp" | "transactions">;

/** `stays`: the block keeps the origin of the one before it; `next` is the L1 block after that origin, where it is known. */
export function checkDrift(
  { timestamp, transactions }: BatchBlock,
  rollup: RollupConfig,
  origin: L1Block,
  stays: { next: L1Block | undefined } | undefined,
): BatchVerdict {
  const limit = origin.timestamp + maxSequencerDrift(rollup, origin.timestamp);
  if (timestamp <= limit) return ACCEPT;
  if (transactions.length > 0) return drop("it has transactions beyond the sequencer drift");
  if (stays === undefined) return ACCEPT;
  if (stays.next === undefined) return undecided("the next L1 origin is not known yet");
  const couldAdopt = timestamp >= stays.next.timestamp;
  return couldAdopt ? drop("it does not adopt the next L1 origin beyond the sequencer drift") : ACCEPT;
}

export function checkTransactions(
  { timestamp, transactions }: BatchBlock,
  rollup: RollupConfig,
): BatchVerdict {
  const isthmus = isActive(rollup, "isthmus", timestamp);
  for (const [type] of transactions) {
    if (type === undefined) return drop("a transaction is empty");
    if (type === DEPOSIT_TYPE) return drop("a transaction is a deposit");
    if (type === SET_CODE_TYPE && !isthmus) return drop("a set-code transaction before Isthmus");
  }
  return ACCEPT;
}
