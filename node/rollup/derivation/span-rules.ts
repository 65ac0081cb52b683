import { equalsBytes } from "../../base/bytes.ts";
import type { SpanBatch } from "../../chain/codec/span-batch.ts";
import { sequencerWindowEnd } from "../../chain/rules/chain-spec.ts";
import { isActive } from "../../chain/rules/forks.ts";
import type { Hash, Hex } from "../../chain/types/primitives.ts";
import type { L2BlockRef } from "../../chain/types/rollup.ts";
import {
  ACCEPT,
  type BatchContext,
  type BatchVerdict,
  checkDrift,
  checkTransactions,
  drop,
  tooEarly,
  tooLate,
  undecided,
} from "./batch-rules.ts";
import type { SpanBlock } from "./open-span.ts";
import type { SafeChain } from "./types.ts";

/** True if the 20-byte check is the start of the hash. */
function matches(check: Hex, hash: Hash): boolean {
  return hash.startsWith(check);
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

/** The block that an acceptable span follows, or why it is not one. */
function acceptableParent(
  span: SpanBatch,
  context: BatchContext,
  chain: SafeChain,
): L2BlockRef | BatchVerdict {
  const { rollup, l1Blocks, safeHead, inclusion } = context;
  const first = span.elements[0]!;
  const last = span.elements.at(-1)!;
  const epoch = l1Blocks[0];
  if (epoch === undefined) return undecided("no L1 origin");
  const origin = first.epochNumber === epoch.number + 1n ? l1Blocks[1] : epoch;
  if (origin === undefined) return undecided("the next L1 origin is not known yet");
  if (!isActive(rollup, "delta", origin.timestamp)) return drop("its first L1 origin is before Delta");
  const nextTime = safeHead.timestamp + rollup.blockTime;
  if (first.timestamp > nextTime) return tooEarly(context);
  if (last.timestamp < nextTime) return tooLate(context);
  const parent = spanParent(span, context, chain);
  if ("kind" in parent) return parent;
  if (!matches(span.parentCheck, parent.hash)) return drop("its parent is not on the safe chain");
  if (sequencerWindowEnd(rollup, first.epochNumber) < inclusion.number)
    return drop("the sequencing window has expired");
  if (first.epochNumber > parent.l1Origin.number + 1n) return drop("its first L1 origin skips a block");
  const end = l1Blocks.find((block) => block.number === last.epochNumber);
  if (end === undefined) return undecided("its last L1 origin is not known");
  if (!matches(span.originCheck, end.hash)) return drop("its L1 origins are on another chain");
  if (first.epochNumber < parent.l1Origin.number) return drop("its first L1 origin is too old");
  return parent;
}

/** The rules that a span must pass before its blocks are judged one by one, from Holocene on. Source: op-node `checkSpanBatchPrefix`. */
export function checkSpanPrefix(span: SpanBatch, context: BatchContext, chain: SafeChain): BatchVerdict {
  const parent = acceptableParent(span, context, chain);
  return "kind" in parent ? parent : ACCEPT;
}

/** All rules for a span, which is judged as a whole before Holocene. Source: op-node `checkSpanBatch`. */
export function checkSpan(span: SpanBatch, context: BatchContext, chain: SafeChain): BatchVerdict {
  const parent = acceptableParent(span, context, chain);
  if ("kind" in parent) return parent;
  const blocks = checkBlocks(span, context, parent);
  return blocks.kind === "accept" ? checkOverlap(span, context, parent, chain) : blocks;
}

function checkBlocks(
  span: SpanBatch,
  { rollup, l1Blocks, safeHead }: BatchContext,
  parent: L2BlockRef,
): BatchVerdict {
  let at = 0;
  let before = parent.l1Origin.number;
  for (const block of span.elements) {
    const { timestamp, epochNumber } = block;
    const advances = epochNumber > before;
    before = epochNumber;
    if (timestamp <= safeHead.timestamp) continue;
    if (epochNumber < safeHead.l1Origin.number) return drop("a block's L1 origin is too old");
    while (at < l1Blocks.length && l1Blocks[at]!.number !== epochNumber) at++;
    const origin = l1Blocks[at];
    if (origin === undefined) return drop("one of its L1 origins is not known");
    if (timestamp < origin.timestamp) return drop("a block's time is before its L1 origin's");
    const drift = checkDrift(block, rollup, origin, advances ? undefined : { next: l1Blocks[at + 1] });
    if (drift.kind !== "accept") return drift;
    const transactions = checkTransactions(block, rollup);
    if (transactions.kind !== "accept") return transactions;
  }
  return ACCEPT;
}

/** The span's blocks up to the safe head must be the safe ones: their transactions without deposits, and their origins. */
function checkOverlap(
  span: SpanBatch,
  { safeHead }: BatchContext,
  parent: L2BlockRef,
  chain: SafeChain,
): BatchVerdict {
  for (let number = parent.number + 1n; number <= safeHead.number; number++) {
    const block = chain.blockByNumber(number);
    const origin = chain.refByNumber(number)?.l1Origin;
    if (block === undefined || origin === undefined)
      return undecided("a safe block that it overlaps is not known");
    const { transactions, epochNumber } = span.elements[Number(number - parent.number) - 1]!;
    const own = block.transactions.filter(({ kind }) => kind !== "deposit");
    const isSame =
      own.length === transactions.length && own.every(({ raw }, i) => equalsBytes(raw, transactions[i]!));
    if (!isSame) return drop("a safe block that it overlaps has other transactions");
    if (epochNumber !== origin.number) return drop("a safe block that it overlaps has another L1 origin");
  }
  return ACCEPT;
}

/**
 * The span's blocks after the safe head, without parent hashes; undefined when one has an L1 origin that is not among the
 * blocks or goes backwards. Source: op-node `GetSingularBatches`.
 */
export function splitSpan(
  span: SpanBatch,
  { l1Blocks, safeHead }: Pick<BatchContext, "l1Blocks" | "safeHead">,
): SpanBlock[] | undefined {
  const batches: SpanBlock[] = [];
  let from = 0;
  for (const { timestamp, epochNumber, transactions } of span.elements) {
    if (timestamp <= safeHead.timestamp) continue;
    while (from < l1Blocks.length && l1Blocks[from]!.number !== epochNumber) from++;
    const origin = l1Blocks[from];
    if (origin === undefined) return undefined;
    batches.push({ epochNumber, epochHash: origin.hash, timestamp, transactions });
  }
  return batches;
}
