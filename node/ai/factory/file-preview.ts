import { z } from "zod";
import { intakeFile } from "../datanet/intake.ts";
import { tokenizeRow } from "../datanet/row-tokens.ts";
import { exampleHash } from "../datanet/rows.ts";
import { openModelSource } from "../model/files.ts";
import { openModel } from "../model/load.ts";

/** Bytes of a file's text. */
const MAX_TEXT = 1_048_576;
/** Rows that are shown, that are cut into tokens, and numbers that a list of rows holds. */
const SHOWN = 20;
const COUNTED = 2_000;
const LISTED = 100;

/** A file that is to be looked at before it is contributed. */
export const fileSchema = z.strictObject({
  name: z.string().min(1).max(255).describe("with its ending: .txt, .md, .jsonl or .csv"),
  text: z
    .string()
    .refine((text) => new TextEncoder().encode(text).length <= MAX_TEXT, `has more than ${MAX_TEXT} bytes`)
    .describe("the file's text"),
  base: z.string().min(1).max(200).describe("id of the base model that is to see it: see GET /api/bases"),
});
export type FileOrder = z.output<typeof fileSchema>;

/** What a file gives. Rows are counted from 0; lists of them hold the first ones. */
export interface FilePreview {
  rows: number;
  /** Parts of the file that no row was made of, by their kind. */
  ignored: Readonly<Record<string, number>>;
  /** Rows that say the same as an earlier one, and where that is. */
  repeats: { count: number; first: readonly { row: number; of: number }[] };
  /** Rows that were cut into tokens: the first ones. */
  counted: number;
  /** Of those, rows with more tokens than the model's context: nothing could be trained on them. */
  tooLong: { count: number; first: readonly { row: number; tokens: number }[] };
  contextLength: number;
  longestRow: number;
  tokens: number;
  /** The first rows as the model sees them. */
  shown: readonly { row: number; text: string; tokens: number; answerTokens: number }[];
}

/**
 * Reads a file as contributing does, and its rows as a base model does.
 * @param basePath folder or file of the model.
 * @throws CodedError of intakeFile, with line numbers where there are lines; of the model's files.
 */
export async function previewFile(basePath: string, { name, text }: FileOrder): Promise<FilePreview> {
  const { rows, ignored } = intakeFile(name, new TextEncoder().encode(text));
  const { tokenizer, config } = openModel(await openModelSource(basePath));
  const { contextLength } = config;
  const shown: { row: number; text: string; tokens: number; answerTokens: number }[] = [];
  const tooLong: { row: number; tokens: number }[] = [];
  let [longestRow, tokens] = [0, 0];
  const counted = rows.slice(0, COUNTED);
  for (const [row, one] of counted.entries()) {
    const { ids, completionStart } = await tokenizeRow(one, tokenizer);
    longestRow = Math.max(longestRow, ids.length);
    tokens += ids.length;
    if (ids.length > contextLength) tooLong.push({ row, tokens: ids.length });
    if (shown.length >= SHOWN) continue;
    const seen = await tokenizer.decode(ids, false);
    shown.push({ row, text: seen, tokens: ids.length, answerTokens: ids.length - completionStart });
  }
  const repeats = repeatsOf(rows.map(exampleHash));
  return {
    ...{ rows: rows.length, ignored, counted: counted.length, contextLength, longestRow, tokens, shown },
    repeats: { count: repeats.length, first: repeats.slice(0, LISTED) },
    tooLong: { count: tooLong.length, first: tooLong.slice(0, LISTED) },
  };
}

function repeatsOf(hashes: readonly string[]): { row: number; of: number }[] {
  const first = new Map<string, number>();
  const repeats: { row: number; of: number }[] = [];
  for (const [row, hash] of hashes.entries()) {
    const of = first.get(hash);
    if (of === undefined) first.set(hash, row);
    else repeats.push({ row, of });
  }
  return repeats;
}
