import { readFileSync, writeFileSync } from "node:fs";
import { formatEther } from "viem";

const END = "<!-- end of parameters -->";

/** How answers of contracts read in a table. */
export const reads = {
  seconds(value: unknown): string {
    const number = Number(value);
    const [unit, size] = number > 0 && number % 86_400 === 0 ? ["d", 86_400] : ["s", 1];
    return `${number / size} ${unit}`;
  },
  open: (value: unknown) => `${Number(formatEther(value as bigint)).toLocaleString("en-US")} OPEN`,
  percent: (value: unknown) => `${Number(value)} %`,
  bps: (value: unknown) => `${Number(value) / 100} %`,
  times: (value: unknown) => `x ${Number(value) / 10_000}`,
  number: (value: unknown) => Number(value).toLocaleString("en-US"),
  dollars: (value: unknown) => `$${Number(value).toLocaleString("en-US")}`,
} as const;

/**
 * The table between the marks of a page; with OPENLEDGER_WRITE=1 it is `made` from then on.
 * @param test whose path stands in the mark.
 * @throws Error where the page has no such marks.
 */
export function tableOfPage(page: string, test: string, made: string): string {
  const begin = `<!-- parameters: made by ${test} -->\n`;
  const text = readFileSync(page, "utf8");
  const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(END)];
  if (from < begin.length || to < from) throw new Error(`${page} has no table made by ${test}`);
  if (process.env.OPENLEDGER_WRITE !== "1") return text.slice(from, to);
  writeFileSync(page, `${text.slice(0, from)}${made}${text.slice(to)}`);
  return made;
}
