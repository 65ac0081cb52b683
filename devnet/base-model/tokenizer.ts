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
import { ADJECTIVES, COMMON, MEASURES, NOUNS } from "./generator/lexicon.ts";
import { capital } from "./generator/phrasing.ts";
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
  const text = new TrainingText(TRAINING_SEED);
  const parts: string[] = [];
  let total = 0;
  for (let block = 0; total < TEXT_BYTES; block++) {
    let bytes = 0;
    for (const document of text.documents(block)) {
      parts.push(document);
      bytes += document.length;
      if (bytes >= BLOCK_BYTES) break;
    }
    total += bytes;
  }
  const words = [...new Set([...COMMON, ...NOUNS, ...ADJECTIVES, ...MEASURES])];
  const line = words.map((word) => `${word} ${capital(word)}`).join(" ");
  for (let i = 0; i < WORD_REPEATS; i++) parts.push(line);
  return parts.join("\n");
}

function tokenizerJson(learnt: readonly [string, string][]): string {
  const alphabet = [...byteLevelAlphabet()].sort();
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
