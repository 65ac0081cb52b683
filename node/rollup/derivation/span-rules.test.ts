import { describe, expect, it } from "vitest";
import {
  beforeHolocene,
  context,
  hash,
  l1Block,
  l2Ref,
  rollup,
  safeHead,
} from "../../../test/support/batch-fixture.ts";
import type { SpanBatch } from "../../chain/codec/span-batch.ts";
import type { Block } from "../../chain/types/block.ts";
import type { BatchContext } from "./batch-rules.ts";
import { checkSpan, checkSpanPrefix, splitSpan } from "./span-rules.ts";
import type { SafeChain } from "./types.ts";

const NO_BLOCKS: SafeChain = {
  refByNumber: (number) => (number === 5n ? safeHead : l2Ref(Number(number))),
  blockByNumber: () => undefined,
};
const element = (timestamp: bigint, epochNumber = 10n, transactions: Uint8Array[] = []) => ({
  timestamp,
  epochNumber,
  transactions,
});
const span: SpanBatch = {
  parentCheck: `0x${safeHead.hash.slice(2, 42)}`,
  originCheck: `0x${hash(11).slice(2, 42)}`,
  elements: [element(1_012n), element(1_014n, 11n)],
};
const check = (number: number): SpanBatch["parentCheck"] => `0x${hash(number).slice(2, 42)}`;

describe("checkSpanPrefix", () => {
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
    ["the window's last block", {}, { inclusion: l1Block(30) }, "accept"],
    ["one block after the window", {}, { inclusion: l1Block(31) }, "drop"],
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
    expect(checkSpanPrefix({ ...span, ...change }, { ...context, ...contextChange }, NO_BLOCKS).kind).toBe(
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

  it("drops a span whose first L1 origin is before Delta", () => {
    const before = { ...context, rollup: { ...rollup, forkTimes: { ...rollup.forkTimes, delta: 1_012n } } };
    expect(checkSpanPrefix(span, before, NO_BLOCKS)).toMatchObject({ kind: "drop" });
    const later = { ...span, elements: [element(1_012n, 11n), element(1_014n, 11n)] };
    expect(checkSpanPrefix(later, before, NO_BLOCKS).kind).toBe("accept");
  });
});

describe("checkSpan, before Holocene", () => {
  /** Blocks 4 and 5 of the safe chain, a deposit and one transaction in each. */
  const chain: SafeChain = {
    ...NO_BLOCKS,
    blockByNumber: (number) =>
      ({
        transactions: [
          { kind: "deposit", raw: Uint8Array.of(0x7e) },
          { kind: "signed", raw: Uint8Array.of(2, Number(number)) },
        ],
      }) as unknown as Block,
  };
  const own = (number: number) => [Uint8Array.of(2, number)];
  const overlap = (four = own(4), five = own(5), epoch = 10n): Partial<SpanBatch> => ({
    elements: [element(1_008n, 10n, four), element(1_010n, epoch, five), element(1_012n, 11n)],
    parentCheck: check(103),
  });
  /** L1 block 10 so old that the next blocks are beyond the drift. */
  const drifting = { l1Blocks: [l1Block(10, -789n), l1Block(11, 1_013n)] };
  const empty = { elements: [element(1_012n), element(1_014n)], originCheck: check(10) };

  it.each<[string, Partial<SpanBatch>, Partial<BatchContext>, string]>([
    ["the next blocks", {}, {}, "accept"],
    ["a gap before it", { elements: [element(1_014n, 11n)] }, {}, "future"],
    ["only old blocks", { elements: [element(1_008n), element(1_010n, 11n)] }, {}, "drop"],
    ["an overlap with the same blocks", overlap(), {}, "accept"],
    ["an overlap with another transaction", overlap(own(4), own(6)), {}, "drop"],
    ["an overlap with one transaction more", overlap([...own(4), ...own(4)]), {}, "drop"],
    ["an overlap with another L1 origin", overlap(own(4), own(5), 11n), {}, "drop"],
    [
      "an empty transaction in its last block",
      { elements: [element(1_012n, 11n, [Uint8Array.of()])] },
      {},
      "drop",
    ],
    ["a set-code transaction", { elements: [element(1_012n, 11n, [Uint8Array.of(4)])] }, {}, "drop"],
    ["a block before its origin's time", {}, { l1Blocks: [l1Block(10), l1Block(11, 1_015n)] }, "drop"],
    [
      "origins that go backwards",
      { elements: [element(1_012n, 11n), element(1_014n)], originCheck: check(10) },
      {},
      "drop",
    ],
    [
      "transactions beyond the drift",
      { ...empty, elements: [element(1_012n, 10n, own(1))] },
      drifting,
      "drop",
    ],
    [
      "empty beyond the drift, next origin not reached",
      { ...empty, elements: [element(1_012n)] },
      drifting,
      "accept",
    ],
    ["empty beyond the drift, next origin reached", empty, drifting, "drop"],
    ["empty beyond the drift, next origin unseen", empty, { l1Blocks: [l1Block(10, -789n)] }, "undecided"],
    [
      "empty beyond the drift, moving to the next origin",
      { elements: [element(1_012n, 11n)] },
      { l1Blocks: [l1Block(10, -900n), l1Block(11, -789n)] },
      "accept",
    ],
  ])("%s", (_, change, contextChange, verdict) => {
    expect(checkSpan({ ...span, ...change }, { ...beforeHolocene, ...contextChange }, chain).kind).toBe(
      verdict,
    );
  });

  it("waits for a safe block that is not there to compare", () => {
    expect(checkSpan({ ...span, ...overlap() }, beforeHolocene, NO_BLOCKS).kind).toBe("undecided");
  });
});
