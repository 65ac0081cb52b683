import { describe, expect, test } from "vitest";
import type { InfluenceList } from "../../../precompiles/influence-verifier/types.ts";
import { encodeQuery } from "../../ai/attribution/record.ts";
import { listByGain, NO_SPANS, scoreOf } from "../../ai/attribution/score.ts";
import { makeIndex, recordOf } from "../../ai/attribution/sketch-index.ts";
import { concatBytes, hexOfBytes } from "../../ai/codec/hash.ts";
import { makeCompletions } from "../../ai/fusion/completions.ts";
import { type ClaimedCover, claimedCover, claimedTerms, encodeCover } from "../../ai/fusion/cover-bytes.ts";
import { coverOf, gainOf } from "../../ai/fusion/rule.ts";
import type { Receipt } from "../../ai/receipt/receipt.ts";
import { checkCover, checkShown, partsOfQuery } from "./verify-cover.ts";

const query = { exponent: 0, values: Int16Array.of(3, 1) };
const ANSWER = Uint32Array.of(0, 1, 2, 3);

/** Row 0 holds the answer, row 1 half of it, row 2 nothing. */
async function world() {
  const texts = [
    [0, 1, 2, 3, 5],
    [6, 1, 2, 6],
    [7, 5, 7, 5],
  ];
  const records = [
    [4, 0],
    [1, 1],
    [9, 9],
  ].map((values, rowId) => ({
    ...{ rowId, contributionId: BigInt(10 + rowId), row: 0, first: rowId, exponent: 0 },
    values: Int8Array.from(values),
  }));
  const made = await makeIndex(records, { e0: 0, floor: 0n, topK: 2 });
  const index = { ...made, commitment: { ...made.commitment, spans: `0x${"11".repeat(32)}` as const } };
  const completions = makeCompletions(
    texts.map((tokens, rowId) => ({ rowId, tokens })),
    12,
  );
  const headOf = (rowId: number) => recordOf(index, rowId);
  const scores = records.map(({ rowId }) => ({ rowId, score: scoreOf(query, headOf(rowId), 0) }));
  const cover = coverOf(ANSWER, completions);
  const list = listByGain(index.commitment, scores, headOf, (row, score) => gainOf(cover, row, score));
  const claimed = claimedCover(ANSWER, completions, cover, list.rowIds);
  return { index, headOf, scores, list, claimed };
}

function receiptOf(
  index: Awaited<ReturnType<typeof world>>["index"],
  list: InfluenceList,
  cover: Uint8Array,
): Pick<Receipt, "claim" | "model" | "query"> {
  return {
    claim: { list } as unknown as Receipt["claim"],
    model: { index: index.commitment } as unknown as Receipt["model"],
    query: hexOfBytes(concatBytes(encodeQuery(query), cover)),
  };
}

test("a query is the sketch, and the cover behind it where the index commits spans", async () => {
  const { index, list, claimed } = await world();
  const receipt = receiptOf(index, list, encodeCover(claimed));
  expect(partsOfQuery(receipt)).toEqual({ sketch: encodeQuery(query), cover: encodeCover(claimed) });
  const none = { ...index, commitment: { ...index.commitment, spans: NO_SPANS } };
  const plain = receiptOf(none, list, new Uint8Array());
  expect(partsOfQuery(plain)).toEqual({ sketch: encodeQuery(query), cover: undefined });
});

describe("a claim by spans and influence", () => {
  test("holds where gains follow from its cover", async () => {
    const { index, list, claimed, scores, headOf } = await world();
    expect(list.rowIds[0]).toBe(0);
    const receipt = receiptOf(index, list, encodeCover(claimed));
    expect(checkCover(receipt, encodeCover(claimed), scores, headOf)).toEqual(claimed);
  });

  test("is wrong where they don't, where the cover has no form, and where a row is left out", async () => {
    const { index, list, claimed, scores, headOf } = await world();
    const check = (of: InfluenceList, bytes: Uint8Array) => () =>
      checkCover(receiptOf(index, of, bytes), bytes, scores, headOf);
    const gains = list.gains.map((gain) => gain - 1);
    expect(check({ ...list, gains }, encodeCover(claimed))).toThrow("gains");
    expect(check(list, encodeCover(claimed).subarray(1))).toThrow("no right form");
    const bare: ClaimedCover = { ...claimed, spans: [], parts: list.rowIds.map(() => []) };
    // By influence alone row 2 would lead.
    const terms = claimedTerms(bare);
    const kept = scores.filter(({ rowId }) => rowId !== 2);
    const short = listByGain(index.commitment, kept, headOf, (row, score) => gainOf(terms, row, score));
    const bytes = encodeCover({ ...bare, parts: short.rowIds.map(() => []) });
    expect(check(short, bytes)).toThrow("row 2 belongs into the list");
  });

  test("is what the receipt shows", async () => {
    const { index, list, claimed } = await world();
    const receipt = receiptOf(index, list, encodeCover(claimed));
    const sums = (start: number, end: number) =>
      claimed.bits.subarray(start, end).reduce((sum, bits) => sum + bits, 0);
    const verbatim = {
      information: sums(0, ANSWER.length),
      spans: claimed.spans.map(({ start, end }) => ({
        tokens: { start, end },
        information: sums(start, end),
      })),
      rows: list.rowIds.map((rowId, i) => ({
        rowId,
        held: claimed.parts[i]!.map(({ span, start, end }) => ({ span, information: sums(start, end) })),
      })),
      list,
    } as unknown as NonNullable<Receipt["verbatim"]>;
    const check = (change: Partial<typeof verbatim>) => () =>
      checkShown({ ...receipt, verbatim: { ...verbatim, ...change } }, claimed);
    expect(check({})).not.toThrow();
    expect(check({ information: 1 })).toThrow("bits of the answer");
    expect(check({ spans: [] })).toThrow("spans");
    expect(check({ rows: verbatim.rows.map((row) => ({ ...row, held: [] })) })).toThrow("parts");
    const floor = { ...verbatim.list, floor: list.floor + 1n };
    expect(check({ list: floor })).toThrow("list of spans and influence");
  });
});
