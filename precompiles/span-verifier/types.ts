import { type AbiType, type AbiValue, array, bytes, bytes32, tuple, uint } from "../abi.ts";
import { revertWith } from "../revert.ts";

/** What a model commits of a suffix array: Solidity's `SpanCommitment`. Bounds: {@link checkCommitment}. */
export interface SpanCommitment {
  /** Merkle roots, 32 bytes: of the symbols, the positions in order of their suffixes, the ranks of the positions, the documents. */
  text: Uint8Array;
  array: Uint8Array;
  inverse: Uint8Array;
  table: Uint8Array;
  symbols: number;
  documents: number;
}

/** Neighbouring leaves of a tree and the hashes that lead to the root: Solidity's `Opening`. */
export interface Opening {
  /** The leaves one after another. */
  leaves: Uint8Array;
  /** 32 bytes each; bottom up, the left one first. */
  siblings: readonly Uint8Array[];
}

/** One entry of the array with the beginning of its suffix: Solidity's `SuffixEntry`. */
export interface SuffixEntry {
  rank: number;
  /** The leaf of the array that holds the rank. */
  array: Opening;
  /** Leaves of the text from the suffix's position on. */
  text: Opening;
}

/** Positions are 31 bits with room to spare. */
export const MAX_SYMBOLS = 2 ** 31 - 2 ** 16;
/** Longest pattern, in symbols: it keeps every proof below 12,000 bytes. */
export const MAX_PATTERN = 384;

export const COMMITMENT_TYPE: AbiType = tuple(bytes32, bytes32, bytes32, bytes32, uint(32), uint(32));
export const OPENING_TYPE: AbiType = tuple(bytes, array(bytes32));
export const OPENINGS_TYPE: AbiType = array(OPENING_TYPE);
export const ENTRY_TYPE: AbiType = tuple(uint(32), OPENING_TYPE, OPENING_TYPE);
export const ENTRIES_TYPE: AbiType = array(ENTRY_TYPE);

const invalidCommitment = revertWith("InvalidCommitment(uint256)");
const patternLength = revertWith("PatternLength(uint256)");
const patternSymbol = revertWith("PatternSymbol(uint256)");
const listLength = revertWith("ListLength(uint256,uint256)");

/** A decoded value of {@link COMMITMENT_TYPE} as the record that it is. @throws PrecompileRevert InvalidCommitment(field's position in the struct) */
export function checkCommitment(value: AbiValue): SpanCommitment {
  const [text, suffixes, inverse, table, symbols, documents] = value as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    bigint,
    bigint,
  ];
  if (symbols === 0n || symbols > BigInt(MAX_SYMBOLS)) throw invalidCommitment(4);
  if (documents === 0n || documents > symbols) throw invalidCommitment(5);
  return { text, array: suffixes, inverse, table, symbols: Number(symbols), documents: Number(documents) };
}

/** A pattern's symbols: 4 bytes each, big endian, none of them 0. @throws PrecompileRevert PatternLength, PatternSymbol */
export function checkPattern(value: AbiValue): Uint32Array {
  const given = value as Uint8Array;
  if (given.length === 0 || given.length > 4 * MAX_PATTERN || given.length % 4 !== 0) {
    throw patternLength(given.length);
  }
  const symbols = readWords(given);
  const end = symbols.indexOf(0);
  if (end >= 0) throw patternSymbol(end);
  return symbols;
}

/** Big-endian words of 4 bytes. */
export function readWords(from: Uint8Array): Uint32Array {
  const view = new DataView(from.buffer, from.byteOffset, from.byteLength);
  return Uint32Array.from({ length: from.length / 4 }, (_, i) => view.getUint32(4 * i));
}

export function toOpening(value: AbiValue): Opening {
  const [leaves, siblings] = value as readonly AbiValue[];
  return { leaves: leaves as Uint8Array, siblings: siblings as readonly Uint8Array[] };
}

/** @throws PrecompileRevert ListLength */
export function toOpenings(value: AbiValue, expected: number): Opening[] {
  const list = value as readonly AbiValue[];
  if (list.length !== expected) throw listLength(list.length, expected);
  return list.map(toOpening);
}

export function toEntry(value: AbiValue): SuffixEntry {
  const [rank, suffixes, text] = value as [bigint, AbiValue, AbiValue];
  return { rank: Number(rank), array: toOpening(suffixes), text: toOpening(text) };
}

/** An entry that may be missing: a list of none or one. @throws PrecompileRevert ListLength */
export function toOptionalEntry(value: AbiValue): SuffixEntry | undefined {
  const list = value as readonly AbiValue[];
  if (list.length > 1) throw listLength(list.length, 1);
  return list[0] === undefined ? undefined : toEntry(list[0]);
}
