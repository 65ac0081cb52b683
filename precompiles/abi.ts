import type { Address } from "../node/chain/types/primitives.ts";

/**
 * Contract ABI, strict: only the canonical encoding decodes (every offset is where the encoder puts it, padding is zero, no
 * byte is left over). Sizes then follow from the input's length, and work is linear in it.
 */
export type AbiType =
  | { readonly kind: "uint" | "int"; readonly bits: number }
  | { readonly kind: "address" | "bytes32" | "bytes" }
  | { readonly kind: "array"; readonly of: AbiType }
  | { readonly kind: "tuple"; readonly fields: readonly AbiType[] };

/** uint and int: bigint. address: lower-case hex. bytes32, bytes: Uint8Array. array, tuple: list. */
export type AbiValue = bigint | Address | Uint8Array | readonly AbiValue[];

export const uint = (bits: number): AbiType => ({ kind: "uint", bits });
export const int = (bits: number): AbiType => ({ kind: "int", bits });
export const address: AbiType = { kind: "address" };
export const bytes32: AbiType = { kind: "bytes32" };
export const bytes: AbiType = { kind: "bytes" };
export const array = (of: AbiType): AbiType => ({ kind: "array", of });
export const tuple = (...fields: AbiType[]): AbiType => ({ kind: "tuple", fields });

/** The input is not the canonical encoding of its type. */
export class AbiInputError extends Error {}

const WORD = 32;

function isDynamic(type: AbiType): boolean {
  if (type.kind === "tuple") return type.fields.some(isDynamic);
  return type.kind === "bytes" || type.kind === "array";
}

/** Bytes that a value of `type` takes in the head of the enclosing sequence. */
function headSize(type: AbiType): number {
  if (isDynamic(type) || type.kind !== "tuple") return WORD;
  return type.fields.reduce((sum, field) => sum + headSize(field), 0);
}

/** Fewest bytes that a value of `type` takes in all, its head slot included. */
function leastSize(type: AbiType): number {
  if (!isDynamic(type)) return headSize(type);
  if (type.kind === "tuple") return type.fields.reduce((sum, field) => sum + leastSize(field), WORD);
  return 2 * WORD;
}

/** Reads `data` from `start` on as the fields of `types`. @throws AbiInputError unless the whole rest is their canonical encoding. */
export function decodeAbi(types: readonly AbiType[], data: Uint8Array, start = 0): AbiValue[] {
  const reader = new AbiReader(data);
  const { values, end } = reader.sequence(types, start);
  if (end !== data.length) throw new AbiInputError("bytes after the end");
  return values;
}

class AbiReader {
  private readonly data: Uint8Array;
  private readonly view: DataView;

  constructor(data: Uint8Array) {
    this.data = data;
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  sequence(types: readonly AbiType[], base: number): { values: AbiValue[]; end: number } {
    let head = base;
    let end = base + types.reduce((sum, type) => sum + headSize(type), 0);
    if (end > this.data.length) throw new AbiInputError("input ends in a head");
    const values: AbiValue[] = [];
    for (const type of types) {
      if (isDynamic(type)) {
        if (this.size(head) !== end - base) throw new AbiInputError("offset is not canonical");
        const item = this.dynamic(type, end);
        values.push(item.value);
        end = item.end;
      } else {
        values.push(this.fixed(type, head));
      }
      head += headSize(type);
    }
    return { values, end };
  }

  private dynamic(type: AbiType, at: number): { value: AbiValue; end: number } {
    if (type.kind === "tuple") {
      const { values, end } = this.sequence(type.fields, at);
      return { value: values, end };
    }
    if (at + WORD > this.data.length) throw new AbiInputError("input ends before a length");
    const length = this.size(at);
    const body = at + WORD;
    if (type.kind === "array") {
      if (length * leastSize(type.of) > this.data.length - body) throw new AbiInputError("array is too long");
      const { values, end } = this.sequence(new Array<AbiType>(length).fill(type.of), body);
      return { value: values, end };
    }
    const end = body + Math.ceil(length / WORD) * WORD;
    if (end > this.data.length) throw new AbiInputError("bytes are too long");
    for (let i = body + length; i < end; i++) {
      if (this.data[i] !== 0) throw new AbiInputError("padding is not zero");
    }
    return { value: this.data.subarray(body, body + length), end };
  }

  private fixed(type: AbiType, at: number): AbiValue {
    switch (type.kind) {
      case "tuple":
        return this.sequence(type.fields, at).values;
      case "bytes32":
        return this.data.subarray(at, at + WORD);
      case "address": {
        const value = this.word(at);
        if (value >> 160n !== 0n) throw new AbiInputError("address is too large");
        return `0x${value.toString(16).padStart(40, "0")}`;
      }
      case "uint": {
        const value = this.word(at);
        if (type.bits < 256 && value >> BigInt(type.bits) !== 0n)
          throw new AbiInputError("uint is too large");
        return value;
      }
      case "int": {
        const value = BigInt.asIntN(256, this.word(at));
        if (BigInt.asIntN(type.bits, value) !== value) throw new AbiInputError("int is out of range");
        return value;
      }
      default:
        throw new AbiInputError(`${type.kind} is not of fixed size`);
    }
  }

  private word(at: number): bigint {
    const view = this.view;
    return (
      (view.getBigUint64(at) << 192n) |
      (view.getBigUint64(at + 8) << 128n) |
      (view.getBigUint64(at + 16) << 64n) |
      view.getBigUint64(at + 24)
    );
  }

  /** An offset or a length: above the input's size it is refused, so it always fits a number. */
  private size(at: number): number {
    const value = this.word(at);
    if (value > BigInt(this.data.length)) throw new AbiInputError("offset or length is too large");
    return Number(value);
  }
}

/** The canonical encoding of `values` as the fields of `types`, behind `prefix` (a selector) if there is one. */
export function encodeAbi(
  types: readonly AbiType[],
  values: readonly AbiValue[],
  prefix: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const parts: Uint8Array[] = [prefix];
  encodeSequence(types, values, parts);
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function encodeSequence(types: readonly AbiType[], values: readonly AbiValue[], out: Uint8Array[]): void {
  let offset = types.reduce((sum, type) => sum + headSize(type), 0);
  const tails: Uint8Array[] = [];
  for (const [i, type] of types.entries()) {
    const value = values[i] as AbiValue;
    if (!isDynamic(type)) {
      encodeValue(type, value, out);
      continue;
    }
    out.push(word(BigInt(offset)));
    const before = tails.length;
    encodeValue(type, value, tails);
    offset += tails.slice(before).reduce((sum, part) => sum + part.length, 0);
  }
  out.push(...tails);
}

function encodeValue(type: AbiType, value: AbiValue, out: Uint8Array[]): void {
  switch (type.kind) {
    case "tuple":
      encodeSequence(type.fields, value as readonly AbiValue[], out);
      return;
    case "array": {
      const items = value as readonly AbiValue[];
      out.push(word(BigInt(items.length)));
      encodeSequence(new Array<AbiType>(items.length).fill(type.of), items, out);
      return;
    }
    case "bytes": {
      const content = value as Uint8Array;
      const padded = new Uint8Array(Math.ceil(content.length / WORD) * WORD);
      padded.set(content);
      out.push(word(BigInt(content.length)), padded);
      return;
    }
    case "bytes32":
      out.push(value as Uint8Array);
      return;
    default:
      out.push(word(BigInt(value as bigint | Address)));
  }
}

/** 32 bytes, big endian, two's complement. */
function word(value: bigint): Uint8Array {
  const out = new Uint8Array(WORD);
  const view = new DataView(out.buffer);
  const bits = BigInt.asUintN(256, value);
  view.setBigUint64(0, bits >> 192n);
  view.setBigUint64(8, BigInt.asUintN(64, bits >> 128n));
  view.setBigUint64(16, BigInt.asUintN(64, bits >> 64n));
  view.setBigUint64(24, BigInt.asUintN(64, bits));
  return out;
}
