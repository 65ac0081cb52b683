import type { HeapProfiler } from "node:inspector";
import { Session } from "node:inspector/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { requireJson } from "./files.ts";
import { loadTokenizer } from "./tokenizer.ts";
import { readTokenizerJson } from "./tokenizer-json.ts";
import { type Words, WordsBuilder } from "./words.ts";

const filesOf = (text: string) => new Map([["tokenizer.json", new TextEncoder().encode(text)]]);
const code = (name: string) => expect.objectContaining({ code: name });

/** What was read apart, as JSON has it. */
function whole({ json, vocabulary, merges }: ReturnType<typeof readTokenizerJson>): unknown {
  if (!vocabulary && !merges) return json;
  const { model, ...rest } = json as { model: { vocab: unknown; merges: unknown } };
  const ids = vocabulary && Object.fromEntries([...vocabulary.words].map((w, at) => [w, vocabulary.ids[at]]));
  const pairs = merges && [...merges].flatMap((left, at, all) => (at % 2 === 0 ? [[left, all[at + 1]]] : []));
  return {
    ...rest,
    model: { ...model, ...(ids ? { vocab: ids } : {}), ...(pairs ? { merges: pairs } : {}) },
  };
}

/** A JSON string with some of its characters as escapes. */
const spelled = fc
  .tuple(fc.string({ unit: "grapheme", maxLength: 6 }), fc.infiniteStream(fc.boolean()))
  .map(([text, escapes]) => {
    const units = [...text].flatMap((char) =>
      escapes.next().value
        ? Array.from({ length: char.length }, (_, at) =>
            char.charCodeAt(at).toString(16).padStart(4, "0"),
          ).map((hex) => `\\u${hex}`)
        : [JSON.stringify(char).slice(1, -1)],
    );
    return `"${units.join("")}"`;
  });
const space = fc.constantFrom("", " ", "\n  ", "\t\r");
const vocabulary = fc
  .array(fc.tuple(spelled, space, fc.nat(2 ** 32 - 1)), { maxLength: 12 })
  .map((entries) => entries.map(([key, gap, id]) => `${gap}${key}${gap}:${gap}${id}`).join(","));
const merges = fc
  .array(fc.tuple(spelled, space, spelled), { maxLength: 8 })
  .map((pairs) =>
    pairs.map(([left, gap, right]) => `${gap}[${gap}${left},${right}${gap}]`).join(`${gap(pairs)},`),
  );
const gap = (items: readonly unknown[]) => (items.length % 2 === 0 ? "" : "\n");

describe("tokenizer.json", () => {
  test("is read as JSON.parse reads it, or refused as it refuses it", () => {
    let apart = 0;
    const damage = fc.option(
      fc.tuple(fc.nat(400), fc.constantFrom(0, 0x22, 0x2c, 0x5c, 0x5d, 0x7b, 0x80, 0xff)),
      { freq: 1 },
    );
    fc.assert(
      fc.property(vocabulary, merges, space, damage, (vocab, pairs, gap, edit) => {
        const model = `{"type":"BPE",${gap}"vocab"${gap}:${gap}{${vocab}${gap}},"merges":[${pairs}${gap}]${gap}}`;
        const files = filesOf(
          `{"version":"1.0","a":["model",{"model":{"vocab":1}}],"model"${gap}:${model}}${gap}`,
        );
        const bytes = files.get("tokenizer.json")!;
        if (edit !== null) bytes[edit[0] % bytes.length] = edit[1];
        const say = (read: () => unknown) => {
          try {
            return { value: read() };
          } catch (error) {
            return { refused: (error as Error).message };
          }
        };
        const read = say(() => readTokenizerJson(files));
        expect(
          "value" in read ? { value: whole(read.value as ReturnType<typeof readTokenizerJson>) } : read,
        ).toEqual(say(() => requireJson(files, "tokenizer.json")));
        if ("value" in read && (read.value as ReturnType<typeof readTokenizerJson>).vocabulary) apart++;
      }),
      { numRuns: 2000 },
    );
    expect(apart).toBeGreaterThan(500);
  });

  const words = ["a", "b", " ", "ab", "é", '"', "\\", "aba", "10", "9"];
  const vocab = Object.fromEntries(words.map((word, id) => [word, id]));
  const pairs = [
    ["a", "b"],
    ["ab", "a"],
  ];
  const tokenizer = (model: object) =>
    JSON.stringify({ added_tokens: [], model: { type: "BPE", vocab, merges: pairs, ...model } });
  const TEXT = 'abaab 109é"\\b';

  test.each([
    ["pairs", tokenizer({})],
    ["lines", tokenizer({ merges: pairs.map((pair) => pair.join(" ")) })],
    ["white space", JSON.stringify(JSON.parse(tokenizer({})), null, 2)],
    ["escapes", tokenizer({}).replaceAll("é", "\\u00e9").replaceAll('"a"', '"\\u0061"')],
    [
      "a comment among the lines",
      tokenizer({ merges: ["#version: 0.2", ...pairs.map((pair) => pair.join(" "))] }),
    ],
    ["a mark before it", `\ufeff${tokenizer({})}`],
  ])("gives the same ids with its words as %s", async (_form, text) => {
    const loaded = loadTokenizer(filesOf(text));
    expect(loaded).toMatchObject({ vocabSize: 10, idLimit: 10 });
    expect(await loaded.encodeText(TEXT, false)).toEqual([7, 3, 2, 9, 4, 5, 6, 1]);
  });

  test.each([
    ["words with ids", { type: "WordLevel", vocab: { "<unk>": 0, hello: 1, world: 7 }, unk_token: "<unk>" }],
    [
      "words with scores",
      {
        type: "Unigram",
        unk_id: 0,
        vocab: [...["<unk>", "hello", "x", "y", "z", "u", "v"].map((word) => [word, -1]), ["world", -1.5]],
      },
    ],
  ])("of another kind, with %s, is read, too", async (_kind, model) => {
    const text = JSON.stringify({ added_tokens: [], pre_tokenizer: { type: "Whitespace" }, model });
    const loaded = loadTokenizer(filesOf(text));
    expect(loaded.idLimit).toBe(8);
    expect(await loaded.encodeText("hello world", false)).toEqual([1, 7]);
  });

  test("makes no object and no string for a word", async () => {
    const many = Array.from({ length: 40_000 }, (_, id) => `word${id}é`);
    const model = {
      vocab: Object.fromEntries(many.map((word, id) => [word, id])),
      merges: many.map((word) => [word, "x"]),
    };
    const files = filesOf(JSON.stringify({ model }));
    const allocated = async (read: () => unknown): Promise<number> => {
      const session = new Session();
      session.connect();
      const options = { includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true };
      await session.post("HeapProfiler.startSampling", { samplingInterval: 4096, ...options });
      read();
      const { profile } = await session.post("HeapProfiler.stopSampling");
      session.disconnect();
      const sizeOf = ({ selfSize, children }: HeapProfiler.SamplingHeapProfileNode): number =>
        children.reduce((sum, child) => sum + sizeOf(child), selfSize);
      return sizeOf(profile.head);
    };
    const apart = await allocated(() => readTokenizerJson(files));
    expect(apart / (await allocated(() => requireJson(files, "tokenizer.json")))).toBeLessThan(0.3);
  });

  test("whose vocabulary has a word twice is refused with the word", () => {
    const text = tokenizer({}).replace('"ab":3', '"ab":3,"\\u0061b":8');
    expect(() => loadTokenizer(filesOf(text))).toThrow(
      expect.objectContaining({ code: "MODEL_FILE_INVALID", message: expect.stringContaining('"ab" twice') }),
    );
  });

  test.each([
    ["pairs", {}],
    ["lines", { merges: ["a b", "ab a", "aba a"] }],
    ["words that are not read apart", { vocab: { ...vocab, "\ud800": 10 } }],
    ["a prefix that no right half has room for", { continuing_subword_prefix: "######" }],
  ])("with a merge longer than any token is refused, as %s", (_form, change) => {
    const longer = { merges: [...pairs, ["aba", "a"]], ...change };
    expect(() => loadTokenizer(filesOf(tokenizer(longer)))).toThrow(code("TOKENIZER_INVALID"));
  });

  test("with a merge that is no pair and no line is refused", () => {
    for (const merge of [5, null, {}, "a", "a b a", ["a"], []])
      expect(() => loadTokenizer(filesOf(tokenizer({ merges: [merge] })))).toThrow(code("TOKENIZER_INVALID"));
  });
});

test("a list of words knows whether one is there twice, whatever their hashes", () => {
  const listOf = (texts: readonly string[]): Words => {
    const builder = new WordsBuilder(1, 1);
    for (const bytes of texts.map((text) => new TextEncoder().encode(text)))
      builder.push(bytes, 0, bytes.length);
    return builder.build();
  };
  // These two have one hash.
  expect(listOf(["costarring", "x", "liquid"]).hasTwice()).toBe(false);
  expect(listOf(["costarring", "x", "liquid", "costarring"]).hasTwice()).toBe(true);
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme", maxLength: 2 }), { maxLength: 40 }), (texts) => {
      const list = listOf(texts);
      expect([...list]).toEqual(texts);
      expect(list.hasTwice()).toBe(new Set(texts).size < texts.length);
    }),
  );
});
