import { DEPOSIT_TYPE } from "../../chain/codec/deposit.ts";
import type { SingularBatch } from "../../chain/codec/singular-batch.ts";
import type { SpanBatch } from "../../chain/codec/span-batch.ts";
import { maxSequencerDrift, sequencerWindowEnd } from "../../chain/rules/chain-spec.ts";
import { isActive } from "../../chain/rules/forks.ts";
import type { L1Block } from "../../chain/types/l1.ts";
import type { Hash, Hex } from "../../chain/types/primitives.ts";
import type { L2BlockRef, RollupConfig } from "../../chain/types/rollup.ts";
import type { SafeChain } from "./types.ts";

/**
 * - `accept`: it may become the next block.
 * - `past`: it has nothing after the safe head; go on with the next batch.
 * - `undecided`: L1 or L2 data are missing to judge it; under Holocene's rules it is passed over.
 * - `drop`: it is invalid; the rest of its channel goes with it.
 */
export type BatchVerdict =
  | { kind: "accept" }
  | { kind: "past" }
  | { kind: "undecided"; reason: string }
  | { kind: "drop"; reason: string };

export interface BatchContext {
  rollup: RollupConfig;
  /** Consecutive L1 blocks, first the origin of the safe head, last the one that is being read. */
  l1Blocks: readonly L1Block[];
  safeHead: L2BlockRef;
  /** Number of the L1 block that is being read. */
  inclusion: bigint;
}

const SET_CODE_TYPE = 0x04;

const ACCEPT: BatchVerdict = { kind: "accept" };
const PAST: BatchVerdict = { kind: "past" };
const drop = (reason: string): BatchVerdict => ({ kind: "drop", reason });
const undecided = (reason: string): BatchVerdict => ({ kind: "undecided", reason });

/** True if the 20-byte check is the start of the hash. */
function matches(check: Hex, hash: Hash): boolean {
  return hash.startsWith(check);
}

/** Source: op-node `checkSingularBatch`, Holocene's branches. */
export function checkSingularBatch(batch: SingularBatch, context: BatchContext): BatchVerdict {
  const { rollup, l1Blocks, safeHead, inclusion } = context;
  const [epoch, nextEpoch] = l1Blocks;
  if (epoch === undefined) return undecided("no L1 origin");
  const nextTime = safeHead.timestamp + rollup.blockTime;
  if (batch.timestamp > nextTime) return drop("its time is in the future");
  if (batch.timestamp < nextTime) return PAST;
  if (batch.parentHash !== safeHead.hash) return drop("its parent is not the safe head");
  if (sequencerWindowEnd(rollup, batch.epochNumber) < inclusion)
    return drop("the sequencing window has expired");
  if (batch.epochNumber < epoch.number) return drop("its L1 origin is too old");
  if (batch.epochNumber > epoch.number + 1n) return drop("its L1 origin skips a block");
  const origin = batch.epochNumber === epoch.number ? epoch : nextEpoch;
  if (origin === undefined) return undecided("the next L1 origin is not known yet");
  if (batch.epochHash !== origin.hash) return drop("its L1 origin is on another chain");
  if (batch.timestamp < origin.timestamp) return drop("its time is before its L1 origin's");
  const drift = checkDrift(batch, context, origin);
  return drift.kind === "accept" ? checkTransactions(batch, rollup) : drift;
}

function checkDrift(batch: SingularBatch, { rollup, l1Blocks }: BatchContext, origin: L1Block): BatchVerdict {
  const [epoch, nextEpoch] = l1Blocks;
  const limit = origin.timestamp + maxSequencerDrift(rollup, origin.timestamp);
  if (batch.timestamp <= limit) return ACCEPT;
  if (batch.transactions.length > 0) return drop("it has transactions beyond the sequencer drift");
  if (origin !== epoch) return ACCEPT;
  if (nextEpoch === undefined) return undecided("the next L1 origin is not known yet");
  const couldAdopt = batch.timestamp >= nextEpoch.timestamp;
  return couldAdopt ? drop("it does not adopt the next L1 origin beyond the sequencer drift") : ACCEPT;
}

function checkTransactions(batch: SingularBatch, rollup: RollupConfig): BatchVerdict {
  const isthmus = isActive(rollup, "isthmus", batch.timestamp);
  for (const [type] of batch.transactions) {
    if (type === undefined) return drop("a transaction is empty");
    if (type === DEPOSIT_TYPE) return drop("a transaction is a deposit");
    if (type === SET_CODE_TYPE && !isthmus) return drop("a set-code transaction before Isthmus");
  }
  return ACCEPT;
}

/** The block before the span, or why the span can't stand where it wants to. */
function spanParent(span: SpanBatch, context: BatchContext, chain: SafeChain): L2BlockRef | BatchVerdict {
  const { rollup, safeHead } = context;
  const start = span.elements[0]!.timestamp;
  if (start === safeHead.timestamp + rollup.blockTime) return safeHead;
  if (start > safeHead.timestamp) return drop("it starts between two block times");
  const behind = safeHead.timestamp - start;
  if (behind % rollup.blockTime !== 0n) return drop("it does not overlap the safe chain block by block");
  const number = safeHead.number - behind / rollup.blockTime - 1n;
  const parent = number < 0n ? undefined : chain.refByNumber(number);
  return parent ?? undecided("the block before it is not known");
}

/** The rules that a span must pass as a whole. Source: op-node `checkSpanBatchPrefix`, Holocene's branches. */
export function checkSpanPrefix(span: SpanBatch, context: BatchContext, chain: SafeChain): BatchVerdict {
  const { rollup, l1Blocks, safeHead, inclusion } = context;
  const first = span.elements[0]!;
  const last = span.elements.at(-1)!;
  const epoch = l1Blocks[0];
  if (epoch === undefined) return undecided("no L1 origin");
  if (first.epochNumber === epoch.number + 1n && l1Blocks[1] === undefined)
    return undecided("the next L1 origin is not known yet");
  const nextTime = safeHead.timestamp + rollup.blockTime;
  if (first.timestamp > nextTime) return drop("it starts in the future");
  if (last.timestamp < nextTime) return PAST;
  const parent = spanParent(span, context, chain);
  if ("kind" in parent) return parent;
  if (!matches(span.parentCheck, parent.hash)) return drop("its parent is not on the safe chain");
  if (sequencerWindowEnd(rollup, first.epochNumber) < inclusion)
    return drop("the sequencing window has expired");
  if (first.epochNumber > parent.l1Origin.number + 1n) return drop("its first L1 origin skips a block");
  const end = l1Blocks.find((block) => block.number === last.epochNumber);
  if (end === undefined) return undecided("its last L1 origin is not known");
  if (!matches(span.originCheck, end.hash)) return drop("its L1 origins are on another chain");
  if (first.epochNumber < parent.l1Origin.number) return drop("its first L1 origin is too old");
  return ACCEPT;
}

/**
 * The span's blocks after the safe head, without parent hashes; undefined when one has an L1 origin that is not among the
 * blocks or goes backwards. Source: op-node `GetSingularBatches`.
 */
export function splitSpan(
  span: SpanBatch,
  context: BatchContext,
): Omit<SingularBatch, "parentHash">[] | undefined {
  const batches: Omit<SingularBatch, "parentHash">[] = [];
  let from = 0;
  for (const { timestamp, epochNumber, transactions } of span.elements) {
    if (timestamp <= context.safeHead.timestamp) continue;
    while (from < context.l1Blocks.length && context.l1Blocks[from]!.number !== epochNumber) from++;
    const origin = context.l1Blocks[from];
    if (origin === undefined) return undefined;
    batches.push({ epochNumber, epochHash: origin.hash, timestamp, transactions });
  }
  return batches;
}
