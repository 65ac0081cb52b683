import { describe, expect, it } from "vitest";
import type { SingularBatch } from "../../chain/codec/singular-batch.ts";
import type { SpanBatch } from "../../chain/codec/span-batch.ts";
import type { L1Block } from "../../chain/types/l1.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { FORKS, type L2BlockRef, type RollupConfig } from "../../chain/types/rollup.ts";
import { type BatchContext, checkSingularBatch, checkSpanPrefix, splitSpan } from "./batch-rules.ts";

const hash = (seed: number): Hash => `0x${seed.toString(16).padStart(2, "0").repeat(32)}`;

const rollup = {
  blockTime: 2n,
  seqWindowSize: 20n,
  maxSequencerDrift: 600n,
  forkTimes: Object.fromEntries(FORKS.map((fork) => [fork, -10_000n])),
} as unknown as RollupConfig;

/** L1 blocks 10, 11, 12, each 12 s. */
function l1Block(number: number, timestamp = 1_000n + 12n * BigInt(number - 10)): L1Block {
  return {
    number: BigInt(number),
    hash: hash(number),
    parentHash: hash(number - 1),
    timestamp,
    baseFeePerGas: 1n,
    mixHash: hash(0),
    parentBeaconBlockRoot: undefined,
    excessBlobGas: 0n,
    transactions: [],
    receipts: [],
  };
}

function l2Ref(number: number, origin = 10): L2BlockRef {
  return {
    hash: hash(100 + number),
    number: BigInt(number),
    parentHash: hash(99 + number),
    timestamp: 1_000n + 2n * BigInt(number),
    l1Origin: { number: BigInt(origin), hash: hash(origin) },
    sequenceNumber: 0n,
  };
}

const safeHead = l2Ref(5);
const context: BatchContext = {
  rollup,
  l1Blocks: [l1Block(10), l1Block(11), l1Block(12)],
  safeHead,
  inclusion: 12n,
};
const singular: SingularBatch = {
  parentHash: safeHead.hash,
  epochNumber: 10n,
  epochHash: hash(10),
  timestamp: 1_012n,
  transactions: [Uint8Array.of(2)],
};

describe("checkSingularBatch", () => {
  const late = { ...context, l1Blocks: [l1Block(10, 0n), l1Block(11, 1_013n)] };
  const empty = { transactions: [] as Uint8Array[] };

  it.each<[string, Partial<SingularBatch>, Partial<BatchContext>, string]>([
    ["the next block", {}, {}, "accept"],
    ["no L1 blocks", {}, { l1Blocks: [] }, "undecided"],
    ["a future block", { timestamp: 1_014n }, {}, "drop"],
    ["the safe head's time", { timestamp: 1_010n }, {}, "past"],
    ["another parent", { parentHash: hash(1) }, {}, "drop"],
    ["the window's last block", {}, { inclusion: 30n }, "accept"],
    ["one block after the window", {}, { inclusion: 31n }, "drop"],
    ["an older epoch", { epochNumber: 9n, epochHash: hash(9) }, {}, "drop"],
    ["the next epoch", { epochNumber: 11n, epochHash: hash(11) }, {}, "accept"],
    ["the next epoch unseen", { epochNumber: 11n }, { l1Blocks: [l1Block(10)] }, "undecided"],
    ["an epoch skipped", { epochNumber: 12n, epochHash: hash(12) }, {}, "drop"],
    ["another L1 chain", { epochHash: hash(1) }, {}, "drop"],
    [
      "before its origin's time",
      { epochNumber: 11n, epochHash: hash(11) },
      { l1Blocks: [l1Block(10), l1Block(11, 1_013n)] },
      "drop",
    ],
    [
      "beyond the drift with transactions",
      { epochHash: hash(10) },
      { l1Blocks: [l1Block(10, -789n)] },
      "drop",
    ],
    ["at the drift's end", {}, { l1Blocks: [l1Block(10, -788n)] }, "accept"],
    [
      "beyond the drift, empty, next origin not reached",
      empty,
      { ...late, l1Blocks: [l1Block(10, -789n), l1Block(11, 1_013n)] },
      "accept",
    ],
    [
      "beyond the drift, empty, next origin reached",
      empty,
      { l1Blocks: [l1Block(10, -789n), l1Block(11, 1_012n)] },
      "drop",
    ],
    ["beyond the drift, empty, next origin unseen", empty, { l1Blocks: [l1Block(10, -789n)] }, "undecided"],
    ["an empty transaction", { transactions: [Uint8Array.of()] }, {}, "drop"],
    ["a deposit", { transactions: [Uint8Array.of(0x7e, 1)] }, {}, "drop"],
    ["a set-code transaction", { transactions: [Uint8Array.of(4, 1)] }, {}, "accept"],
  ])("%s", (_, change, contextChange, verdict) => {
    expect(checkSingularBatch({ ...singular, ...change }, { ...context, ...contextChange }).kind).toBe(
      verdict,
    );
  });

  it("drops a set-code transaction before Isthmus", () => {
    const before = { ...rollup, forkTimes: { ...rollup.forkTimes, isthmus: 2_000n } };
    const batch = { ...singular, transactions: [Uint8Array.of(4, 1)] };
    expect(checkSingularBatch(batch, { ...context, rollup: before }).kind).toBe("drop");
  });
});

describe("checkSpanPrefix", () => {
  const chain = { refByNumber: (number: bigint) => (number === 5n ? safeHead : l2Ref(Number(number))) };
  const element = (timestamp: bigint, epochNumber = 10n) => ({ timestamp, epochNumber, transactions: [] });
  const span: SpanBatch = {
    parentCheck: `0x${safeHead.hash.slice(2, 42)}`,
    originCheck: `0x${hash(11).slice(2, 42)}`,
    elements: [element(1_012n), element(1_014n, 11n)],
  };
  const check = (number: number): SpanBatch["parentCheck"] => `0x${hash(number).slice(2, 42)}`;

  it.each<[string, Partial<SpanBatch>, Partial<BatchContext>, string]>([
    ["the next blocks", {}, {}, "accept"],
    ["no L1 blocks", {}, { l1Blocks: [] }, "undecided"],
    ["a gap before it", { elements: [element(1_014n, 11n)] }, {}, "drop"],
    ["only old blocks", { elements: [element(1_008n), element(1_010n, 11n)] }, {}, "past"],
    [
      "an overlap",
      { elements: [element(1_008n), element(1_010n), element(1_012n, 11n)], parentCheck: check(103) },
      {},
      "accept",
    ],
    [
      "an overlap on another parent",
      { elements: [element(1_008n), element(1_010n), element(1_012n, 11n)] },
      {},
      "drop",
    ],
    ["an overlap between blocks", { elements: [element(1_009n), element(1_013n, 11n)] }, {}, "drop"],
    ["a start between head and next", { elements: [element(1_011n), element(1_013n, 11n)] }, {}, "drop"],
    [
      "an overlap that starts before block 0",
      { elements: [element(998n), element(1_012n, 11n)] },
      {},
      "undecided",
    ],
    ["another parent", { parentCheck: check(1) }, {}, "drop"],
    ["the window's last block", {}, { inclusion: 30n }, "accept"],
    ["one block after the window", {}, { inclusion: 31n }, "drop"],
    ["a skipped first epoch", { elements: [element(1_012n, 12n)], originCheck: check(12) }, {}, "drop"],
    [
      "a last epoch that is not read yet",
      { elements: [element(1_012n), element(1_014n, 13n)] },
      {},
      "undecided",
    ],
    ["a last epoch on another chain", { originCheck: check(1) }, {}, "drop"],
    ["an old first epoch", { elements: [element(1_012n, 9n), element(1_014n, 11n)] }, {}, "drop"],
    ["the next epoch unseen", { elements: [element(1_012n, 11n)] }, { l1Blocks: [l1Block(10)] }, "undecided"],
  ])("%s", (_, change, contextChange, verdict) => {
    expect(checkSpanPrefix({ ...span, ...change }, { ...context, ...contextChange }, chain).kind).toBe(
      verdict,
    );
  });

  it("splits into the blocks after the safe head, with their origins' hashes", () => {
    const overlap = { ...span, elements: [element(1_010n), element(1_012n), element(1_014n, 12n)] };
    expect(splitSpan(overlap, context)).toEqual([
      { timestamp: 1_012n, epochNumber: 10n, epochHash: hash(10), transactions: [] },
      { timestamp: 1_014n, epochNumber: 12n, epochHash: hash(12), transactions: [] },
    ]);
  });

  it("does not split a span whose origins go backwards or are unknown", () => {
    expect(
      splitSpan({ ...span, elements: [element(1_012n, 11n), element(1_014n)] }, context),
    ).toBeUndefined();
    expect(splitSpan({ ...span, elements: [element(1_012n, 13n)] }, context)).toBeUndefined();
  });
});
