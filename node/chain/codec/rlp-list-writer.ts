import { bigIntToUnpaddedBytes, writeHex } from "../../base/bytes.ts";
import { RLP_LIST, RLP_SHORT, RLP_STRING } from "./rlp.ts";

/** Room before the payload for a type and the longest prefix. */
const HEAD = 10;

/**
 * Writes one list of RLP after the other into memory of its own, without an object for each item. For code that runs to its
 * end: what {@link end} gives is overwritten by the next list.
 */
export class RlpListWriter {
  private buffer = new Uint8Array(1_024);
  private at = HEAD;

  begin(): void {
    this.at = HEAD;
  }

  /** @param value not negative. */
  integer(value: bigint): void {
    if (value < 0x80n) {
      this.room(1);
      this.buffer[this.at++] = value === 0n ? RLP_STRING : Number(value);
    } else {
      const bytes = bigIntToUnpaddedBytes(value);
      this.string(bytes, 0, bytes.length);
    }
  }

  /** A string: the bytes of `source` from `from` up to `to`. */
  string(source: Uint8Array, from = 0, to = source.length): void {
    const length = to - from;
    if (length !== 1 || source[from]! >= RLP_STRING) {
      this.room(HEAD);
      this.at = this.prefix(this.at, RLP_STRING, length);
    }
    this.encoded(source, from, to);
  }

  /** A string: the bytes of 0x-prefixed text, at most 55 of them and not only one. */
  hex(text: string): void {
    const length = (text.length - 2) / 2;
    this.room(1 + length);
    this.buffer[this.at] = RLP_STRING + length;
    writeHex(text, this.buffer, this.at + 1);
    this.at += 1 + length;
  }

  /** Where a list begins that {@link close} ends: the items between are its own. */
  open(): number {
    return this.at;
  }

  /** Makes a list of what was written since {@link open} gave `from`. */
  close(from: number): void {
    const length = this.at - from;
    const size = length <= RLP_SHORT ? 1 : 1 + lengthBytes(length);
    this.room(size);
    this.buffer.copyWithin(from + size, from, this.at);
    this.prefix(from, RLP_LIST, length);
    this.at += size;
  }

  /** Items that are encoded already. */
  encoded(source: Uint8Array, from = 0, to = source.length): void {
    const length = to - from;
    this.room(length);
    // A view costs more than a few bytes.
    if (length <= 64) for (let i = 0; i < length; i++) this.buffer[this.at + i] = source[from + i]!;
    else this.buffer.set(source.subarray(from, to), this.at);
    this.at += length;
  }

  /** The list, after `type` if one is given; shares the writer's memory. */
  end(type?: number): Uint8Array {
    const length = this.at - HEAD;
    const size = length <= RLP_SHORT ? 1 : 1 + lengthBytes(length);
    const start = HEAD - size;
    this.prefix(start, RLP_LIST, length);
    if (type === undefined) return this.buffer.subarray(start, this.at);
    this.buffer[start - 1] = type;
    return this.buffer.subarray(start - 1, this.at);
  }

  /** Writes a prefix at `at` and gives the place after it. */
  private prefix(at: number, base: number, length: number): number {
    if (length <= RLP_SHORT) {
      this.buffer[at] = base + length;
      return at + 1;
    }
    const count = lengthBytes(length);
    this.buffer[at] = base + RLP_SHORT + count;
    for (let i = count, rest = length; i > 0; i--, rest = Math.floor(rest / 256))
      this.buffer[at + i] = rest % 256;
    return at + 1 + count;
  }

  private room(bytes: number): void {
    const end = this.at + bytes;
    if (end <= this.buffer.length) return;
    const larger = new Uint8Array(Math.max(end, this.buffer.length * 2));
    larger.set(this.buffer.subarray(0, this.at));
    this.buffer = larger;
  }
}

function lengthBytes(length: number): number {
  let count = 0;
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) count++;
  return count;
}
