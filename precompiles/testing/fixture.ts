import { bytesToHex, concatBytes } from "@ethereumjs/util";
import { keccak256 } from "../../node/chain/crypto.ts";
import type { Hex } from "../../node/chain/types/primitives.ts";

/** An attribution index with its tree, and a claim about it: what the tests of verifier, twin and market are fed with. */

export interface IndexParameters {
  rows: number;
  dimension: number;
  topK: number;
  floor: bigint;
  /** Contributions that the rows are of. */
  contributions: number;
  seed: number;
  /** A part of the rows repeats an earlier row or is skipped. */
  repeats?: boolean;
  spans?: Hex;
}

export interface IndexArgument {
  root: Hex;
  rows: number;
  dimension: number;
  e0: number;
  floor: bigint;
  topK: number;
  spans: Hex;
}

export interface ListArgument {
  rowIds: number[];
  scores: bigint[];
  gains: number[];
  floor: bigint;
  contributionIds: bigint[];
  weights: bigint[];
}

export interface IndexFixture {
  index: IndexArgument;
  records: Uint8Array[];
  paths: Uint8Array[][];
  query: Uint8Array;
  list: ListArgument;
}

export const NO_SPANS: Hex = `0x${"00".repeat(32)}`;
/** Bytes of a record before its values. */
export const RECORD_HEAD = 21;

/** Mulberry32: a small seeded generator of numbers in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** All levels of the tree, leaves first. */
function treeLevels(records: readonly Uint8Array[]): Uint8Array[][] {
  let level = records.map((record) => keccak256(concatBytes(Uint8Array.of(0), record)));
  while ((level.length & (level.length - 1)) !== 0) level.push(new Uint8Array(32));
  const levels = [level];
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      above.push(keccak256(concatBytes(Uint8Array.of(1), level[i]!, level[i + 1]!)));
    }
    level = above;
    levels.push(level);
  }
  return levels;
}

/** Straight from the definitions, with bigints: nothing here shares code with the precompile. */
export function referenceScore(record: Uint8Array, query: Uint8Array, e0: number): bigint {
  const i8 = (byte: number) => (byte << 24) >> 24;
  const k = (query.length - 1) / 2;
  let dot = 0n;
  for (let i = 0; i < k; i++) {
    const q = ((query[1 + 2 * i]! << 24) >> 16) | query[2 + 2 * i]!;
    dot += BigInt(q) * BigInt(i8(record[RECORD_HEAD + i]!));
  }
  const shift = i8(query[0]!) + i8(record[20]!) - e0;
  if (shift < 0 || shift > 24) throw new Error(`shift ${shift}`);
  return dot * 2n ** BigInt(shift);
}

/** A random record; with `repeats`, one of four is skipped or repeats row 0. */
function makeRecord(
  rowId: number,
  { dimension, contributions, repeats = false }: IndexParameters,
  whole: (bound: number) => number,
): Uint8Array {
  const record = new Uint8Array(RECORD_HEAD + dimension);
  const view = new DataView(record.buffer);
  view.setUint32(0, rowId);
  view.setBigUint64(4, BigInt(1 + whole(contributions)));
  view.setUint32(12, rowId);
  const out = repeats && rowId > 0 && whole(4) === 0;
  view.setUint32(16, out ? (whole(2) === 0 ? 0 : 0xffffffff) : rowId);
  view.setInt8(20, whole(5) - 2);
  for (let i = 0; i < dimension; i++) view.setInt8(RECORD_HEAD + i, whole(255) - 127);
  return record;
}

/** Builds a random index, a random query and the list that is true of them. */
export function makeIndex(parameters: IndexParameters): IndexFixture {
  const random = seededRandom(parameters.seed);
  const whole = (bound: number) => Math.floor(random() * bound);
  const { rows, dimension, floor, topK, spans = NO_SPANS } = parameters;
  const records = Array.from({ length: rows }, (_, rowId) => makeRecord(rowId, parameters, whole));
  const query = new Uint8Array(1 + 2 * dimension);
  const view = new DataView(query.buffer);
  view.setInt8(0, whole(5) - 2);
  for (let i = 0; i < dimension; i++) view.setInt16(1 + 2 * i, whole(65535) - 32767);
  const levels = treeLevels(records);
  const paths = records.map((_, rowId) =>
    levels.slice(0, -1).map((level, depth) => level[(rowId >> depth) ^ 1]!),
  );
  const index = { root: bytesToHex(levels.at(-1)![0]!), rows, dimension, e0: -6, floor, topK, spans };
  const gains = records.map(() => (spans === NO_SPANS ? 16 : whole(17)));
  return { index, records, paths, query, list: trueList(index, records, query, gains) };
}

/** Straight from the definitions: nothing here shares code with the precompile. */
function trueList(
  index: IndexArgument,
  records: readonly Uint8Array[],
  query: Uint8Array,
  gains: readonly number[],
): ListArgument {
  const best = records
    .map((record, rowId) => {
      const score = referenceScore(record, query, index.e0);
      const gain = gains[rowId]!;
      const counted = score > 0n ? score : index.spans === NO_SPANS ? 0n : 1n;
      const head = new DataView(record.buffer, record.byteOffset);
      const plays = head.getUint32(16) === rowId;
      return { rowId, score, gain, key: plays ? counted * BigInt(gain) : 0n, of: head.getBigUint64(4) };
    })
    .filter(({ key }) => key > 0n)
    .sort((a, b) => (a.key === b.key ? a.rowId - b.rowId : a.key > b.key ? -1 : 1))
    .slice(0, index.topK);
  const eighth = (best[0]?.key ?? 0n) / 8n;
  const floor = eighth > index.floor ? eighth : index.floor;
  const contributionIds: bigint[] = [];
  const weights: bigint[] = [];
  for (const { key, of } of best) {
    if (key <= floor) continue;
    if (!contributionIds.includes(of)) {
      contributionIds.push(of);
      weights.push(0n);
    }
    weights[contributionIds.indexOf(of)]! += key - floor;
  }
  return {
    rowIds: best.map(({ rowId }) => rowId),
    scores: best.map(({ score }) => score),
    gains: best.map(({ gain }) => gain),
    floor,
    contributionIds,
    weights,
  };
}

/** Records and paths of a claim's rows as viem takes them. */
export function evidenceOf(fixture: IndexFixture): { records: Hex[]; paths: Hex[][] } {
  const { rowIds } = fixture.list;
  return {
    records: rowIds.map((rowId) => bytesToHex(fixture.records[rowId]!)),
    paths: rowIds.map((rowId) => fixture.paths[rowId]!.map((hash) => bytesToHex(hash))),
  };
}
