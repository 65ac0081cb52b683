import type { CodedError } from "../../base/errors.ts";
import { chainError } from "../errors.ts";

/** What RLP can hold: byte strings and lists of them, to any depth. */
export type RlpItem = Uint8Array | readonly RlpItem[];

export interface RlpLimits {
  /** Lists within lists that are still read; 1: a list of strings. */
  maxDepth?: number;
  /** Strings and lists in all. */
  maxItems?: number;
}

/** Enough for all that the chain writes: a block's body holds lists of 5 levels. */
const DEFAULT_DEPTH = 32;
const DEFAULT_ITEMS = 10_000_000;

/** The first prefix of strings, and that of lists. */
export const RLP_STRING = 0x80;
export const RLP_LIST = 0xc0;
/** Longest payload whose length fits into the prefix byte. */
export const RLP_SHORT = 55;

function invalid(reason: string, at: number): CodedError {
  return chainError("RLP_INVALID", { message: `RLP: ${reason}.`, facts: { at } });
}

/**
 * Walks over RLP without copying: each call reads the next item between here and the end. Strict as go-ethereum's rlp:
 * lengths in their shortest form only, a byte below 0x80 only as itself. Every method throws CodedError `RLP_INVALID`.
 */
export class RlpReader {
  readonly data: Uint8Array;
  /** Where the next item begins. */
  at: number;
  readonly end: number;
  /** Of the item that was read last: where its payload begins; it ends at {@link at}. */
  payload = 0;

  constructor(data: Uint8Array, at = 0, end = data.length) {
    this.data = data;
    this.at = at;
    this.end = end;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  /** True if the next item is a list. */
  get isList(): boolean {
    if (this.at >= this.end) throw invalid("an item is missing", this.at);
    return this.data[this.at]! >= RLP_LIST;
  }

  /** Passes over the next item; {@link payload} says where its content lies. */
  skip(): void {
    const { data, at, end } = this;
    if (at >= end) throw invalid("an item is missing", at);
    const prefix = data[at]!;
    if (prefix < RLP_STRING) {
      this.payload = at;
      this.at = at + 1;
      return;
    }
    const base = prefix < RLP_LIST ? RLP_STRING : RLP_LIST;
    let start = at + 1;
    let length = prefix - base;
    if (length > RLP_SHORT) {
      const count = length - RLP_SHORT;
      length = this.longLength(start, count);
      start += count;
    }
    if (length > end - start) throw invalid("an item reaches beyond its end", at);
    if (base === RLP_STRING && length === 1 && data[start]! < RLP_STRING)
      throw invalid("a small byte is not written as itself", at);
    this.payload = start;
    this.at = start + length;
  }

  private longLength(start: number, count: number): number {
    const { data, end } = this;
    if (count > end - start) throw invalid("a length is cut off", start);
    if (data[start] === 0) throw invalid("a length has a leading zero byte", start);
    // More than any array holds, and no longer an exact number.
    if (count > 6) throw invalid("an item reaches beyond its end", start);
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + data[start + i]!;
    if (length <= RLP_SHORT) throw invalid("a length is not in its shortest form", start);
    return length;
  }

  /** Passes over the next item, which is a string, and gives its length. */
  skipBytes(): number {
    if (this.isList) throw invalid("a list stands where bytes belong", this.at);
    this.skip();
    return this.at - this.payload;
  }

  /** The next item, which is a string; shares memory. */
  bytes(): Uint8Array {
    this.skipBytes();
    return this.data.subarray(this.payload, this.at);
  }

  /** A reader of the next item, which is a list. */
  list(): RlpReader {
    if (!this.isList) throw invalid("bytes stand where a list belongs", this.at);
    this.skip();
    return new RlpReader(this.data, this.payload, this.at);
  }

  /** Nothing may be left. */
  finish(): void {
    if (this.at < this.end) throw invalid("there are bytes after the end", this.at);
  }
}

/** Reads one item, with its lists below `depth` more levels. */
function readItem(reader: RlpReader, depth: number, left: { items: number }): RlpItem {
  if (--left.items < 0) throw invalid("too many items", reader.at);
  if (!reader.isList) return reader.bytes();
  if (depth === 0) throw invalid("lists are nested too deep", reader.at);
  const inner = reader.list();
  const items: RlpItem[] = [];
  while (!inner.done) items.push(readItem(inner, depth - 1, left));
  return items;
}

/**
 * The item that `data` begins with, and how many bytes it takes.
 * @throws CodedError `RLP_INVALID`.
 */
export function decodeRlpPrefix(data: Uint8Array, limits: RlpLimits = {}): { item: RlpItem; length: number } {
  const reader = new RlpReader(data);
  const { maxDepth = DEFAULT_DEPTH, maxItems = DEFAULT_ITEMS } = limits;
  const item = readItem(reader, maxDepth, { items: maxItems });
  return { item, length: reader.at };
}

/**
 * The one item that `data` is; strings share its memory. Source: Yellow Paper, appendix B; strict as go-ethereum's rlp.
 * @throws CodedError `RLP_INVALID`.
 */
export function decodeRlp(data: Uint8Array, limits: RlpLimits = {}): RlpItem {
  const { item, length } = decodeRlpPrefix(data, limits);
  if (length < data.length) throw invalid("there are bytes after the end", length);
  return item;
}

/** Bytes of a prefix before `length` bytes of payload. */
function prefixLength(length: number): number {
  if (length <= RLP_SHORT) return 1;
  let bytes = 1;
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes++;
  return bytes;
}

/** Bytes of a list with this much payload, prefix included. */
export function rlpListLength(payload: number): number {
  return prefixLength(payload) + payload;
}

/** Bytes of a string's encoding. */
export function rlpStringLength(bytes: Uint8Array): number {
  if (bytes.length === 1 && bytes[0]! < RLP_STRING) return 1;
  return prefixLength(bytes.length) + bytes.length;
}

/** Bytes of the item's encoding; `lists` receives each list's payload length, parents first. */
function measure(item: RlpItem, lists: number[]): number {
  if (item instanceof Uint8Array) return rlpStringLength(item);
  const index = lists.push(0) - 1;
  let payload = 0;
  for (const each of item) payload += measure(each, lists);
  lists[index] = payload;
  return rlpListLength(payload);
}

/** Bytes that {@link encodeRlp} would give. */
export function rlpLength(item: RlpItem): number {
  return measure(item, []);
}

/** Writes encodings one after the other into memory of the right size; `lists`: payload lengths of the lists to come. */
export class RlpWriter {
  readonly out: Uint8Array;
  private at: number;
  private readonly lists: readonly number[];
  private list = 0;

  constructor(out: Uint8Array, at: number, lists: readonly number[]) {
    this.out = out;
    this.at = at;
    this.lists = lists;
  }

  write(item: RlpItem): void {
    if (!(item instanceof Uint8Array)) {
      this.prefix(RLP_LIST, this.lists[this.list++]!);
      for (const each of item) this.write(each);
      return;
    }
    const { length } = item;
    if (length === 1 && item[0]! < RLP_STRING) {
      this.out[this.at++] = item[0]!;
      return;
    }
    this.prefix(RLP_STRING, length);
    this.raw(item);
  }

  raw(bytes: Uint8Array): void {
    this.out.set(bytes, this.at);
    this.at += bytes.length;
  }

  prefix(base: number, length: number): void {
    if (length <= RLP_SHORT) {
      this.out[this.at++] = base + length;
      return;
    }
    const bytes = prefixLength(length) - 1;
    this.out[this.at] = base + RLP_SHORT + bytes;
    for (let i = bytes, rest = length; i > 0; i--, rest = Math.floor(rest / 256)) {
      this.out[this.at + i] = rest % 256;
    }
    this.at += 1 + bytes;
  }
}

/** The item's encoding; after `type`, if one is given: the form of EIP-2718 envelopes. */
export function encodeRlp(item: RlpItem, type?: number): Uint8Array {
  const lists: number[] = [];
  const start = type === undefined ? 0 : 1;
  const out = new Uint8Array(start + measure(item, lists));
  if (type !== undefined) out[0] = type;
  new RlpWriter(out, start, lists).write(item);
  return out;
}

/** A list of items that are encoded already; after `type`, if one is given. */
export function wrapRlpList(encoded: readonly Uint8Array[], type?: number): Uint8Array {
  let payload = 0;
  for (const part of encoded) payload += part.length;
  const start = type === undefined ? 0 : 1;
  const out = new Uint8Array(start + rlpListLength(payload));
  if (type !== undefined) out[0] = type;
  const writer = new RlpWriter(out, start, []);
  writer.prefix(RLP_LIST, payload);
  for (const part of encoded) writer.raw(part);
  return out;
}
