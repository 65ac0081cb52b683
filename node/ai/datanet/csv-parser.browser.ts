import { type Options, parse } from "csv-parse/browser/esm/sync";

/** Cells of a table, row by row, without Node's buffers. @throws CsvError with its code and the line. */
export function parseCells(text: string, options: Options): string[][] {
  return parse(text, options);
}
