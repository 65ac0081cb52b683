import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Tokenizer } from "tokenizers";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../../base/paths.ts";
import { textBorders, tokenPieces } from "./pieces.ts";

const file = join(packageRoot(), "node/ai/base-model/model/tokenizer.json");
const json: unknown = JSON.parse(readFileSync(file, "utf8"));
const pieces = tokenPieces(json);
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
      expect(Buffer.concat(ids.map((id) => pieces[id]!)).toString("utf8")).toBe(text);
    }
  });

  it("are read from byte-fallback vocabularies", () => {
    const read = tokenPieces({
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
    expect(read.map((piece) => Buffer.from(piece).toString("latin1"))).toEqual([
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
      expect(() => tokenPieces(value)).toThrow(expect.objectContaining({ code }));
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
          parts,
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
