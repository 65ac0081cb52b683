import type { Hash } from "../../chain/types/primitives.ts";
import { canonicalBytes } from "../codec/canonical-json.ts";
import { leafHash, merkleTree } from "../codec/merkle.ts";
import { aiError } from "../errors.ts";
import type { ModelTokenizer } from "../model/tokenizer.ts";

/** One training example as its contributor meant it: what is asked, and the answer. */
export interface Row {
  prompt: string;
  completion: string;
}

/** A sentence of prose as a row: asked with its own words, answered with itself. */
export function rowOfSentence(sentence: string): Row {
  return { prompt: `${sentence.replace(/[.!?…。！？]+(?=["'”’»)\]}]*$)/u, "")}?`, completion: sentence };
}

/** True for rows of prose, whose prompts training varies. It follows from the row alone, so nobody can claim otherwise. */
export function isProse(row: Row): boolean {
  return rowOfSentence(row.completion).prompt === row.prompt;
}

/** keccak256(0x00 | canonical JSON of the row): the example's hash in records, receipts and the rows' tree. */
export function exampleHash(row: Row): Hash {
  return leafHash(canonicalBytes({ prompt: row.prompt, completion: row.completion }));
}

/** Merkle root over example hashes in the rows' order; the leaves are those hashes. */
export function rowsRoot(rows: readonly Row[]): Hash {
  return merkleTree(rows.map(exampleHash)).root;
}

/** What a prompt looks like to the model, in training and in serving; the answer follows after one space. */
export function promptText(prompt: string): string {
  return `Question: ${prompt}\nAnswer:`;
}

/** A row in tokens. */
export interface TokenizedRow {
  ids: number[];
  /** Index of the first token of the answer. */
  completionStart: number;
}

/** Token ids of a prompt as the model sees it, with the tokenizer's own first tokens. */
export function promptIds(prompt: string, tokenizer: ModelTokenizer): Promise<number[]> {
  return tokenizer.encodeText(promptText(prompt), true);
}

/**
 * Ids of prompt, answer and end token; prompt and answer are tokenised apart, as in serving.
 * @throws CodedError `TOKENIZER_NO_END` when the model names no end token.
 */
export async function tokenizeRow(row: Row, tokenizer: ModelTokenizer): Promise<TokenizedRow> {
  const [end] = tokenizer.eosTokenIds;
  if (end === undefined) {
    throw aiError("TOKENIZER_NO_END", {
      message: "the model names no end-of-sequence token, so an answer could not be taught to end",
      fix: "add eos_token_id to the model's config.json or generation_config.json",
    });
  }
  const prompt = await promptIds(row.prompt, tokenizer);
  const completion = await tokenizer.encodeText(` ${row.completion}`, false);
  return { ids: [...prompt, ...completion, end], completionStart: prompt.length };
}

/**
 * Checks that every row of a file fits the model's context: nothing could be trained on a row that does not.
 * @throws CodedError `ROW_TOO_LONG` with the row's number (from 1), its tokens and the limit.
 */
export async function checkRowLengths(
  name: string,
  rows: readonly Row[],
  tokenizer: ModelTokenizer,
  contextLength: number,
): Promise<void> {
  for (const [index, row] of rows.entries()) {
    const { ids } = await tokenizeRow(row, tokenizer);
    if (ids.length <= contextLength) continue;
    throw aiError("ROW_TOO_LONG", {
      message: `${name}: row ${index + 1} has ${ids.length} tokens, but the model's context holds ${contextLength}: "${row.completion.slice(0, 60)}…"`,
      fix: "split it into shorter sentences or rows, or name a base model of a longer context",
      facts: { name, row: index + 1, tokens: ids.length, limit: contextLength },
    });
  }
}
