import { MAX_UINT64, MAX_UINT256 } from "../base/bigint.ts";
import { hexToBytes } from "../base/bytes.ts";
import type { Address, Hash, Hex } from "../chain/types/primitives.ts";
import { invalidArgument } from "./errors.ts";

const HEX_DATA = /^0x([0-9a-fA-F]{2})*$/;
const HEX_QUANTITY = /^0x(0|[1-9a-fA-F][0-9a-fA-F]*)$/;

function text(value: unknown, index: number, what: string): string {
  if (typeof value === "string") return value;
  throw invalidArgument(index, value === undefined ? `missing ${what}` : `${what} must be a string`);
}

/** Bytes as 0x-prefixed hex. */
export function dataParam(value: unknown, index: number, what = "data"): Uint8Array {
  const given = text(value, index, what);
  try {
    return hexToBytes(given);
  } catch {
    throw invalidArgument(index, `${what} is not 0x-prefixed hex of whole bytes`);
  }
}

function fixedParam(value: unknown, index: number, what: string, bytes: number): Hex {
  const given = text(value, index, what);
  if (!HEX_DATA.test(given)) throw invalidArgument(index, `${what} is not 0x-prefixed hex`);
  if (given.length !== 2 + 2 * bytes) {
    throw invalidArgument(index, `hex string has length ${given.length - 2}, want ${2 * bytes} for ${what}`);
  }
  return given.toLowerCase() as Hex;
}

export function hashParam(value: unknown, index: number): Hash {
  return fixedParam(value, index, "hash", 32);
}

export function addressParam(value: unknown, index: number): Address {
  return fixedParam(value, index, "address", 20);
}

/** Quantity up to 2^256 - 1. */
export function quantityParam(value: unknown, index: number, what = "quantity"): bigint {
  const given = text(value, index, what);
  if (!HEX_QUANTITY.test(given)) {
    throw invalidArgument(index, `${what} is not a hex quantity without leading zeros`);
  }
  const number = BigInt(given);
  if (number > MAX_UINT256) throw invalidArgument(index, `${what} exceeds 256 bits`);
  return number;
}

export function uint64Param(value: unknown, index: number, what = "quantity"): bigint {
  const number = quantityParam(value, index, what);
  if (number > MAX_UINT64) throw invalidArgument(index, `${what} exceeds 64 bits`);
  return number;
}

/** A storage slot: up to 32 bytes, left-padded, as geth takes it. */
export function slotParam(value: unknown, index: number): Hash {
  const given = text(value, index, "storage key");
  const digits = given.startsWith("0x") ? given.slice(2) : given;
  if (!/^[0-9a-fA-F]*$/.test(digits)) throw invalidArgument(index, "storage key is not hex");
  if (digits.length > 64) throw invalidArgument(index, "storage key too long (want at most 32 bytes)");
  return `0x${digits.toLowerCase().padStart(64, "0")}`;
}

export function booleanParam(value: unknown, index: number, what: string): boolean {
  if (typeof value === "boolean") return value;
  throw invalidArgument(index, `${what} must be true or false`);
}

/** A JSON object. */
export function objectParam(value: unknown, index: number, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw invalidArgument(index, value === undefined ? `missing ${what}` : `${what} must be an object`);
}

export function arrayParam(value: unknown, index: number, what: string, most: number): readonly unknown[] {
  if (!Array.isArray(value)) throw invalidArgument(index, `${what} must be an array`);
  if (value.length > most) throw invalidArgument(index, `${what} has more than ${most} items`);
  return value;
}

export type BlockTag = "latest" | "pending" | "safe" | "finalized" | "earliest";
/** What a request names as its block. */
export type BlockParam = { tag: BlockTag } | { number: bigint } | { hash: Hash; requireCanonical: boolean };

const TAGS: readonly string[] = ["latest", "pending", "safe", "finalized", "earliest"];
const MAX_INT64 = MAX_UINT64 >> 1n;

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/** Number or tag, absent means latest: where geth takes no hash. */
export function blockNumberParam(value: unknown, index: number): { tag: BlockTag } | { number: bigint } {
  if (isAbsent(value)) return { tag: "latest" };
  const given = text(value, index, "block");
  if (TAGS.includes(given)) return { tag: given as BlockTag };
  const number = uint64Param(given, index, "block number");
  if (number > MAX_INT64) throw invalidArgument(index, "block number larger than int64");
  return { number };
}

/** Number, tag, hash, or the object of EIP-1898 with any of them, as geth takes it; absent means latest. */
export function blockParam(value: unknown, index: number): BlockParam {
  if (isAbsent(value)) return { tag: "latest" };
  if (typeof value === "object") return blockObject(objectParam(value, index, "block"), index);
  const given = text(value, index, "block");
  if (given.length !== 66) return blockNumberParam(given, index);
  return { hash: hashParam(given, index), requireCanonical: false };
}

function blockObject(object: Record<string, unknown>, index: number): BlockParam {
  const { blockNumber, blockHash, requireCanonical } = object;
  const canonical = isAbsent(requireCanonical)
    ? false
    : booleanParam(requireCanonical, index, "requireCanonical");
  if (!isAbsent(blockHash)) {
    if (isAbsent(blockNumber)) return { hash: hashParam(blockHash, index), requireCanonical: canonical };
    throw invalidArgument(index, "cannot specify both BlockHash and BlockNumber, choose one or the other");
  }
  if (isAbsent(blockNumber)) throw invalidArgument(index, "neither blockNumber nor blockHash is given");
  return blockNumberParam(blockNumber, index);
}
