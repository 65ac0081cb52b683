import { type AbiType, type AbiValue, array, bytes, bytes32, int, tuple, uint } from "../abi.ts";

/** What a model commits of its index: Solidity's `IndexCommitment`. Bounds: checkIndex in form.ts. */
export interface IndexCommitment {
  /** Merkle root over the records, 32 bytes. */
  root: Uint8Array;
  rows: number;
  /** Values in a sketch (k). */
  dimension: number;
  /** Exponent of a score's unit. */
  e0: number;
  /** Key that earns nothing. */
  floor: bigint;
  /** Rows that a claim lists at most (K). */
  topK: number;
  /** Commitment to the span index, 32 bytes; zero if the model has none. */
  spans: Uint8Array;
}

/** Which rows a host says made an answer: Solidity's `InfluenceList`. */
export interface InfluenceList {
  /** At most min(K, rows) of them: key descending, ties lower row id. */
  rowIds: readonly number[];
  scores: readonly bigint[];
  /** Sixteenths of each score that count. */
  gains: readonly number[];
  floor: bigint;
  contributionIds: readonly bigint[];
  weights: readonly bigint[];
}

export const INDEX_ABI = "(bytes32,uint32,uint16,int16,uint64,uint8,bytes32)";
export const LIST_ABI = "(uint32[],int64[],uint8[],uint64,uint64[],uint256[])";

export const INDEX_TYPE: AbiType = tuple(bytes32, uint(32), uint(16), int(16), uint(64), uint(8), bytes32);
export const LIST_TYPE: AbiType = tuple(
  array(uint(32)),
  array(int(64)),
  array(uint(8)),
  uint(64),
  array(uint(64)),
  array(uint(256)),
);
export const RECORDS_TYPE: AbiType = array(bytes);
export const PATHS_TYPE: AbiType = array(array(bytes32));

/** A decoded value of {@link INDEX_TYPE} as the record that it is. */
export function toIndex(value: AbiValue): IndexCommitment {
  const [root, rows, dimension, e0, floor, topK, spans] = value as readonly AbiValue[];
  return {
    root: root as Uint8Array,
    rows: Number(rows),
    dimension: Number(dimension),
    e0: Number(e0),
    floor: floor as bigint,
    topK: Number(topK),
    spans: spans as Uint8Array,
  };
}

/** A decoded value of {@link LIST_TYPE} as the record that it is. */
export function toList(value: AbiValue): InfluenceList {
  const [rowIds, scores, gains, floor, contributionIds, weights] = value as readonly AbiValue[];
  return {
    rowIds: (rowIds as readonly bigint[]).map(Number),
    scores: scores as readonly bigint[],
    gains: (gains as readonly bigint[]).map(Number),
    floor: floor as bigint,
    contributionIds: contributionIds as readonly bigint[],
    weights: weights as readonly bigint[],
  };
}

export function hasSpans(index: IndexCommitment): boolean {
  return index.spans.some((byte) => byte !== 0);
}
