import { aiError } from "../errors.ts";
import { rowsOfCsv } from "./csv.ts";
import { rowsOfJsonl } from "./jsonl.ts";
import { type ProseParts, sentencesOfMarkdown, sentencesOfText } from "./prose.ts";
import { MAX_ROWS, type Row, rowOfSentence } from "./rows.ts";
import { decodeText } from "./text.ts";

/** Rows of a file and what of it was left out. */
export interface Intake {
  rows: Row[];
  /** Parts of prose, and columns of a table, that no row was made of. */
  ignored: ProseParts["ignored"] & { columns: number };
}

/**
 * Turns a contributor's file into rows, by the name's ending: .txt, .md, .jsonl or .csv.
 * @throws CodedError `DOCUMENT_TYPE`, `DOCUMENT_EMPTY`, `DOCUMENT_TOO_LARGE`, `DOCUMENT_NOT_UTF8` (with the offset),
 * `DOCUMENT_NOT_TEXT`, `JSONL_LINE_INVALID` and `CSV_LINE_INVALID` (with the line), `DOCUMENT_TOO_DEEP`, `DOCUMENT_TOO_MANY_ROWS`.
 */
export function intakeFile(name: string, bytes: Uint8Array): Intake {
  const ending = /\.(txt|md|jsonl|csv)$/i.exec(name)?.[1]?.toLowerCase();
  if (!ending) {
    throw aiError("DOCUMENT_TYPE", {
      message: `${name} is not a .txt, .md, .jsonl or .csv file`,
      fix: "save the text as .txt or .md, or question and answer pairs as .jsonl or .csv",
      facts: { name },
    });
  }
  const text = decodeText(name, bytes);
  const intake = rowsOf(name, ending, text);
  if (intake.rows.length === 0) {
    throw aiError("DOCUMENT_EMPTY", {
      message: bytes.length === 0 ? `${name} is empty` : `${name} holds no text that a row can be made of`,
      fix:
        ending === "jsonl" || ending === "csv"
          ? "put at least one row into it"
          : "put at least one sentence into it",
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

const NONE: Intake["ignored"] = { headings: 0, codeBlocks: 0, tables: 0, columns: 0 };

function rowsOf(name: string, ending: string, text: string): Intake {
  if (ending === "jsonl") return { rows: rowsOfJsonl(text, name), ignored: NONE };
  if (ending === "csv") {
    const { rows, columnsLeftOut } = rowsOfCsv(text, name);
    return { rows, ignored: { ...NONE, columns: columnsLeftOut } };
  }
  const { sentences, ignored } = ending === "md" ? sentencesOfMarkdown(name, text) : sentencesOfText(text);
  return { rows: sentences.map(rowOfSentence), ignored: { ...NONE, ...ignored } };
}
