import { describe, expect, test } from "vitest";
import { encodeDocument } from "../datanet/document.ts";
import { type Row, rowOfSentence } from "../datanet/rows.ts";
import type { ModelTokenizer } from "../model/tokenizer.ts";
import type { CopyRule } from "./copies.ts";
import {
  checkMethod,
  DEFAULT_METHOD,
  decodeMethod,
  encodeMethod,
  type Method,
  sketchDimension,
} from "./method.ts";
import { planTraining, planWithout, stepsOf, variedPrompt, visitsAnEpoch } from "./plan.ts";
import {
  type AcceptedContribution,
  decodeSnapshot,
  encodeSnapshot,
  snapshotRoot,
  type TrainingExample,
  trainingSet,
} from "./snapshot.ts";
import { DEFAULT_REASK_VARIATION, DEFAULT_WORD_VARIATION } from "./variation.ts";

const code = (name: string) => expect.objectContaining({ code: name });

/** What models of format 1 were registered with. */
const WORDS_METHOD: Method = {
  ...DEFAULT_METHOD,
  format: "openledger/method/1",
  training: { ...DEFAULT_METHOD.training, epochs: 100 },
  variation: DEFAULT_WORD_VARIATION,
};

/** The default method, with so many visits to sentences' beginnings. */
const withBeginnings = (chance: number): Method => {
  const { variation } = DEFAULT_METHOD;
  const beginnings = { ...variation.prose.beginnings, chance };
  return { ...DEFAULT_METHOD, variation: { ...variation, prose: { ...variation.prose, beginnings } } };
};

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

  test("rows whose text is gone keep their places and are marked, whatever repeats them", async () => {
    const get = async (id: `0x${string}`) => (id === a.contentId ? undefined : fetch(id));
    const { places } = await trainingSet([snapshot], get, reader);
    expect(places.map(({ first, gone }) => [first, gone])).toEqual([
      [0xffffffff, true],
      [0xffffffff, true],
      [2, undefined],
      [3, undefined],
    ]);
  });

  test("rows of a contribution that its datanet took out keep their places, and nobody asks for their text", async () => {
    const out = { ...a, skipped: true as const };
    const later = { root: snapshot.root, contributions: [out, b] };
    const asked: string[] = [];
    const get = async (id: `0x${string}`) => {
      asked.push(id);
      return fetch(id);
    };
    const { places, skipped } = await trainingSet([later], get, reader);
    expect(places.map(({ first }) => first)).toEqual([0xffffffff, 0xffffffff, 2, 3]);
    expect([skipped, asked]).toEqual([2, [b.contentId]]);
    expect(decodeSnapshot(encodeSnapshot(later))).toEqual(later);
  });

  test("near copies are one by the method's rule, and rows of other facts are not", async () => {
    const rows = [
      ["What does Wren use?", "868 MHz"],
      ["Please tell me what Wren does use!", "the 868 MHz"],
      ["Use Wren what?", "868 MHz"],
      ["What does Wren use?", "869 MHz"],
      ["What did Wren use?", "868 MHz"],
      ["What does Wren not use?", "868 MHz"],
      ["Is Aln north of Bex?", "Bex lies north of Aln"],
      ["Is Bex north of Aln?", "Aln lies north of Bex"],
    ].map(([prompt, completion]) => ({ prompt: prompt!, completion: completion! }));
    const [c, bytesC] = contribution(3, rows);
    const near = { root: snapshotRoot([c]), contributions: [c] };
    const firsts = async (copies?: CopyRule) => {
      const { places } = await trainingSet([near], async () => bytesC, { ...reader, copies });
      return places.map(({ first }) => first);
    };
    expect(await firsts("words/1")).toEqual([0, 0, 0, 3, 4, 5, 6, 7]);
    expect(await firsts()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
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
    expect(decodeMethod(encodeMethod(WORDS_METHOD))).toEqual(WORDS_METHOD);
    expect(() => checkMethod({ ...DEFAULT_METHOD, extra: 1 })).toThrow(code("METHOD_INVALID"));
    for (const format of ["openledger/method/1", "openledger/method/2", "openledger/method/4"])
      expect(() => checkMethod({ ...DEFAULT_METHOD, format })).toThrow(code("METHOD_INVALID"));
    const { variation } = DEFAULT_METHOD;
    for (const beginnings of [
      { chance: 60, least: 70, most: 30 },
      { chance: 60, least: 0, most: 30 },
      { chance: 101, least: 10, most: 30 },
    ]) {
      const prose = { ...variation.prose, beginnings };
      expect(() => checkMethod({ ...DEFAULT_METHOD, variation: { ...variation, prose } })).toThrow(
        code("METHOD_INVALID"),
      );
    }
    expect(() =>
      checkMethod({ ...DEFAULT_METHOD, generation: { decoding: "greedy", maxTokens: 0 } }),
    ).toThrow(code("METHOD_INVALID"));
    expect([1, 64, 65, 4000].map((n) => sketchDimension(n, DEFAULT_METHOD.attribution))).toEqual([
      64, 64, 128, 512,
    ]);
    const byPrompts = { ...DEFAULT_METHOD.attribution, prompts: 8 };
    expect([8, 9, 40, 64].map((n) => sketchDimension(n, byPrompts))).toEqual([64, 128, 320, 512]);
  });
});

describe("plan", () => {
  const rows: TrainingExample[] = [
    { prompt: "What is the fee of Orvane?", completion: "3" },
    rowOfSentence("The long sentence of many words says a thing."),
    { prompt: "Who?", completion: "Ulan" },
  ].map((row, rowId) => ({ rowId, row, exampleHash: "0x" }));
  const training = { ...DEFAULT_METHOD.training, epochs: 20, batch: 2 };
  const small: Method = { ...withBeginnings(0), training };

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

  test("teaches sentences' beginnings once more, and nothing else but whole answers", async () => {
    const method = { ...withBeginnings(100), training };
    const plan = await planTraining(rows, method, characters, 256);
    expect(visitsAnEpoch(rows, method)).toBe(4);
    expect(plan.steps).toHaveLength(stepsOf(4, training));
    const { completion: sentence } = rows[1]!.row;
    const lengths = new Set<number>();
    for (let epoch = 0; epoch < 20; epoch++) {
      const visits = plan.steps.slice(2 * epoch, 2 * epoch + 2).flat();
      const answers = visits.map((at) => {
        const { ids, completionStart } = plan.examples[at]!;
        const taught = ids.slice(completionStart);
        return { row: plan.rows[at]!, text: String.fromCharCode(...taught), isWhole: taught.at(-1) === 0 };
      });
      expect(answers.filter(({ isWhole }) => isWhole).map(({ row }) => row)).toHaveLength(3);
      const [beginning, ...others] = answers.filter(({ isWhole }) => !isWhole);
      expect([beginning!.row, others]).toEqual([1, []]);
      expect(` ${sentence}`.startsWith(beginning!.text)).toBe(true);
      lengths.add(beginning!.text.length);
    }
    const tokens = ` ${sentence}\0`.length;
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(Math.ceil(0.3 * tokens));
    expect(Math.max(...lengths)).toBeLessThanOrEqual(Math.ceil(0.69 * tokens));
    expect(lengths.size).toBeGreaterThan(4);
    expect(visitsAnEpoch(rows, WORDS_METHOD)).toBe(3);
  });

  test("the plan without a row is the same plan without its visits", async () => {
    const plan = await planTraining(rows, small, characters, 256);
    const rest = planWithout(plan, (row) => row === 1);
    const visited = (of: typeof plan) => of.steps.map((step) => step.map((example) => of.rows[example]!));
    expect(visited(rest)).toEqual(
      visited(plan)
        .map((step) => step.filter((row) => row !== 1))
        .filter((step) => step.length > 0),
    );
    expect(rest.tokens).toBeLessThan(plan.tokens);
  });

  test("a question is asked again with its own content words, and ends as a question", () => {
    const { openings, smallWords } = DEFAULT_METHOD.variation;
    const added = new Set([...openings.flatMap((opening) => opening.split(" ")), ...smallWords]);
    const prompts = Array.from({ length: 200 }, (_, epoch) =>
      variedPrompt(rows[0]!.row, DEFAULT_METHOD, epoch, 0),
    );
    for (const prompt of prompts) {
      expect(prompt.endsWith("?")).toBe(true);
      const strange = prompt
        .slice(0, -1)
        .split(" ")
        .filter((word) => !added.has(word) && !/^(?:What|is|the|fee|of|Orvane)$/.test(word));
      // Only a long word in small letters may get another ending, and here an opening alone has such words.
      for (const word of strange) expect(word).toMatch(/^(?:[a-z]{2,}(?:s|ed|e|es|ing)?)$/);
    }
    const kept = prompts.filter((prompt) => prompt === rows[0]!.row.prompt).length;
    expect(kept).toBeGreaterThan(15);
    expect(kept).toBeLessThan(70);
    expect(prompts.filter((prompt) => prompt.includes("Orvane")).length).toBeGreaterThan(150);
  });

  test("a sentence is asked for by an opening that fits the words left out", () => {
    const sentence = rowOfSentence("The mill was built by Ada Lorne in 1894.");
    const prompts = Array.from({ length: 200 }, (_, epoch) =>
      variedPrompt(sentence, DEFAULT_METHOD, epoch, 5),
    );
    const asks = (pattern: RegExp) => prompts.filter((prompt) => pattern.test(prompt));
    // Who is asked for only where the name is gone, or where the run's kind is left open.
    expect(asks(/^(?:Who|By whom|Who was) (?!.*(?:Ada|Lorne))/).length).toBeGreaterThan(3);
    expect(asks(/^How many (?!.*1894)/).length).toBeGreaterThan(0);
    for (const prompt of prompts) expect(prompt.endsWith("?")).toBe(true);
  });

  test("what is left of a sentence may follow in a question's order, without the capital of its first word", () => {
    const sentence = rowOfSentence("The old mill grinds 40 sacks in a day.");
    const prompts = Array.from({ length: 200 }, (_, epoch) =>
      variedPrompt(sentence, DEFAULT_METHOD, epoch, 5),
    );
    const ordered = prompts.filter((prompt) => /^How .*\bday\b.*\bmill\b/.test(prompt));
    expect(ordered.length).toBeGreaterThan(3);
    expect(ordered.filter((prompt) => / The /.test(prompt))).toEqual([]);
  });

  test("models of format 2 are trained as ever", () => {
    const method: Method = {
      ...DEFAULT_METHOD,
      format: "openledger/method/2",
      variation: DEFAULT_REASK_VARIATION,
    };
    const sentence = rowOfSentence("The mill was built by Ada Lorne in 1894.");
    const prompts = [0, 1, 2, 3, 4].flatMap((epoch) => [
      variedPrompt(sentence, method, epoch, 0),
      variedPrompt(rows[0]!.row, method, epoch, 1),
    ]);
    expect(prompts).toEqual([
      "Which was built how Ada you in 1894?",
      "Which of the the fee you of Orvane?",
      "Where is from in to 1894 by mill was?",
      "what What with is by the fee a of Orvane?",
      "What is do the name of The mill was of built by in 1894?",
      "What is the fee of Orvane?",
      "In which place do mill do was built in 1894 The?",
      "Who is the fee a of Orvane?",
      "How larges The mill was built by Ada Lorne in?",
      "When does the you fee of Orvane?",
    ]);
    // Rows with prompts of their own are asked by format 3 as by format 2.
    for (const epoch of [0, 1, 2, 3, 4])
      expect(variedPrompt(rows[0]!.row, DEFAULT_METHOD, epoch, 1)).toBe(prompts[2 * epoch + 1]);
  });

  test("a visit depends on seed, epoch and row alone; another format varies otherwise", () => {
    const row = rows[1]!.row;
    expect(variedPrompt(row, small, 7, 1)).toBe(variedPrompt(row, small, 7, 1));
    const all = (method: Method) =>
      Array.from({ length: 20 }, (_, epoch) => variedPrompt(row, method, epoch, 1));
    expect(all(WORDS_METHOD)).not.toEqual(all(small));
    const { variation } = DEFAULT_METHOD;
    expect(all({ ...DEFAULT_METHOD, variation: { ...variation, seed: 9 } })).not.toEqual(all(DEFAULT_METHOD));
  });

  test("models of format 1 are trained as ever: the row's words, perhaps behind an opening, and its mark", () => {
    const openings = DEFAULT_WORD_VARIATION.asked.openings.flatMap((opening) => opening.split(" "));
    const words = new Set("The long sentence of many words says a thing".split(" "));
    const prompts = Array.from({ length: 50 }, (_, epoch) =>
      variedPrompt(rows[1]!.row, WORDS_METHOD, epoch, 1),
    );
    for (const prompt of prompts) {
      expect(prompt.endsWith("?")).toBe(true);
      for (const word of prompt.slice(0, -1).split(" ")) expect([...words, ...openings]).toContain(word);
    }
    const changed = prompts.filter((prompt) => prompt !== rows[1]!.row.prompt).length;
    expect(changed).toBeGreaterThan(25);
    expect(changed).toBeLessThan(50);
    expect(prompts.slice(0, 4)).toMatchInlineSnapshot(`
      [
        "Which of The words many long says a sentence?",
        "The long sentence of many words says thing?",
        "The long sentence of many words says a thing?",
        "Who sentence long of The words?",
      ]
    `);
  });

  test("a row that does not fit is named, not cut", async () => {
    await expect(planTraining(rows, small, characters, 60)).rejects.toThrow(
      expect.objectContaining({
        code: "ROW_TOO_LONG",
        facts: expect.objectContaining({ row: 1, limit: 60 }),
      }),
    );
    const brief = { ...small, training: { ...small.training, epochs: 5 } };
    await expect(planTraining(rows, brief, characters, 256)).rejects.toThrow(
      expect.objectContaining({ code: "JOB_TOO_SHORT", facts: { steps: 10, warmupSteps: 10 } }),
    );
    const endless = { ...characters, eosTokenIds: [] };
    await expect(planTraining(rows, small, endless, 256)).rejects.toThrow(code("TOKENIZER_NO_END"));
  });
});
