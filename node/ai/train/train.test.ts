import { describe, expect, test } from "vitest";
import { encodeDocument } from "../datanet/document.ts";
import { type Row, rowOfSentence } from "../datanet/rows.ts";
import type { ModelTokenizer } from "../model/tokenizer.ts";
import { checkMethod, DEFAULT_METHOD, decodeMethod, encodeMethod, sketchDimension } from "./method.ts";
import { planTraining, variedPrompt } from "./plan.ts";
import { type AcceptedContribution, snapshotRoot, type TrainingExample, trainingSet } from "./snapshot.ts";

const code = (name: string) => expect.objectContaining({ code: name });

/** One token a character, 0 ends. */
const characters: ModelTokenizer = {
  vocabSize: 65536,
  idLimit: 65536,
  eosTokenIds: [0],
  specialTokens: new Map(),
  encodeText: async (text) => [...text].map((c) => c.charCodeAt(0)),
  encodeMarkup: async (text) => [...text].map((c) => c.charCodeAt(0)),
  decode: async (ids) => String.fromCharCode(...ids),
  tokenId: () => undefined,
};

const contributor = (n: number) => `0x${String(n).repeat(40)}` as const;

function contribution(id: number, rows: Row[]): [AcceptedContribution, Uint8Array] {
  const { bytes, contentId, rowsRoot, rowCount } = encodeDocument({ name: `${id}.jsonl`, rows });
  return [{ contributionId: BigInt(id), contributor: contributor(id), contentId, rowsRoot, rowCount }, bytes];
}

describe("training set", () => {
  const [a, bytesA] = contribution(1, [
    { prompt: "What is A?", completion: "B" },
    rowOfSentence("It rains."),
  ]);
  const [b, bytesB] = contribution(2, [
    { prompt: "what  is A", completion: "b." },
    { prompt: "C?", completion: "D" },
  ]);
  const store = new Map([
    [a.contentId, bytesA],
    [b.contentId, bytesB],
  ]);
  const fetch = async (id: `0x${string}`) => store.get(id)!;
  const snapshot = { root: snapshotRoot([a, b]), contributions: [a, b] };
  const reader = { tokenizer: characters, config: { contextLength: 256 } };

  test("all rows keep their places; who says the same later repeats the first", async () => {
    const { places, examples, repeats, skipped } = await trainingSet([snapshot], fetch, reader);
    expect([repeats, skipped]).toEqual([1, 0]);
    expect(places.map((p) => [p.rowId, p.contributionId, p.row, p.first])).toEqual([
      [0, 1n, 0, 0],
      [1, 1n, 1, 1],
      [2, 2n, 0, 0],
      [3, 2n, 1, 3],
    ]);
    expect(examples.map((e) => [e.rowId, e.row.completion])).toEqual([
      [0, "B"],
      [1, "It rains."],
      [3, "D"],
    ]);
  });

  test("first is who was committed first, in whatever order the model's owner lists the snapshots", async () => {
    const early = { root: snapshotRoot([a]), contributions: [a] };
    const late = { root: snapshotRoot([b]), contributions: [b] };
    const { places } = await trainingSet([late, early], fetch, reader);
    expect(places.map((p) => [p.contributionId, p.first])).toEqual([
      [2n, 2],
      [2n, 1],
      [1n, 2],
      [1n, 3],
    ]);
  });

  test("a row that does not fit is skipped with its copies, and the rest is trained", async () => {
    const short = { tokenizer: characters, config: { contextLength: 37 } };
    const { places, examples, skipped } = await trainingSet([snapshot], fetch, short);
    expect(places.map(({ first }) => first)).toEqual([0, 0xffffffff, 0, 3]);
    expect([examples.length, skipped]).toEqual([2, 1]);
  });

  test("a contribution that is not what its reveal says is skipped, and the datanet goes on", async () => {
    const broken = encodeDocument({ name: "broken", rows: [{ prompt: "E?", completion: "F" }] });
    const lie = { ...b, contributionId: 3n, contentId: broken.contentId, rowCount: 2 };
    const forged = { root: snapshotRoot([a, lie]), contributions: [a, lie] };
    const get = async (id: `0x${string}`) => (id === broken.contentId ? broken.bytes : fetch(id));
    const { places, skipped } = await trainingSet([forged], get, reader);
    expect(places.map(({ first }) => first)).toEqual([0, 1, 0xffffffff, 0xffffffff]);
    expect(skipped).toBe(2);
    const endless = { ...lie, rowCount: 0xffffffff };
    const vast = { root: snapshotRoot([a, endless]), contributions: [a, endless] };
    await expect(trainingSet([vast], get, reader)).rejects.toThrow(code("TRAINING_SET_TOO_LARGE"));
  });

  test("every hash is checked", async () => {
    const turned = { root: snapshot.root, contributions: [b, a] };
    await expect(trainingSet([turned], fetch, reader)).rejects.toThrow(code("SNAPSHOT_MISMATCH"));
    await expect(trainingSet([snapshot], async () => bytesB, reader)).rejects.toThrow(
      code("CONTRIBUTION_MISMATCH"),
    );
    for (const change of [{ rowCount: 3 }, { rowsRoot: b.rowsRoot }]) {
      const false_ = { ...a, ...change };
      const forged = { root: snapshotRoot([false_]), contributions: [false_] };
      await expect(trainingSet([forged], fetch, reader)).rejects.toThrow(code("TRAINING_SET_EMPTY"));
    }
  });
});

describe("method", () => {
  test("has one form in bytes", () => {
    expect(decodeMethod(encodeMethod(DEFAULT_METHOD))).toEqual(DEFAULT_METHOD);
    expect(() => checkMethod({ ...DEFAULT_METHOD, extra: 1 })).toThrow(code("METHOD_INVALID"));
    expect(() =>
      checkMethod({ ...DEFAULT_METHOD, generation: { decoding: "greedy", maxTokens: 0 } }),
    ).toThrow(code("METHOD_INVALID"));
    expect([1, 64, 65, 4000].map((n) => sketchDimension(n, DEFAULT_METHOD.attribution))).toEqual([
      64, 64, 128, 512,
    ]);
  });
});

describe("plan", () => {
  const rows: TrainingExample[] = [
    { prompt: "What is the fee of Orvane?", completion: "3" },
    rowOfSentence("The long sentence of many words says a thing."),
    { prompt: "Who?", completion: "Ulan" },
  ].map((row, rowId) => ({ rowId, row, exampleHash: "0x" }));
  const small = { ...DEFAULT_METHOD, training: { ...DEFAULT_METHOD.training, epochs: 20, batch: 2 } };

  test("visits every row once an epoch and depends on its inputs only", async () => {
    const plan = await planTraining(rows, small, characters, 256);
    expect(await planTraining(rows, small, characters, 256)).toEqual(plan);
    const other = { ...small, training: { ...small.training, seed: 99 } };
    expect(await planTraining(rows, other, characters, 256)).not.toEqual(plan);
    expect(plan.steps).toHaveLength(40);
    const answer = (index: number) => {
      const { ids, completionStart } = plan.examples[index]!;
      return String.fromCharCode(...[...ids].slice(completionStart, -1));
    };
    for (let epoch = 0; epoch < 20; epoch++) {
      const visits = plan.steps.slice(2 * epoch, 2 * epoch + 2).flat();
      expect(visits.map(answer).sort()).toEqual(rows.map(({ row }) => ` ${row.completion}`).sort());
    }
    expect(plan.examples.length).toBeGreaterThan(rows.length);
  });

  test("varied prompts use the row's words, perhaps behind an opening, and keep its mark", () => {
    const openings = small.variation.asked.openings.flatMap((opening) => opening.split(" "));
    const words = new Set("The long sentence of many words says a thing".split(" "));
    let changed = 0;
    for (let epoch = 0; epoch < 50; epoch++) {
      const prompt = variedPrompt(rows[1]!.row, small.variation, epoch, 1);
      expect(prompt.endsWith("?")).toBe(true);
      for (const word of prompt.slice(0, -1).split(" ")) expect([...words, ...openings]).toContain(word);
      if (prompt !== rows[1]!.row.prompt) changed += 1;
    }
    expect(changed).toBeGreaterThan(25);
    expect(changed).toBeLessThan(50);
  });

  test("a row that does not fit is named, not cut", async () => {
    await expect(planTraining(rows, small, characters, 60)).rejects.toThrow(
      expect.objectContaining({
        code: "ROW_TOO_LONG",
        facts: expect.objectContaining({ row: 1, limit: 60 }),
      }),
    );
    const endless = { ...characters, eosTokenIds: [] };
    await expect(planTraining(rows, small, endless, 256)).rejects.toThrow(code("TOKENIZER_NO_END"));
  });
});
