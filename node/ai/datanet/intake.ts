import { aiError } from "../errors.ts";
import { rowsOfJsonl } from "./jsonl.ts";
import { type ProseParts, sentencesOfMarkdown, sentencesOfText } from "./prose.ts";
import { type Row, rowOfSentence } from "./rows.ts";

/** Largest number of rows of one contribution; more go into a second one. */
export const MAX_ROWS = 65_536;

/** Rows of a file and what of it was left out. */
export interface Intake {
  rows: Row[];
  ignored: ProseParts["ignored"];
}

/**
 * Turns a contributor's file into rows, by the name's ending: .txt, .md or .jsonl.
 * @throws CodedError `DOCUMENT_TYPE`, `DOCUMENT_EMPTY`, `DOCUMENT_NOT_UTF8` (with the offset), `DOCUMENT_TOO_MANY_ROWS`,
 * `JSONL_LINE_INVALID` (with the line).
 */
export function intakeFile(name: string, bytes: Uint8Array): Intake {
  const ending = /\.(txt|md|jsonl)$/i.exec(name)?.[1]?.toLowerCase();
  if (!ending) {
    throw aiError("DOCUMENT_TYPE", {
      message: `${name} is not a .txt, .md or .jsonl file`,
      fix: "save the text as .txt or .md, or question and answer pairs as .jsonl",
      facts: { name },
    });
  }
  const text = decodeUtf8(name, bytes)
    .replace(/^\ufeff/, "")
    .replace(/\r\n?/g, "\n");
  const intake =
    ending === "jsonl" ? { rows: rowsOfJsonl(text, name), ignored: NONE } : rowsOfProse(ending, text);
  if (intake.rows.length === 0) {
    throw aiError("DOCUMENT_EMPTY", {
      message: bytes.length === 0 ? `${name} is empty` : `${name} holds no text that a row can be made of`,
      fix: ending === "jsonl" ? "put at least one row into it" : "put at least one sentence into it",
      facts: { name, bytes: bytes.length },
    });
  }
  if (intake.rows.length > MAX_ROWS) {
    throw aiError("DOCUMENT_TOO_MANY_ROWS", {
      message: `${name} gives ${intake.rows.length} rows; one contribution holds at most ${MAX_ROWS}`,
      fix: "split the file into several contributions",
      facts: { name, rows: intake.rows.length, limit: MAX_ROWS },
    });
  }
  return intake;
}

const NONE: ProseParts["ignored"] = { headings: 0, codeBlocks: 0, tables: 0 };

function rowsOfProse(ending: string, text: string): Intake {
  const { sentences, ignored } = ending === "md" ? sentencesOfMarkdown(text) : sentencesOfText(text);
  return { rows: sentences.map(rowOfSentence), ignored };
}

function decodeUtf8(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    const at = firstBadByte(bytes);
    throw aiError("DOCUMENT_NOT_UTF8", {
      message: `${name} is not UTF-8 text: byte ${at} cannot be read`,
      fix: "save the file with the encoding UTF-8",
      facts: { name, offset: at },
      cause,
    });
  }
}

/** Offset of the first byte at which UTF-8 breaks, by halving over prefixes that may end inside a character. */
function firstBadByte(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isUtf8(bytes.subarray(0, middle), true)) good = middle;
    else bad = middle;
  }
  while (!isUtf8(bytes.subarray(0, good), false)) good--;
  return good;
}

function isUtf8(bytes: Uint8Array, mayBeCut: boolean): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: mayBeCut });
    return true;
  } catch {
    return false;
  }
}
