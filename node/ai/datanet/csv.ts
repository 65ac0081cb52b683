import { type CodedError, isCodedError } from "../../base/errors.ts";
import { aiError } from "../errors.ts";
import { parseCells } from "./csv-parser.ts";
import { MAX_ROWS, type Row } from "./rows.ts";

/** Bytes of one row of a table. */
const MAX_RECORD_BYTES = 1_048_576;
/** Names of the two columns, the first that is there counts. */
const PROMPT = ["prompt", "question", "instruction"];
const COMPLETION = ["completion", "answer", "response", "output"];
/** What separates cells; the header tells which. */
const DELIMITERS = [",", ";", "\t"];

/** Where a table's questions and answers stand. */
interface Columns {
  delimiter: string;
  prompt: number;
  completion: number;
  /** All columns. */
  count: number;
}

/**
 * Rows of a .csv file (RFC 4180; commas, semicolons or tabs) with a header that names a column `prompt` (or question, instruction) and one
 * `completion` (or answer, response, output). Empty lines are skipped, other columns left out.
 * @param content as decodeText gives it.
 * @throws CodedError `CSV_LINE_INVALID` with the line's number, counted from 1; `DOCUMENT_TOO_MANY_ROWS`.
 */
export function rowsOfCsv(content: string, file: string): { rows: Row[]; columnsLeftOut: number } {
  const columns = columnsOf(content, file);
  const rows: Row[] = [];
  /** Last line of the rows that were read. */
  let read = 0;
  const onRecord = (record: string[], { lines }: { lines: number }) => {
    const isHeader = read === 0;
    const line = lines - record.reduce((sum, cell) => sum + cell.split("\n").length - 1, 0);
    read = lines;
    if (!isHeader) rows.push(rowOf(record, columns, file, line));
    if (rows.length > MAX_ROWS) throw tooMany(file);
    return null;
  };
  try {
    parseCells(content, {
      delimiter: columns.delimiter,
      record_delimiter: "\n",
      skip_empty_lines: true,
      max_record_size: MAX_RECORD_BYTES,
      on_record: onRecord,
    });
  } catch (error) {
    if (isCodedError(error)) throw error;
    throw asBadLine(error, file, read, columns);
  }
  return { rows, columnsLeftOut: columns.count - 2 };
}

/** Reads the header. @throws CodedError `CSV_LINE_INVALID`. */
function columnsOf(content: string, file: string): Columns {
  const lines = content.split("\n", 1_000);
  const at = lines.findIndex((line) => line.trim() !== "");
  // Without a line there is no row either: the file is told to be empty.
  if (at < 0) return { delimiter: ",", prompt: 0, completion: 1, count: 2 };
  const header = lines[at]!.slice(0, MAX_RECORD_BYTES);
  for (const delimiter of DELIMITERS) {
    const names = namesOf(header, delimiter);
    const [prompt, completion] = [PROMPT, COMPLETION].map((known) => placeOf(names, known));
    if (prompt !== undefined && completion !== undefined)
      return { delimiter, prompt, completion, count: names.length };
  }
  throw badLine(file, at + 1, "its header names no column for questions and one for answers");
}

/** The header's names in small letters; none where it can't be read. */
function namesOf(header: string, delimiter: string): string[] {
  try {
    const [names = []] = parseCells(header, { delimiter });
    return names.map((name) => name.trim().toLowerCase());
  } catch {
    return [];
  }
}

function placeOf(names: readonly string[], known: readonly string[]): number | undefined {
  return known.map((name) => names.indexOf(name)).find((at) => at >= 0);
}

function rowOf(record: readonly string[], columns: Columns, file: string, line: number): Row {
  const prompt = record[columns.prompt]!.trim();
  const completion = record[columns.completion]!.trim();
  if (prompt === "") throw badLine(file, line, "its prompt is empty");
  if (completion === "") throw badLine(file, line, "its completion is empty");
  return { prompt, completion };
}

/** The parser's own errors, told by what they mean for the file. */
function asBadLine(error: unknown, file: string, read: number, { count }: Columns): CodedError {
  const { code, lines = read + 1, record } = error as { code?: string; lines?: number; record?: unknown[] };
  switch (code) {
    case "CSV_RECORD_INCONSISTENT_FIELDS_LENGTH":
      return badLine(
        file,
        lines,
        `it has ${record?.length ?? "other"} cells, the header has ${count}`,
        error,
      );
    case "CSV_QUOTE_NOT_CLOSED":
      return badLine(file, read + 1, "a quoted cell that begins in this row or below is never closed", error);
    case "CSV_INVALID_CLOSING_QUOTE":
      return badLine(file, lines, "something follows the closing quote of a cell", error);
    case "INVALID_OPENING_QUOTE":
      return badLine(file, lines, "a quote stands inside a cell that is not quoted", error);
    case "CSV_MAX_RECORD_SIZE":
      return badLine(
        file,
        read + 1,
        `the row that begins here has more than ${MAX_RECORD_BYTES} bytes`,
        error,
      );
    default:
      return badLine(file, lines, "it is no row of a table", error);
  }
}

function badLine(file: string, line: number, what: string, cause?: unknown): CodedError {
  return aiError("CSV_LINE_INVALID", {
    message: `${file}, line ${line}: ${what}`,
    fix: 'begin with the header prompt,completion and give every row both; put cells with commas, quotes or line ends in quotes ("" is a quote)',
    facts: { file, line },
    cause,
  });
}

function tooMany(file: string): CodedError {
  return aiError("DOCUMENT_TOO_MANY_ROWS", {
    message: `${file} has more than ${MAX_ROWS} rows, which one contribution may hold`,
    fix: "split the file into several contributions",
    facts: { file, limit: MAX_ROWS },
  });
}
