import { expect, test } from "vitest";
import type { Hash } from "../../../node/chain/types/primitives.ts";
import { type AnswerEvidence, type PayRule, sharesBy } from "./pay.ts";
import type { World } from "./world.ts";

const HASH: Hash = `0x${"11".repeat(32)}`;

/** Four rows of wallets a, a, b, c; the last repeats the first where copies are marked. */
function worldOf(isMarked: boolean): World {
  const wallets = ["a", "a", "b", "c"];
  const said = ["red", "blue", "green", "the Green!"];
  const places = wallets.map((_, rowId) => ({
    ...{ rowId, row: 0, contributor: "0x" as const, exampleHash: HASH },
    contributionId: BigInt(rowId),
    first: isMarked && rowId === 3 ? 0 : rowId,
  }));
  const examples = places
    .filter(({ rowId, first }) => first === rowId)
    .map(({ rowId }) => ({ rowId, exampleHash: HASH, row: { prompt: "p", completion: said[rowId]! } }));
  return {
    set: { places, examples, repeats: isMarked ? 1 : 0, skipped: 0 },
    walletOf: (id) => wallets[Number(id)]!,
  };
}

/** One span of 10 bits is all of the answer; rows 2 and 3 hold it. */
function evidenceOf(scores: readonly bigint[]): AnswerEvidence {
  const part = { span: 0, start: 0, end: 1, offset: 0, information: 10, factor: 16 };
  const rows = scores.map((score, rowId) => ({ rowId, score }));
  return {
    terms: { floor: 0n, topK: 8, rows: scores.length },
    scores: rows,
    uncapped: rows.map(({ rowId, score }) => ({ rowId, score: rowId === 3 ? 100n * score : score })),
    cover: {
      ...{ information: 10, free: 0 },
      spans: [{ start: 0, end: 1, information: 10, weight: 10, rowId: 2, offset: 0 }],
      held: new Map([
        [2, [part]],
        [3, [part]],
      ]),
    },
    // Row 3 says four times as much as the answer.
    completionBits: new Map([
      [0, 10],
      [1, 10],
      [2, 10],
      [3, 40],
    ]),
  };
}

function partsOf(rule: PayRule, isMarked: boolean, scores: readonly bigint[]): Record<string, number> {
  const shares = sharesBy(rule, evidenceOf(scores), worldOf(isMarked));
  const parts = [...shares].map(([wallet, share]) => [wallet, Math.round(1000 * share) / 1000]);
  return Object.fromEntries(parts) as Record<string, number>;
}

test.each<[PayRule, boolean, Record<string, number>]>([
  // Only those that hold the span; less an eighth of the best key.
  ["product", false, { b: 0.352, c: 0.648 }],
  ["product", true, { b: 1 }],
  // Of 80, 40, 24, 40 the floor takes 10 each.
  ["influence", false, { a: 0.694, b: 0.097, c: 0.208 }],
  ["influence", true, { a: 0.877, b: 0.123 }],
  ["floorless", true, { a: 0.833, b: 0.167 }],
  ["spans", false, { b: 0.5, c: 0.5 }],
  ["uncapped", false, { c: 1 }],
  ["heads", false, { a: 0.333, b: 0.333, c: 0.333 }],
  ["firstTeller", false, { b: 1 }],
  // 24 x 16 and 40 x 4, less 48.
  ["precise", false, { b: 0.75, c: 0.25 }],
  ["both", false, { b: 1 }],
])("%s, copies marked: %s", (rule, isMarked, parts) => {
  expect(partsOf(rule, isMarked, [80n, 40n, 24n, 40n])).toEqual(parts);
});

test("what no row earned is the pool's, by rows that take part", () => {
  expect(partsOf("influence", false, [-1n, -1n, -1n, -1n])).toEqual({ a: 0.5, b: 0.25, c: 0.25 });
  expect(partsOf("influence", true, [-1n, -1n, -1n, -1n])).toEqual({ a: 0.667, b: 0.333 });
});
