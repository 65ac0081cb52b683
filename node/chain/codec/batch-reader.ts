import { MAX_UINT64 } from "../../base/bigint.ts";
import type { CodedError } from "../../base/errors.ts";
import { chainError } from "../errors.ts";
import { MAX_SPAN_BATCH_ELEMENTS } from "../rules/chain-spec.ts";

/** An error that spoils the batch and, in a channel, everything after it. */
export function batchInvalid(reason: string, facts: Record<string, unknown> = {}): CodedError {
  return chainError("BATCH_INVALID", { message: `Batch: ${reason}.`, facts });
}

/** Reads a span batch's fields one after the other. Every method throws CodedError `BATCH_INVALID` at the end of the data. */
export class BatchReader {
  private readonly data: Uint8Array;
  private offset = 0;

  constructor(data: Uint8Array) {
    this.data = data;
  }

  /** The next `length` bytes, shared with the input. */
  bytes(length: number): Uint8Array {
    const end = this.offset + length;
    if (end > this.data.length) throw batchInvalid("cut off", { offset: this.offset, length });
    const bytes = this.data.subarray(this.offset, end);
    this.offset = end;
    return bytes;
  }

  /** LEB128 as Go's `binary.ReadUvarint` reads it: at most 10 bytes, not necessarily the shortest form. */
  uvarint(): bigint {
    let value = 0n;
    for (let i = 0; i < 10; i++) {
      const byte = this.bytes(1)[0]!;
      value |= BigInt(byte & 0x7f) << BigInt(7 * i);
      if (byte < 0x80) {
        if (value > MAX_UINT64) break;
        return value;
      }
    }
    throw batchInvalid("a varint exceeds 64 bits", { offset: this.offset });
  }

  /** A varint that counts things in memory. */
  count(what: string): number {
    const value = this.uvarint();
    if (value > BigInt(MAX_SPAN_BATCH_ELEMENTS)) throw batchInvalid(`too many ${what}`, { count: value });
    return Number(value);
  }

  bitlist(length: number): Bitlist {
    const bytes = this.bytes(Math.ceil(length / 8));
    const spare = bytes.length * 8 - length;
    if (spare > 0 && bytes[0]! >> (8 - spare) !== 0)
      throw batchInvalid("a bit beyond the list's end is set", { length });
    return new Bitlist(length, bytes);
  }

  /**
   * One transaction's data: an optional EIP-2718 type byte and an RLP list, whose content is not looked at here.
   * `type` is 0 for a legacy transaction.
   */
  transactionData(): { type: number; data: Uint8Array } {
    const start = this.offset;
    const first = this.bytes(1)[0]!;
    const type = first <= 0x7f ? first : 0;
    if (first > 0x7f) this.offset = start;
    this.bytes(this.listLength());
    return { type, data: this.data.subarray(start, this.offset) };
  }

  /** Reads an RLP list's prefix and gives its payload's length. */
  private listLength(): number {
    const prefix = this.bytes(1)[0]!;
    if (prefix < 0xc0) throw batchInvalid("transaction data is not an RLP list", { prefix });
    if (prefix <= 0xf7) return prefix - 0xc0;
    const lengthBytes = this.bytes(prefix - 0xf7);
    if (lengthBytes[0] === 0) throw batchInvalid("an RLP length has leading zeros");
    let length = 0;
    for (const byte of lengthBytes) length = length * 256 + byte;
    if (length < 56) throw batchInvalid("an RLP length is not in its shortest form", { length });
    if (length > MAX_SPAN_BATCH_ELEMENTS - 1 - lengthBytes.length)
      throw batchInvalid("transaction data is too long", { length });
    return length;
  }
}

/** Bits as one big-endian integer, left padded to whole bytes; bit i of the integer belongs to element i. */
export class Bitlist {
  readonly bytes: Uint8Array;
  readonly length: number;

  constructor(length: number, bytes: Uint8Array = new Uint8Array(Math.ceil(length / 8))) {
    this.length = length;
    this.bytes = bytes;
  }

  static from(bits: readonly boolean[]): Bitlist {
    const list = new Bitlist(bits.length);
    bits.forEach((bit, index) => {
      if (bit) list.bytes[list.byteOf(index)]! |= 1 << (index & 7);
    });
    return list;
  }

  get(index: number): boolean {
    return ((this.bytes[this.byteOf(index)]! >> (index & 7)) & 1) === 1;
  }

  private byteOf(index: number): number {
    return this.bytes.length - 1 - (index >> 3);
  }
}

/** The shortest LEB128 form of an unsigned 64-bit number. */
export function encodeUvarint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
