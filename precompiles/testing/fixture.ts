import { bytesToHex, concatBytes } from "@ethereumjs/util";
import { keccak256 } from "../../node/chain/crypto.ts";
import type { Address, Hex } from "../../node/chain/types/primitives.ts";

/** An attribution index with its tree, and a claim about it: what the tests of verifier, twin and market are fed with. */

export interface IndexParameters {
  rows: number;
  dimension: number;
  topK: number;
  floor: bigint;
  contributors: number;
  seed: number;
}

export interface IndexArgument {
  root: Hex;
  rows: number;
  dimension: number;
  groups: number;
  e0: number;
  floor: bigint;
  topK: number;
}

export interface ClaimArgument {
  query: Hex;
  rowIds: number[];
  scores: bigint[];
  contributors: Address[];
  weights: bigint[];
}

export interface IndexFixture {
  index: IndexArgument;
  records: Uint8Array[];
  paths: Uint8Array[][];
  query: Uint8Array;
  claim: ClaimArgument;
}

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

function contributorAddress(i: number): Address {
  return `0x${(0xc0ffee00 + i).toString(16).padStart(40, "0")}`;
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
    dot += BigInt(q) * BigInt(i8(record[57 + i]!));
  }
  const shift = i8(query[0]!) + i8(record[56]!) - e0;
  if (shift < 0 || shift > 24) throw new Error(`shift ${shift}`);
  return dot * 2n ** BigInt(shift);
}

/** Builds a random index, a random query and the claim that is true of them. */
export function makeIndex(parameters: IndexParameters): IndexFixture {
  const random = seededRandom(parameters.seed);
  const whole = (bound: number) => Math.floor(random() * bound);
  const { dimension } = parameters;
  const records = Array.from({ length: parameters.rows }, (_, rowId) => {
    const record = new Uint8Array(57 + dimension);
    const view = new DataView(record.buffer);
    view.setUint32(0, rowId);
    record.set(keccak256(Uint8Array.of(rowId & 255, rowId >> 8)), 4);
    const owner = contributorAddress(whole(parameters.contributors));
    record.set(Buffer.from(owner.slice(2), "hex"), 36);
    view.setInt8(56, whole(5) - 2);
    for (let i = 0; i < dimension; i++) view.setInt8(57 + i, whole(255) - 127);
    return record;
  });
  const query = new Uint8Array(1 + 2 * dimension);
  const view = new DataView(query.buffer);
  view.setInt8(0, whole(5) - 2);
  for (let i = 0; i < dimension; i++) view.setInt16(1 + 2 * i, whole(65535) - 32767);
  const levels = treeLevels(records);
  const paths = records.map((_, rowId) =>
    levels.slice(0, -1).map((level, depth) => level[(rowId >> depth) ^ 1]!),
  );
  const index: IndexArgument = {
    root: bytesToHex(levels.at(-1)![0]!),
    rows: parameters.rows,
    dimension,
    groups: 1,
    e0: -6,
    floor: parameters.floor,
    topK: parameters.topK,
  };
  return { index, records, paths, query, claim: trueClaim(index, records, query) };
}

function trueClaim(index: IndexArgument, records: readonly Uint8Array[], query: Uint8Array): ClaimArgument {
  const best = records
    .map((record, rowId) => ({ rowId, record, score: referenceScore(record, query, index.e0) }))
    .sort((a, b) => (a.score === b.score ? a.rowId - b.rowId : a.score > b.score ? -1 : 1))
    .slice(0, index.topK);
  const contributors: Address[] = [];
  const weights: bigint[] = [];
  for (const { record, score } of best) {
    if (score <= index.floor) continue;
    const owner = bytesToHex(record.subarray(36, 56));
    if (!contributors.includes(owner)) {
      contributors.push(owner);
      weights.push(0n);
    }
    weights[contributors.indexOf(owner)]! += score - index.floor;
  }
  return {
    query: bytesToHex(query),
    rowIds: best.map(({ rowId }) => rowId),
    scores: best.map(({ score }) => score),
    contributors,
    weights,
  };
}

/** Records and paths of a claim's rows as viem takes them. */
export function evidenceOf(fixture: IndexFixture): { records: Hex[]; paths: Hex[][] } {
  const { rowIds } = fixture.claim;
  return {
    records: rowIds.map((rowId) => bytesToHex(fixture.records[rowId]!)),
    paths: rowIds.map((rowId) => fixture.paths[rowId]!.map((hash) => bytesToHex(hash))),
  };
}
