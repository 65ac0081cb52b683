import type { Hash } from "../../chain/types/primitives.ts";
import { canonicalBytes, type Json } from "../codec/canonical-json.ts";
import { leafHash, merkleTree } from "../codec/merkle.ts";

/** Who may speak in a row before its question. */
export const ROW_ROLES = ["system", "developer", "user", "assistant"] as const;

/** Largest number of rows of one contribution; more go into a second one. */
export const MAX_ROWS = 65_536;

/** Messages of one conversation before a row's question. */
export const MAX_MESSAGES = 256;

/** What was said before a row's question. */
export interface RowMessage {
  role: (typeof ROW_ROLES)[number];
  content: string;
}

/** One training example as its contributor meant it: what is asked, and the answer. */
export interface Row {
  prompt: string;
  completion: string;
  /** The conversation before the question, with its roles; absent where there is none. */
  before?: readonly RowMessage[];
}

/** A sentence of prose as a row: asked with its own words, answered with itself. */
export function rowOfSentence(sentence: string): Row {
  return { prompt: `${sentence.replace(/[.!?…。！？]+(?=["'”’»)\]}]*$)/u, "")}?`, completion: sentence };
}

/** True for rows of prose, whose prompts training varies. It follows from the row alone, so nobody can claim otherwise. */
export function isProse(row: Row): boolean {
  return rowOfSentence(row.completion).prompt === row.prompt;
}

/** What is written of a row and hashed. */
export function plainRow({ prompt, completion, before }: Row): Readonly<Record<string, Json>> {
  const messages = before?.map(({ role, content }) => ({ role, content }));
  return messages === undefined ? { prompt, completion } : { prompt, completion, before: messages };
}

/** keccak256(0x00 | canonical JSON of the row): the example's hash in records, receipts and the rows' tree. */
export function exampleHash(row: Row): Hash {
  return leafHash(canonicalBytes(plainRow(row)));
}

/** Merkle root over example hashes in the rows' order; the leaves are those hashes. */
export function rowsRoot(rows: readonly Row[]): Hash {
  return merkleTree(rows.map(exampleHash)).root;
}
