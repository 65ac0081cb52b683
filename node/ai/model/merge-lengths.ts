import { aiError } from "../errors.ts";
import type { TokenizerJson } from "./tokenizer-json.ts";
import { COMMENT, type Finder } from "./vocabulary.ts";

/** A model's words in the forms that tokenizer.json may have, where they were not read apart. */
interface Model {
  vocab?: unknown;
  merges?: unknown;
  continuing_subword_prefix?: unknown;
}

/**
 * Refuses merges that make something longer than the longest token: none has an id, and the tokenizers library ends the process
 * over one.
 * @param model its special tokens under their names
 * @param nameOf the same for the words that were read apart
 * @throws CodedError `TOKENIZER_INVALID`.
 */
export function refuseLongMerges(model: Model, { vocabulary, merges }: TokenizerJson, nameOf: Finder): void {
  const prefix = bytesOf(model.continuing_subword_prefix);
  let longest = 0;
  if (typeof model.vocab === "object" && model.vocab !== null && !Array.isArray(model.vocab))
    for (const word in model.vocab) longest = Math.max(longest, bytesOf(word));
  for (let at = 0; at < (vocabulary?.words.length ?? 0); at++) {
    const { words } = vocabulary!;
    const name = nameOf(words.bytes, words.start(at), words.end(at));
    longest = Math.max(longest, name === undefined ? words.end(at) - words.start(at) : bytesOf(name));
  }
  const check = (rank: number, bytes: number, right: number) => {
    if (right >= prefix && bytes - prefix <= longest) return;
    throw aiError("TOKENIZER_INVALID", {
      message: `tokenizer.json: merge ${rank} makes no token of the vocabulary`,
      fix: "use the tokenizer.json that belongs to the model",
      facts: { merge: rank, bytes: bytes - prefix, longest },
    });
  };
  for (let at = 0; at < (merges?.length ?? 0); at += 2) {
    const start = merges!.start(at);
    const end = merges!.end(at + 1);
    if (nameOf(merges!.bytes, start, end) === undefined) check(at / 2, end - start, end - merges!.end(at));
  }
  if (!Array.isArray(model.merges)) return;
  for (const [rank, merge] of model.merges.entries()) {
    if (typeof merge === "string" && merge.startsWith(COMMENT)) continue;
    const [left, right] = typeof merge === "string" ? merge.split(" ") : (merge as unknown[]);
    check(rank, bytesOf(left) + bytesOf(right), bytesOf(right));
  }
}

function bytesOf(text: unknown): number {
  return typeof text === "string" ? new TextEncoder().encode(text).length : 0;
}
