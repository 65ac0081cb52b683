import type { CaseRow } from "./run-case.ts";

const HEAD = `| case | CPU s for 30 Mgas | Mgas per CPU s | wall s | Mgas run |
| --- | --- | --- | --- | --- |`;

const number = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(3);

/** A case as one line of the table. */
export function formatRow({ name, seconds, mgasPerSecond, wallSeconds, mgasRun, isFull }: CaseRow): string {
  const run = isFull ? "all" : `${number(mgasRun)}, scaled`;
  return `| ${[name, number(seconds), number(mgasPerSecond), number(wallSeconds), run].join(" | ")} |`;
}

/** Rows with a figure whose transactions ended as they should, worst first. */
export function worstFirst(rows: readonly CaseRow[]): CaseRow[] {
  return rows.filter(({ fault }) => fault === undefined).toSorted((a, b) => b.seconds - a.seconds);
}

/** All rows, worst first, then what did not end as intended. */
export function formatTable(rows: readonly CaseRow[]): string {
  const strange = rows.filter(({ fault }) => fault !== undefined);
  const told = strange.map(({ name, fault, seconds }) => `- ${name} (${number(seconds)} s): ${fault}`);
  const lines = [HEAD, ...worstFirst(rows).map(formatRow)];
  if (told.length > 0) lines.push("", "not as intended:", ...told);
  return lines.join("\n");
}
