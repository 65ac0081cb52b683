import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { InfluenceList } from "../../../precompiles/influence-verifier/types.ts";
import { listByGain, type ScoredRow, scoresInMemory } from "../attribution/score.ts";
import type { CoverLie } from "../client/span-challenges.ts";
import { type Completions, makeCompletions } from "../fusion/completions.ts";
import {
  type ClaimedCover,
  type ClaimedPlace,
  claimedCover,
  claimedTerms,
  decodeCover,
  documentStart,
  encodeCover,
} from "../fusion/cover-bytes.ts";
import { coverOf, factorOf, gainOf, weightOf } from "../fusion/rule.ts";
import { type CoverMatter, findCoverLie } from "./check-cover.ts";

const IDS = 6;

interface Known extends Omit<CoverMatter, "scores"> {
  scores: readonly ScoredRow[];
}

interface World {
  answer: Uint32Array;
  matter: Known;
}

function lieIn(list: InfluenceList, bytes: Uint8Array, { scores, ...matter }: Known) {
  return findCoverLie(list, bytes, { ...matter, scores: scoresInMemory(scores, matter.headOf) });
}

function worldOf(lists: readonly number[][], tokens: readonly number[], values: readonly number[]): World {
  const rows = lists.map((list, rowId) => ({ rowId: 2 * rowId, tokens: list }));
  const scores = rows.map(({ rowId }, i) => ({ rowId, score: BigInt(values[i % values.length]!) }));
  return {
    answer: Uint32Array.from(tokens),
    matter: {
      terms: { floor: 0n, topK: 3, rows: 2 * rows.length },
      completions: makeCompletions(rows, IDS),
      scores,
      headOf: (rowId) => ({ first: rowId, contributionId: BigInt(rowId) }),
    },
  };
}

function truth({ answer, matter }: World): { list: InfluenceList; claimed: ClaimedCover } {
  const cover = coverOf(answer, matter.completions);
  const { terms, scores, headOf } = matter;
  const list = listByGain(terms, scores, headOf, (rowId, score) => gainOf(cover, rowId, score));
  return { list, claimed: claimedCover(answer, matter.completions, cover, list.rowIds) };
}

/** The list of the same rows whose gains follow from a claimed cover, as far as they have a key. */
function following(list: InfluenceList, claimed: ClaimedCover, { matter }: World): InfluenceList {
  const terms = claimedTerms(claimed);
  const scores = list.rowIds.map((rowId, i) => ({ rowId, score: list.scores[i] }));
  return listByGain(matter.terms, scores, matter.headOf, (rowId, score) =>
    gainOf(terms, list.rowIds.indexOf(rowId), score),
  );
}

/** Parts follow their rows to where the list has them now. */
function moved(claimed: ClaimedCover, from: InfluenceList, to: InfluenceList): ClaimedCover {
  return { ...claimed, parts: to.rowIds.map((rowId) => claimed.parts[from.rowIds.indexOf(rowId)]!) };
}

function standsAt(tokens: Uint32Array, at: ClaimedPlace, { tokens: text, ends }: Completions): boolean {
  const from = at.document === 0 ? 0 : ends[at.document - 1]!;
  const completions = { tokens: text, ends } as Completions;
  const first = from + at.position - documentStart(completions, at.document);
  if (first < from || first + at.end - at.start > ends[at.document]!) return false;
  return tokens.slice(at.start, at.end).every((token, i) => text[first + i] === token);
}

/** Whether the contract would find the claim false by it; written from SpanChallenges. */
function refutes(lie: CoverLie, list: InfluenceList, bytes: Uint8Array, matter: Known): boolean {
  const claimed = decodeCover(bytes, list.rowIds.length);
  if (claimed === undefined) return lie.kind === "gains";
  const { completions } = matter;
  const terms = claimedTerms(claimed);
  const bits = ({ start, end }: ClaimedPlace) =>
    claimed.bits.slice(start, end).reduce((sum, each) => sum + each, 0);
  const overlaps = (a: ClaimedPlace, b: ClaimedPlace) => a.start < b.end && b.start < a.end;
  const held = (parts: readonly (ClaimedPlace & { span: number })[]) =>
    parts.map((part) => ({ span: part.span, factor: factorOf(bits(part), bits(claimed.spans[part.span]!)) }));
  switch (lie.kind) {
    case "gains":
      return list.scores.some((score, i) => gainOf(terms, i, score) !== list.gains[i]);
    case "information":
      return (completions.information[claimed.tokens[lie.token]!] ?? 15) !== claimed.bits[lie.token];
    case "place": {
      const { start, position, document } = lie.claimed;
      if (document >= completions.rows.length) return true;
      const piece = {
        start: start + lie.from,
        end: start + lie.from + lie.count,
        position: position + lie.from,
        document,
      };
      const row = lie.position === undefined ? undefined : list.rowIds[lie.position];
      return (
        !standsAt(claimed.tokens, piece, completions) ||
        (row !== undefined && completions.rows[document] !== row)
      );
    }
    case "cover": {
      const span = claimed.spans[lie.step];
      const isFree = claimed.spans.slice(0, lie.step).every((other) => !overlaps(other, lie.shown));
      const isBetter =
        span === undefined
          ? weightOf(bits(lie.shown), terms.information) > 0
          : bits(lie.shown) > bits(span) || (bits(lie.shown) === bits(span) && lie.shown.start < span.start);
      return lie.step < 4 && isFree && isBetter && standsAt(claimed.tokens, lie.shown, completions);
    }
    case "part": {
      const known = (terms.held.get(lie.position) ?? []).find(({ span }) => span === lie.shown.span);
      return (
        standsAt(claimed.tokens, lie.shown, completions) &&
        completions.rows[lie.shown.document] === list.rowIds[lie.position] &&
        held([lie.shown])[0]!.factor > (known?.factor ?? 0)
      );
    }
    case "omission": {
      if (list.rowIds.includes(lie.rowId)) return false;
      const standsThere = lie.parts.every(
        (part) =>
          standsAt(claimed.tokens, part, completions) && completions.rows[part.document] === lie.rowId,
      );
      const score = matter.scores.find(({ rowId }) => rowId === lie.rowId)!.score!;
      const gain = gainOf({ ...terms, held: new Map([[lie.rowId, held(lie.parts)]]) }, lie.rowId, score);
      const key = (value: bigint, sixteenths: number) => (value > 0n ? value : 1n) * BigInt(sixteenths);
      const last = list.rowIds.length - 1;
      const hasRoom = list.rowIds.length < matter.terms.topK;
      const lastKey = hasRoom ? 0n : key(list.scores[last]!, list.gains[last]!);
      const own = key(score, gain);
      return (
        standsThere && own > 0n && (own > lastKey || (own === lastKey && lie.rowId < list.rowIds[last]!))
      );
    }
  }
}

const list = fc.array(fc.integer({ min: 0, max: IDS - 2 }), { maxLength: 10 });
const world = fc
  .tuple(
    fc.array(list, { minLength: 2, maxLength: 6 }),
    fc.array(list, { maxLength: 4 }),
    fc.array(fc.integer({ min: -40, max: 400 }), { minLength: 6, maxLength: 6 }),
    fc.boolean(),
  )
  .map(([lists, extra, values, copies]) =>
    worldOf(lists, [...(copies ? lists[0]! : []), ...extra.flat(), ...(copies ? lists[1]! : [])], values),
  );

/** Ways to change a cover; `pick` chooses where. */
const CHANGES: ((cover: ClaimedCover, pick: number) => ClaimedCover)[] = [
  (cover, pick) => ({
    ...cover,
    bits: cover.bits.map((bits, i) => (i === pick % cover.bits.length ? (bits % 15) + 1 : bits)),
  }),
  (cover, pick) => ({ ...cover, spans: cover.spans.filter((_, i) => i !== pick % 4) }),
  (cover) => ({ ...cover, spans: cover.spans.toReversed() }),
  (cover) => ({ ...cover, spans: cover.spans.map((span) => ({ ...span, position: span.position + 1 })) }),
  (cover) => ({ ...cover, spans: cover.spans.map((span) => ({ ...span, end: span.end - 1 })) }),
  (cover, pick) => ({ ...cover, parts: cover.parts.map((parts, i) => (i === pick % 3 ? [] : parts)) }),
  (cover, pick) => ({
    ...cover,
    parts: cover.parts.map((_, i) => cover.parts[(i + pick) % cover.parts.length]!),
  }),
  (cover) => ({
    ...cover,
    parts: cover.parts.map((parts) => parts.map((part) => ({ ...part, end: part.end - 1 }))),
  }),
  (cover, pick) => ({
    ...cover,
    parts: cover.parts.map((parts) => parts.map((part) => ({ ...part, document: pick % 8 }))),
  }),
];

describe("what a claim says of spans", () => {
  it("stands where it is true", async () => {
    await fc.assert(
      fc.asyncProperty(world, async (made) => {
        const { list: claimedList, claimed } = truth(made);
        expect(await lieIn(claimedList, encodeCover(claimed), made.matter)).toBeUndefined();
      }),
      { numRuns: 400 },
    );
  });

  it("is shown false wherever it pays otherwise than the truth, by what the contract takes", async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(world, fc.nat(CHANGES.length - 1), fc.nat(1_000), async (made, change, pick) => {
        const right = truth(made);
        const changed = CHANGES[change]!(right.claimed, pick);
        const inForm = decodeCover(encodeCover(changed), right.list.rowIds.length) !== undefined;
        const claimedList = inForm ? following(right.list, changed, made) : right.list;
        const bytes = encodeCover(moved(changed, right.list, claimedList));
        const lie = await lieIn(claimedList, bytes, made.matter);
        if (lie === undefined) {
          expect(claimedList).toEqual(right.list);
          return;
        }
        seen.add(lie.kind);
        expect({ lie, refutes: refutes(lie, claimedList, bytes, made.matter) }).toEqual({
          lie,
          refutes: true,
        });
      }),
      { numRuns: 4_000, seed: 10 },
    );
    expect([...seen].sort()).toEqual(["cover", "gains", "information", "omission", "part", "place"]);
  });

  it("is shown false where a row is left out or a gain does not follow", async () => {
    await fc.assert(
      fc.asyncProperty(world, fc.nat(2), async (made, which) => {
        const { list: right, claimed } = truth(made);
        if (which >= right.rowIds.length) return;
        const rest = right.rowIds.flatMap((rowId, i) =>
          i === which ? [] : [{ rowId, score: right.scores[i] }],
        );
        const parts = claimed.parts.filter((_, i) => i !== which);
        const terms = claimedTerms({ ...claimed, parts });
        const short = listByGain(made.matter.terms, rest, made.matter.headOf, (rowId, score) =>
          gainOf(
            terms,
            rest.findIndex((row) => row.rowId === rowId),
            score,
          ),
        );
        const bytes = encodeCover({ ...claimed, parts });
        const lie = await lieIn(short, bytes, made.matter);
        expect(lie).toMatchObject({ kind: "omission", rowId: right.rowIds[which] });
        expect(refutes(lie!, short, bytes, made.matter)).toBe(true);
        const gains = right.gains.map((gain, i) => (i === which ? (gain % 16) + 1 : gain));
        if (gains[which] === right.gains[which]) return;
        expect(await lieIn({ ...right, gains }, encodeCover(claimed), made.matter)).toEqual({
          kind: "gains",
        });
      }),
    );
  });
});
