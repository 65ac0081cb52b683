import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesOfHex, hexOfBytes } from "../codec/hash.ts";
import { type Completions, makeCompletions } from "./completions.ts";
import { claimedCover, claimedTerms, decodeCover, encodeCover, MAX_COVER_TOKENS } from "./cover-bytes.ts";
import { coverOf, gainOf } from "./rule.ts";

const run = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);
const completionsOf = (lists: readonly number[][], information: Uint8Array): Completions => ({
  ...makeCompletions(
    lists.map((tokens, rowId) => ({ rowId, tokens })),
    information.length,
  ),
  information,
});

/** The index of contracts/test/protocol/SpanChallenges.t.sol. */
const LONG = Array.from({ length: 400 }, (_, i) => 20 + ((i * i + Math.floor(i / 7)) % 9));
const LISTS = [
  run(40, 2),
  run(41, 2),
  [...run(50, 3), ...run(10, 8)],
  [...run(10, 8), ...run(1, 4)],
  LONG,
  [...run(52, 2), ...run(30, 4)],
  run(46, 2),
  [...run(56, 2), ...run(11, 7)],
  run(30, 4),
];
const BITS = Uint8Array.from({ length: 70 }, (_, id) => 1 + ((id * 7) % 11));
const ANSWER = Uint32Array.from([...run(10, 8), ...run(68, 4), ...run(30, 4)]);
/** What the contracts' tests find for the same answer and rows 3, 2, 5 and 7, by trying all stretches at all places. */
const BYTES =
  "0x0010000000b5000000c1000000d8000000e4000000fb00000107000001130000012a000004540000046b0000047f0000048f000001f200000209000002150000022102000000080000000900000002000c0010000001b200000005010000000008000000120000000301000000000800000009000000020101000c0010000001b200000005010000010008000001bc00000007";

describe("a cover in bytes", () => {
  it("is what the contracts' tests make of the same answer", () => {
    const completions = completionsOf(LISTS, BITS);
    const cover = coverOf(ANSWER, completions);
    const claimed = claimedCover(ANSWER, completions, cover, [3, 2, 5, 7]);
    expect(hexOfBytes(encodeCover(claimed))).toBe(BYTES);
    expect(decodeCover(bytesOfHex(BYTES), 4)).toEqual(claimed);
  });

  it("gives back what went in, and the gains of the rule", () => {
    const list = fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 12 });
    const world = fc.tuple(fc.array(list, { minLength: 1, maxLength: 5 }), list);
    fc.assert(
      fc.property(world, fc.uint8Array({ minLength: 7, maxLength: 7 }), ([lists, tokens], random) => {
        const completions = completionsOf(
          lists,
          random.map((value) => 1 + (value % 15)),
        );
        const answer = Uint32Array.from(tokens);
        const cover = coverOf(answer, completions);
        const rowIds = [...completions.rows];
        const claimed = claimedCover(answer, completions, cover, rowIds);
        const bytes = encodeCover(claimed);
        expect(decodeCover(bytes, rowIds.length)).toEqual(claimed);
        expect(decodeCover(bytes, rowIds.length + 1)).toBeUndefined();
        for (const [position, rowId] of rowIds.entries())
          for (const score of [-3n, 5n])
            expect(gainOf(claimedTerms(claimed), position, score)).toBe(gainOf(cover, rowId, score));
      }),
    );
  });

  it("reads nothing that is cut or longer, and whatever else it reads has gains up to 16", () => {
    const completions = completionsOf(LISTS, BITS);
    const claimed = claimedCover(ANSWER, completions, coverOf(ANSWER, completions), [3, 2, 5, 7]);
    const bytes = encodeCover(claimed);
    for (let end = 0; end < bytes.length; end++) expect(decodeCover(bytes.slice(0, end), 4)).toBeUndefined();
    expect(decodeCover(Uint8Array.of(...bytes, 0), 4)).toBeUndefined();
    let read = 0;
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const changed = bytes.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      const cover = decodeCover(changed, 4);
      if (cover === undefined) continue;
      read++;
      const terms = claimedTerms(cover);
      for (let row = 0; row < 4; row++) {
        const gain = gainOf(terms, row, 1n);
        expect(gain).toBeGreaterThanOrEqual(0);
        expect(gain).toBeLessThanOrEqual(16);
      }
    }
    expect(read).toBeGreaterThan(100);
  });

  it("has room for so many tokens and no more", () => {
    const completions = completionsOf([[1]], Uint8Array.of(1, 1));
    const coverFor = (length: number) => {
      const answer = new Uint32Array(length).fill(2);
      return encodeCover(claimedCover(answer, completions, coverOf(answer, completions), []));
    };
    expect(decodeCover(coverFor(MAX_COVER_TOKENS), 0)?.tokens.length).toBe(MAX_COVER_TOKENS);
    expect(() => coverFor(MAX_COVER_TOKENS + 1)).toThrow(
      expect.objectContaining({ code: "ANSWER_TOO_LONG" }),
    );
  });
});
