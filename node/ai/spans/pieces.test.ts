import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Tokenizer } from "tokenizers";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../../base/paths.ts";
import { requireJson } from "../model/files.ts";
import { readTokenizerJson } from "../model/tokenizer-json.ts";
import { textBorders } from "./pieces.ts";
import { tokenPieces } from "./token-pieces.ts";

const file = join(packageRoot(), "node/ai/base-model/model/tokenizer.json");
const files = new Map([["tokenizer.json", new Uint8Array(readFileSync(file))]]);
const pieces = tokenPieces(readTokenizerJson(files));
const piecesOf = (json: unknown) => tokenPieces({ json, vocabulary: undefined });
const tokenizer = Tokenizer.fromString(readFileSync(file, "utf8"));
const TEXTS = [
  "Who keeps the mill at Brenna? 2,600 metres.",
  "naïve — “quoted” 😀😀 日本語\n\ttabs",
  "é\u0301 \u{1F468}\u200D\u{1F469} x",
];

describe("the bytes of tokens", () => {
  it("are those that the tokenizer decodes to", async () => {
    for (const text of TEXTS) {
      const ids = (await tokenizer.encode(text, null, { addSpecialTokens: false })).getIds();
      expect(ids.length).toBeGreaterThan(3);
      expect(Buffer.concat(ids.map((id) => pieces.of(id))).toString("utf8")).toBe(text);
    }
  });

  it("are the same whether the words were read apart or not", () => {
    const whole = piecesOf(requireJson(files, "tokenizer.json"));
    expect([...pieces]).toEqual([...whole]);
    expect(pieces.of(pieces.length)).toEqual(new Uint8Array(0));
    // Of two tokens with one id the later key counts, and an array index goes first.
    const json = '{"model":{"type":"BPE","vocab":{"b":0,"7":0,"a":1,"c":1}},"decoder":{"type":"ByteLevel"}}';
    const twice = new Map([["tokenizer.json", new TextEncoder().encode(json)]]);
    for (const read of [tokenPieces(readTokenizerJson(twice)), piecesOf(JSON.parse(json))])
      expect([...read].map((piece) => Buffer.from(piece).toString())).toEqual(["b", "c"]);
    const large = new Map([
      ["tokenizer.json", new TextEncoder().encode(json.replace('"a":1', '"a":4194304'))],
    ]);
    expect(() => tokenPieces(readTokenizerJson(large))).toThrow(
      expect.objectContaining({ code: "TOKENIZER_INVALID" }),
    );
  });

  it("are read from byte-fallback vocabularies", () => {
    const read = piecesOf({
      model: { type: "BPE", vocab: { "<unk>": 0, "▁the": 1, "<0xE2>": 2, é: 3 } },
      decoder: {
        type: "Sequence",
        decoders: [{ type: "Replace" }, { type: "ByteFallback" }, { type: "Fuse" }],
      },
      added_tokens: [
        { id: 0, content: "<unk>", special: true },
        { id: 5, content: "<tool>", special: false },
      ],
    });
    expect([...read].map((piece) => Buffer.from(piece).toString("latin1"))).toEqual([
      "",
      " the",
      "â",
      "Ã©",
      "",
      "<tool>",
    ]);
  });

  it("are refused where the tokenizer does not say them", () => {
    const model = { type: "BPE", vocab: { a: 0 } };
    const refuses = (value: unknown, code: string) =>
      expect(() => piecesOf(value)).toThrow(expect.objectContaining({ code }));
    refuses({ model, decoder: { type: "WordPiece" } }, "TOKENIZER_UNSUPPORTED");
    refuses({ model }, "TOKENIZER_UNSUPPORTED");
    refuses({ model: { type: "Unigram", vocab: {} } }, "TOKENIZER_INVALID");
    refuses(
      { model: { type: "BPE", vocab: { a: 2 ** 40 } }, decoder: { type: "ByteLevel" } },
      "TOKENIZER_INVALID",
    );
    refuses(null, "TOKENIZER_INVALID");
  });
});

describe("the borders of tokens in the text", () => {
  /** Units of the text whose characters are complete at a byte, and those that are begun. */
  function reference(bytes: readonly number[], at: number): [number, number] {
    const decode = (list: readonly number[]) =>
      new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(list));
    const streaming = new TextDecoder("utf-8", { ignoreBOM: true });
    const complete = streaming.decode(Uint8Array.from(bytes.slice(0, at)), { stream: true }).length;
    if (streaming.decode().length === 0) return [complete, complete];
    const rest = decode(bytes).slice(complete);
    return [complete, complete + String.fromCodePoint(rest.codePointAt(0)!).length];
  }

  it("are whole characters, however the bytes are cut and whatever they are", () => {
    const texts = [
      ...TEXTS.map((text) => [...Buffer.from(text)]),
      [0xf0, 0x9f, 0x41, 0xe2, 0xe2, 0x82, 0xac],
    ];
    texts.push(
      [0xf0, 0x9f, 0x98, 0x41, 0xf0, 0x80, 0xc3, 0xf0, 0x9f],
      [0xef, 0xbb, 0xbf, 0x41],
      [0xe0, 0x80, 0x80, 0xed, 0xa0],
    );
    for (const bytes of texts) {
      for (const width of [1, 2, 3, 5]) {
        const parts = Array.from({ length: Math.ceil(bytes.length / width) }, (_, i) =>
          Uint8Array.from(bytes.slice(i * width, (i + 1) * width)),
        );
        const { starts, ends } = textBorders(
          { of: (id) => parts[id]! },
          Uint32Array.from(parts, (_, i) => i),
        );
        for (let i = 0; i <= parts.length; i++) {
          const [start, end] = reference(bytes, Math.min(bytes.length, i * width));
          expect([i, starts[i], ends[i]]).toEqual([i, start, end]);
        }
      }
    }
  });
});
