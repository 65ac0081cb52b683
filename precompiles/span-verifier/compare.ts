import { revertWith } from "../revert.ts";
import { openValue, openWindow, type Window } from "./opening.ts";
import type { SpanCommitment, SuffixEntry } from "./types.ts";

const windowEnd = revertWith("WindowEnd(uint256)");

/** How a suffix stands to a pattern: the symbols that they share, and which comes first; "begins" with the whole pattern is after it. */
export interface Comparison {
  rank: number;
  shared: number;
  order: "before" | "begins" | "after";
}

/**
 * Compares the window's symbols with the pattern's.
 * @throws PrecompileRevert WindowEnd: the opening ends before the comparison does
 */
export function compareWindow(
  number: number,
  { values }: Window,
  pattern: Uint32Array,
): Omit<Comparison, "rank"> {
  for (let shared = 0; shared < pattern.length; shared++) {
    const symbol = values[shared];
    if (symbol === undefined) throw windowEnd(number);
    if (symbol !== pattern[shared]) return { shared, order: symbol < pattern[shared]! ? "before" : "after" };
  }
  return { shared: pattern.length, order: "begins" };
}

/** Opens an entry (openings `number` and `number` + 1) and compares its suffix with the pattern. Errors of both. */
export function compareEntry(
  commitment: SpanCommitment,
  number: number,
  { rank, array, text }: SuffixEntry,
  pattern: Uint32Array,
): Comparison {
  const position = openValue(commitment, "array", number, rank, array);
  const window = openWindow(commitment, "text", number + 1, position, text);
  return { rank, ...compareWindow(number + 1, window, pattern) };
}
