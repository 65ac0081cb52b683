import { type Options, parse } from "csv-parse/sync";

/** Cells of a table, row by row. @throws CsvError with its code and the line. */
export function parseCells(text: string, options: Options): string[][] {
  return parse(text, options);
}
