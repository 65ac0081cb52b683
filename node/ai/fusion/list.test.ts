import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { listByGain, scoresInMemory } from "../attribution/score.ts";
import { listByCover } from "./list.ts";
import { type Cover, gainOf } from "./rule.ts";

const ROWS = 30;
const span = (weight: number) => ({ start: 0, end: 1, information: 16, weight, rowId: 0, offset: 0 });
const part = fc.record({ span: fc.nat(2), factor: fc.integer({ min: 1, max: 16 }) });
const covers = fc.record({
  information: fc.nat(64),
  free: fc.nat(64),
  weights: fc.array(fc.nat(16), { minLength: 3, maxLength: 3 }),
  // A row that the index does not have, too.
  held: fc.dictionary(fc.nat(ROWS).map(String), fc.array(part, { minLength: 1, maxLength: 3 }), {
    maxKeys: 25,
  }),
});
// Few different ones, so that many are equal.
const scores = fc.array(fc.option(fc.bigInt({ min: -2n, max: 6n }), { nil: undefined }), {
  minLength: ROWS,
  maxLength: ROWS,
});
const firsts = fc.array(fc.boolean(), { minLength: ROWS, maxLength: ROWS });

describe("the list by a cover", () => {
  test("from the best rows is the one from all rows", async () => {
    await fc.assert(
      fc.asyncProperty(
        covers,
        scores,
        firsts,
        fc.integer({ min: 1, max: 16 }),
        async (made, of, own, topK) => {
          const { information, free, weights } = made;
          const held = Object.entries(made.held).map(
            ([row, parts]) =>
              [
                Number(row),
                parts.map((one) => ({ ...one, start: 0, end: 1, offset: 0, information: 1 })),
              ] as const,
          );
          // What spans leave of an answer is at most all of it.
          const left = Math.min(free, information);
          const cover: Cover = { information, free: left, spans: weights.map(span), held: new Map(held) };
          const headOf = (rowId: number) => ({
            first: own[rowId] === true ? rowId : 0,
            contributionId: BigInt(rowId % 4),
          });
          const all = of.map((score, rowId) => ({ rowId, score }));
          const terms = { floor: 0n, topK, rows: ROWS };
          const whole = listByGain(terms, all, headOf, (rowId, score) => gainOf(cover, rowId, score));
          expect(await listByCover(terms, scoresInMemory(all, headOf), headOf, cover)).toEqual(whole);
        },
      ),
      { numRuns: 500 },
    );
  });
});
