import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareKeys, SCORE_LIMIT } from "../../../precompiles/influence-verifier/rule.ts";
import { type ListTerms, listByGain } from "../attribution/score.ts";
import { type Completions, eachMatch, MAX_ANSWER, makeCompletions } from "./completions.ts";
import { informationTable } from "./information.ts";
import { type Cover, coverOf, fusedKey, gainOf, heldSum } from "./rule.ts";

const IDS = 8;
const rowsOf = (lists: readonly (readonly number[])[]) =>
  lists.map((tokens, i) => ({ rowId: 3 * i + 1, tokens }));
const completionsOf = (lists: readonly (readonly number[])[], bits?: readonly number[]): Completions => {
  const made = makeCompletions(rowsOf(lists), IDS);
  return bits ? { ...made, information: Uint8Array.from(bits) } : made;
};

/** The rule word for word: every stretch of the answer against every completion. */
function byDefinition(answer: readonly number[], lists: readonly (readonly number[])[], bits: Uint8Array) {
  const sum = (tokens: readonly number[]) => tokens.reduce((all, token) => all + bits[token]!, 0);
  const placeOf = (tokens: readonly number[], list: readonly number[]) =>
    list.findIndex((_, at) => tokens.every((token, i) => list[at + i] === token));
  const total = sum(answer);
  const limit = Math.min(total, 32);
  const covered = answer.map(() => false);
  const spans: { start: number; end: number; information: number; weight: number }[] = [];
  while (spans.length < 4) {
    let best: { start: number; end: number; information: number } | undefined;
    for (let start = 0; start < answer.length; start++) {
      for (let end = start + 1; end <= answer.length && !covered[end - 1]; end++) {
        const tokens = answer.slice(start, end);
        if (!lists.some((list) => placeOf(tokens, list) >= 0)) continue;
        const information = sum(tokens);
        if (information > (best?.information ?? 0)) best = { start, end, information };
      }
    }
    if (best === undefined) break;
    const weight = Math.min(Math.max(2 * best.information - limit, 0), best.information);
    if (weight === 0) break;
    spans.push({ ...best, weight });
    covered.fill(true, best.start, best.end);
  }
  const counted = spans.reduce((all, { weight }) => all + weight, 0);
  const free = Math.max(0, 2 * (total - counted) - total);
  const sums = lists.map((list) =>
    spans.reduce((all, { start, end, information, weight }) => {
      let most = 0;
      for (let from = start; from < end; from++)
        for (let to = from + 1; to <= end; to++)
          if (placeOf(answer.slice(from, to), list) >= 0) most = Math.max(most, sum(answer.slice(from, to)));
      const part = Math.floor((16 * (10 * most - 8 * information)) / information);
      return all + weight * Math.min(Math.max(part, 0), 16);
    }, 0),
  );
  return { total, spans, free, sums };
}

const token = fc.integer({ min: 0, max: IDS - 2 });
const list = fc.array(token, { maxLength: 12 });
/** Completions, and an answer that is put together from pieces of them and from anything. */
const world = fc
  .tuple(
    fc.array(list, { minLength: 1, maxLength: 6 }),
    fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat(8), list), { maxLength: 4 }),
    fc.array(fc.integer({ min: 1, max: 15 }), { minLength: IDS, maxLength: IDS }),
  )
  .map(([lists, pieces, bits]) => ({
    lists,
    bits,
    answer: pieces.flatMap(([which, at, length, other]) => {
      const source = lists[which % lists.length]!;
      const from = at % (source.length + 1);
      return [...source.slice(from, from + length), ...other.slice(0, at % 3)];
    }),
  }));

describe("the cover of an answer", () => {
  it("and what rows hold of it are those of the definition", () => {
    fc.assert(
      fc.property(world, fc.boolean(), ({ lists, answer, bits }, isOwn) => {
        const completions = completionsOf(lists, isOwn ? undefined : bits);
        const cover = coverOf(Uint32Array.from(answer), completions);
        const expected = byDefinition(answer, lists, completions.information);
        expect(cover.information).toBe(expected.total);
        expect(cover.free).toBe(expected.free);
        expect(
          cover.spans.map(({ start, end, information, weight }) => ({ start, end, information, weight })),
        ).toEqual(expected.spans);
        rowsOf(lists).forEach(({ rowId }, i) => {
          expect(heldSum(cover.spans, cover.held.get(rowId))).toBe(expected.sums[i]);
        });
      }),
      { numRuns: 1_000 },
    );
  });

  it("names places where the tokens stand, the first row that holds a span", () => {
    fc.assert(
      fc.property(world, ({ lists, answer }) => {
        const { spans, held } = coverOf(Uint32Array.from(answer), completionsOf(lists));
        const stands = (rowId: number, offset: number, start: number, end: number) =>
          expect(lists[(rowId - 1) / 3]!.slice(offset, offset + end - start)).toEqual(
            answer.slice(start, end),
          );
        for (const { rowId, offset, start, end } of spans) {
          stands(rowId, offset, start, end);
          const holders = [...held].filter(([, parts]) =>
            parts.some((part) => part.start === start && part.end === end),
          );
          expect(rowId).toBe(Math.min(...holders.map(([row]) => row)));
        }
        for (const [rowId, parts] of held)
          for (const { offset, start, end } of parts) stands(rowId, offset, start, end);
      }),
    );
  });

  it("goes by information, not by length: rare tokens count more", () => {
    // Token 0 stands 16 times of 20, so it has 1 bit; tokens 1 to 4 once each: 4 bits.
    const common = [0, 0, 0, 0];
    const completions = completionsOf([[1, 2], [...common, ...common], [...common, 3, 4], common]);
    expect([...completions.information]).toEqual([1, 4, 4, 4, 4, 15, 15, 15]);
    const cover = coverOf(Uint32Array.of(0, 0, 0, 0, 0, 1, 2), completions);
    expect(cover).toMatchObject({
      information: 13,
      spans: [{ start: 5, end: 7, information: 8, weight: 3, rowId: 1, offset: 0 }],
      free: 7,
    });
    expect([...cover.held.keys()]).toEqual([1]);
    // 16 * 7 + 16 * 3 of 16 * 13 for who holds the span; 16 * 7 for who does not, if influence says so.
    expect([1n, 0n, -5n].map((score) => gainOf(cover, 1, score))).toEqual([12, 12, 12]);
    expect([1n, 0n, -5n].map((score) => gainOf(cover, 4, score))).toEqual([8, 0, 0]);
  });

  it("takes nothing twice: what is covered is no part of another span", () => {
    // The longest string is 1 2 3 4; 0 1 2 stands too, but of it 0 alone is left.
    const bits = [15, 9, 9, 9, 9, 9, 9, 9];
    const completions = completionsOf(
      [
        [1, 2, 3, 4],
        [0, 1, 2],
        [0, 0, 0],
      ],
      bits,
    );
    const cover = coverOf(Uint32Array.of(0, 0, 1, 2, 3, 4), completions);
    expect(cover.spans.map(({ start, end }) => [start, end])).toEqual([
      [2, 6],
      [0, 2],
    ]);
    expect(coverOf(Uint32Array.of(0, 1, 2, 3, 4), completions).spans).toHaveLength(1);
  });

  it("leaves all to influence where nothing stands word for word, and where there is no answer", () => {
    const completions = completionsOf([[1, 2, 3]]);
    for (const answer of [Uint32Array.of(5, 6), new Uint32Array(0)]) {
      const cover = coverOf(answer, completions);
      expect(cover.spans).toEqual([]);
      expect([7n, 0n].map((score) => gainOf(cover, 1, score))).toEqual([16, 0]);
    }
  });

  it("of tokens that no table knows counts the most bits each", () => {
    expect(coverOf(Uint32Array.of(1, 4_000_000_000), completionsOf([[1]])).information).toBe(16);
  });
});

describe("keys", () => {
  const score = fc.bigInt({ min: -SCORE_LIMIT + 1n, max: SCORE_LIMIT - 1n });

  it("are below 2^62, and gains 0 to 16, whatever the answer", () => {
    fc.assert(
      fc.property(world, score, ({ lists, answer }, value) => {
        const cover = coverOf(Uint32Array.from(answer), completionsOf(lists));
        for (const { rowId } of [...rowsOf(lists), { rowId: 99 }]) {
          const gain = gainOf(cover, rowId, value);
          expect(Number.isInteger(gain) && gain >= 0 && gain <= 16).toBe(true);
          const key = fusedKey(value, gain);
          expect(key >= 0n && key < 1n << 62n).toBe(true);
        }
      }),
    );
    expect(fusedKey(SCORE_LIMIT - 1n, 16)).toBeLessThan(1n << 62n);
  });

  it("order the list, floor and weights follow: a row that holds the span leads one with twice its influence", () => {
    const lists = [[1, 2, 3], [4, 5, 6], [1, 2, 3], [2]];
    const cover = coverOf(Uint32Array.of(1, 2, 3), completionsOf(lists));
    const terms: ListTerms = { floor: 0n, topK: 3, rows: 12 };
    const scores = [5n, 100n, -3n, 50n].map((value, i) => ({ rowId: 3 * i + 1, score: value }));
    const headOf = (rowId: number) => ({ first: rowId, contributionId: BigInt(rowId) });
    const list = listByGain(terms, scores, headOf, (rowId, value) => gainOf(cover, rowId, value));
    // Row 7 holds the span and moved the model away: one unit. Rows 4 and 10 hold nothing of it.
    expect(list).toMatchObject({ rowIds: [1, 7], gains: [16, 16], floor: (5n * 16n) >> 3n });
    expect(list.weights).toEqual([80n - 10n, 6n]);
    expect(list.contributionIds).toEqual([1n, 7n]);
  });

  it("order any list the same way, whatever order the scores come in", () => {
    fc.assert(
      fc.property(world, fc.array(score, { minLength: 6, maxLength: 6 }), ({ lists, answer }, values) => {
        const cover = coverOf(Uint32Array.from(answer), completionsOf(lists));
        const terms: ListTerms = { floor: 0n, topK: 16, rows: 99 };
        const scores = rowsOf(lists).map(({ rowId }, i) => ({ rowId, score: values[i]! }));
        const headOf = (rowId: number) => ({ first: rowId, contributionId: 1n });
        const make = (of: typeof scores) => listByGain(terms, of, headOf, (row, s) => gainOf(cover, row, s));
        const found = make(scores);
        expect(make(scores.toReversed())).toEqual(found);
        const keys = found.rowIds.map((rowId, i) => ({
          rowId,
          key: fusedKey(found.scores[i]!, found.gains[i]!),
        }));
        expect(keys.toSorted(compareKeys)).toEqual(keys);
        expect(keys.every(({ key }) => key > 0n)).toBe(true);
      }),
    );
  });
});

describe("bounds", () => {
  it("an answer that is too long, or meets too many equal tokens, is refused before any work", () => {
    const none = () => expect.unreachable();
    const tooLong = expect.objectContaining({ code: "ANSWER_TOO_LONG" });
    expect(() => eachMatch(new Uint32Array(MAX_ANSWER + 1), completionsOf([[1]]), none)).toThrow(tooLong);
    const same: Completions = {
      tokens: new Uint32Array(20_000),
      ends: Uint32Array.of(20_000),
      rows: Uint32Array.of(0),
      information: Uint8Array.of(1),
    };
    expect(() => eachMatch(new Uint32Array(60_000), same, none)).toThrow(tooLong);
  });

  it("an information table has 1 to 15 bits a token, and refuses a token outside the vocabulary", () => {
    const counts = [1, 2, 3, 2 ** 20].map((count, token) => ({ token, count }));
    expect([...informationTable(counts, 5)]).toEqual([15, 15, 15, 1, 15]);
    expect(() => informationTable([{ token: 5, count: 1 }], 5)).toThrow(
      expect.objectContaining({ code: "METHOD_INVALID" }),
    );
  });
});

/** Nothing of a cover depends on anything but the answer and the completions. */
it("gives the same cover again", () => {
  fc.assert(
    fc.property(world, ({ lists, answer }) => {
      const again = (): Cover => coverOf(Uint32Array.from(answer), completionsOf(lists));
      expect(again()).toEqual(again());
    }),
    { numRuns: 50 },
  );
});
