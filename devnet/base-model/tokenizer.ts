import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  BPE,
  byteLevelAlphabet,
  byteLevelPreTokenizer,
  digitsPreTokenizer,
  sequencePreTokenizer,
  Tokenizer,
} from "tokenizers";
import { capital } from "./generator/letters.ts";
import { ADJECTIVES, COMMON, MEASURES, NOUNS } from "./generator/lexicon.ts";
import { TrainingText } from "./generator/text.ts";
import { END_OF_TEXT, TRAINING_SEED } from "./settings.ts";

export const VOCABULARY = 2048;

const TEXT_BYTES = 4_000_000;
const BLOCK_BYTES = 15_000;

/** How often each word of the lexicon is added, small and capitalised, so that plain English gets whole-word tokens. */
const WORD_REPEATS = 16;

/**
 * Learns the byte-level BPE vocabulary from the generator's text and returns tokenizer.json (Hugging Face form).
 *
 * The trainer of `tokenizers` takes no vocabulary size from JavaScript and learns 30,000 entries. Merges come in the order
 * in which they are learnt, so the first of them are the smaller vocabulary: end of text, 256 bytes, then merges.
 */
export function trainTokenizer(): string {
  const folder = mkdtempSync(join(tmpdir(), "openledger-tokenizer-"));
  try {
    const file = join(folder, "text.txt");
    writeFileSync(file, tokenizerText());
    const tokenizer = new Tokenizer(BPE.empty());
    tokenizer.setPreTokenizer(
      sequencePreTokenizer([digitsPreTokenizer(true), byteLevelPreTokenizer(false, true)]),
    );
    tokenizer.train([file]);
    const saved = join(folder, "tokenizer.json");
    tokenizer.save(saved);
    const { model } = JSON.parse(readFileSync(saved, "utf8")) as { model: { merges: [string, string][] } };
    return tokenizerJson(model.merges);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function tokenizerText(): string {
  const parts = textParts(TEXT_BYTES);
  const words = [...new Set([...COMMON, ...NOUNS, ...ADJECTIVES, ...MEASURES])];
  const line = words.map((word) => `${word} ${capital(word)}`).join(" ");
  for (let i = 0; i < WORD_REPEATS; i++) parts.push(line);
  return parts.join("\n");
}

/** Documents of the first blocks, BLOCK_BYTES of each, until they have `bytes` characters. */
function textParts(bytes: number, pieces?: readonly string[]): string[] {
  const text = new TrainingText(TRAINING_SEED, pieces);
  const parts: string[] = [];
  let total = 0;
  for (let block = 0; total < bytes; block++) {
    let size = 0;
    for (const document of text.documents(block)) {
      parts.push(document);
      size += document.length;
      if (size >= BLOCK_BYTES) break;
    }
    total += size;
  }
  return parts;
}

/** Bytes that no UTF-8 text holds; a token for them could never be seen, nor told apart from the others. */
const IMPOSSIBLE_BYTES = [0xc0, 0xc1, ...Array.from({ length: 11 }, (_, i) => 0xf5 + i)];

/** The byte-level alphabet of all bytes that occur in texts, in a fixed order. */
function textAlphabet(): string[] {
  const impossible = new Set(IMPOSSIBLE_BYTES.map((byte) => String.fromCharCode(byte)));
  return [...byteLevelAlphabet()].filter((letter) => !impossible.has(letter)).sort();
}

/** Blocks of the training text, without pieces of its own, in which a token is looked for, and how seldom it may stand there. */
const COUNTED_BLOCKS = 60;
const RARE = 12;

/**
 * What the rare tokens of a byte-level vocabulary stand for: those that hardly occur in the training text by themselves,
 * because a longer token takes their place. Tokens that are only a part of a character are left out: strings of that
 * script hold them. `json` is tokenizer.json.
 */
export async function rarePieces(json: string): Promise<string[]> {
  const { model } = JSON.parse(json) as { model: { vocab: Record<string, number> } };
  const counts = await countTokens(Tokenizer.fromString(json));
  const byteOf = byteLevelBytes();
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const pieces: string[] = [];
  for (const [token, id] of Object.entries(model.vocab)) {
    if (token === END_OF_TEXT || (counts.get(id) ?? 0) > RARE) continue;
    const bytes = Uint8Array.from(token, (letter) => byteOf.get(letter) ?? 0);
    try {
      pieces.push(decoder.decode(bytes));
    } catch {
      // Not a text by itself.
    }
  }
  return pieces;
}

async function countTokens(tokenizer: Tokenizer): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  for (const document of textParts(COUNTED_BLOCKS * BLOCK_BYTES, ["0"])) {
    for (const id of (await tokenizer.encode(document)).getIds()) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

/** Byte-level letters to bytes: printable Latin 1 stands for itself, the others for 256 and up in order. */
function byteLevelBytes(): Map<string, number> {
  const isOwn = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  let other = 256;
  return new Map(
    Array.from({ length: 256 }, (_, byte) => [String.fromCharCode(isOwn(byte) ? byte : other++), byte]),
  );
}

function tokenizerJson(learnt: readonly [string, string][]): string {
  const alphabet = textAlphabet();
  const merges = learnt.slice(0, VOCABULARY - 1 - alphabet.length);
  const entries = [END_OF_TEXT, ...alphabet, ...merges.map(([left, right]) => left + right)];
  const vocab = Object.fromEntries(entries.map((entry, id) => [entry, id]));
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  const special = { id: END_OF_TEXT, ids: [0], tokens: [END_OF_TEXT] };
  const json = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [
      {
        id: 0,
        content: END_OF_TEXT,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      },
    ],
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [{ type: "Digits", individual_digits: true }, byteLevel],
    },
    post_processor: {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: END_OF_TEXT, type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
      pair: [
        { SpecialToken: { id: END_OF_TEXT, type_id: 0 } },
        { Sequence: { id: "A", type_id: 0 } },
        { Sequence: { id: "B", type_id: 0 } },
      ],
      special_tokens: { [END_OF_TEXT]: special },
    },
    decoder: byteLevel,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges,
    },
  };
  return `${JSON.stringify(json)}\n`;
}

/** The committed tokenizer, or another folder's. */
export function loadTokenizer(folder: string): Tokenizer {
  return Tokenizer.fromString(readFileSync(join(folder, "tokenizer.json"), "utf8"));
}
