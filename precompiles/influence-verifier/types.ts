import type { Address } from "../../node/chain/types/primitives.ts";
import { type AbiType, type AbiValue, address, array, bytes, bytes32, int, tuple, uint } from "../abi.ts";

/** What a model commits of its index: Solidity's `IndexCommitment`. Bounds: checkIndex in form.ts. */
export interface IndexCommitment {
  /** Merkle root over the records, 32 bytes. */
  root: Uint8Array;
  rows: number;
  /** Values in a sketch (k). */
  dimension: number;
  /** Scale groups; 1. */
  groups: number;
  /** Exponent of a score's unit. */
  e0: number;
  /** Score that earns nothing. */
  floor: bigint;
  /** Rows that a claim lists (K). */
  topK: number;
}

/** What a host says an answer's training examples were: Solidity's `InfluenceClaim`. */
export interface InfluenceClaim {
  /** exponent i8 | int16[k], big endian. */
  query: Uint8Array;
  /** min(K, rows) of them: score descending, ties lower row id. */
  rowIds: readonly number[];
  scores: readonly bigint[];
  contributors: readonly Address[];
  weights: readonly bigint[];
}

export const INDEX_TYPE: AbiType = tuple(bytes32, uint(32), uint(16), uint(8), int(16), uint(64), uint(8));
export const CLAIM_TYPE: AbiType = tuple(
  bytes,
  array(uint(32)),
  array(int(64)),
  array(address),
  array(uint(256)),
);
export const RECORDS_TYPE: AbiType = array(bytes);
export const PATHS_TYPE: AbiType = array(array(bytes32));

/** A decoded value of {@link INDEX_TYPE} as the record that it is. */
export function toIndex(value: AbiValue): IndexCommitment {
  const [root, rows, dimension, groups, e0, floor, topK] = value as [Uint8Array, ...bigint[]];
  return {
    root,
    rows: Number(rows),
    dimension: Number(dimension),
    groups: Number(groups),
    e0: Number(e0),
    floor: floor as bigint,
    topK: Number(topK),
  };
}

/** A decoded value of {@link CLAIM_TYPE} as the record that it is. */
export function toClaim(value: AbiValue): InfluenceClaim {
  const [query, rowIds, scores, contributors, weights] = value as readonly AbiValue[];
  return {
    query: query as Uint8Array,
    rowIds: (rowIds as readonly bigint[]).map(Number),
    scores: scores as readonly bigint[],
    contributors: contributors as readonly Address[],
    weights: weights as readonly bigint[],
  };
}
