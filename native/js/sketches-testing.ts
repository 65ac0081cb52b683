import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seeded } from "./spans-testing.ts";

/** Records for the tests of sketches, and answers about them straight from the definitions. */

/** What a record says, and its bytes. */
export interface MadeRecord {
  first: number;
  exponent: number;
  values: number[];
  bytes: Uint8Array;
}

export function scratchFolder(): string {
  return mkdtempSync(join(tmpdir(), "openledger-sketches-"));
}

/** Seeded records: some repeat earlier ones, some are skipped, some hold -128. */
export function randomRecords(seed: number, rows: number, dimension: number, spread = 127): MadeRecord[] {
  const random = seeded(seed);
  return Array.from({ length: rows }, (_, rowId) => {
    const kind = random(10);
    const first = kind === 0 ? random(rowId + 1) : kind === 1 ? 0xffff_ffff : rowId;
    const values = Array.from({ length: dimension }, () => random(2 * spread + 1) - spread);
    if (random(12) === 0) values[random(dimension)] = -128;
    return recordWith(rowId, first, random(9) - 4, values);
  });
}

export function recordWith(rowId: number, first: number, exponent: number, values: number[]): MadeRecord {
  const bytes = new Uint8Array(21 + values.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, rowId);
  view.setBigUint64(4, BigInt(rowId % 5));
  view.setUint32(12, rowId);
  view.setUint32(16, first);
  view.setInt8(20, exponent);
  for (const [j, value] of values.entries()) view.setInt8(21 + j, value);
  return { first, exponent, values, bytes };
}

export function joined(records: readonly MadeRecord[]): Uint8Array {
  return new Uint8Array(Buffer.concat(records.map(({ bytes }) => bytes)));
}

/** A record's exact score, undefined where it has none. */
export function naiveScore(
  query: { exponent: number; values: ArrayLike<number> },
  { exponent, values }: MadeRecord,
  e0: number,
): bigint | undefined {
  const shift = query.exponent + exponent - e0;
  if (shift < 0 || shift > 24 || values.includes(-128)) return undefined;
  let dot = 0n;
  for (const [j, value] of values.entries()) dot += BigInt(query.values[j]! * value);
  return dot << BigInt(shift);
}

/** The best rows by those scores. */
export function naiveBest(
  query: { exponent: number; values: ArrayLike<number> },
  records: readonly MadeRecord[],
  e0: number,
  limit: number,
  except: readonly number[] = [],
): { row: number; score: bigint }[] {
  const scored = records.flatMap((record, row) => {
    const score = naiveScore(query, record, e0);
    const counts = score !== undefined && score > 0n && record.first === row && !except.includes(row);
    return counts ? [{ row, score }] : [];
  });
  scored.sort((a, b) => (a.score === b.score ? a.row - b.row : a.score > b.score ? -1 : 1));
  return scored.slice(0, limit);
}
