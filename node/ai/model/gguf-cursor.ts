import { isUtf8 } from "node:buffer";
import type { CodedError } from "../../base/errors.ts";
import { aiError } from "../errors.ts";
import type { WeightBytes } from "./weight-bytes.ts";
import { type Words, WordsBuilder } from "./words.ts";

/** Value types of GGUF metadata (ggml/docs/gguf.md). */
export type GgufType =
  | "uint8"
  | "int8"
  | "uint16"
  | "int16"
  | "uint32"
  | "int32"
  | "float32"
  | "bool"
  | "string"
  | "uint64"
  | "int64"
  | "float64";
export type GgufScalar = number | bigint | boolean | string;

/** One value of the metadata; 64-bit integers are bigints. */
export type GgufValue =
  | { type: GgufType; value: GgufScalar }
  | { type: "array"; of: "string"; value: Words }
  | { type: "array"; of: Exclude<GgufType, "string">; value: readonly GgufScalar[] };

/** By number; 9 is an array. */
const TYPES: readonly (GgufType | undefined)[] = [
  "uint8",
  "int8",
  "uint16",
  "int16",
  "uint32",
  "int32",
  "float32",
  "bool",
  "string",
  undefined,
  "uint64",
  "int64",
  "float64",
];
/** Least bytes of one value of each type: strings have a length. */
const LEAST: Readonly<Record<GgufType, number>> = {
  uint8: 1,
  int8: 1,
  bool: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  float32: 4,
  uint64: 8,
  int64: 8,
  float64: 8,
  string: 8,
};

/** Read at a time, in bytes. */
const WINDOW = 1 << 17;
/** Longest string of the metadata: a chat template of this size is no longer one. */
const MAX_STRING = 16 << 20;
/** Largest header: vocabularies of a million tokens take a tenth of it. */
const MAX_HEADER = 256 << 20;
const MAX_ITEMS = 4 << 20;
/** A guess. */
const BYTES_A_WORD = 8;

/** Walks through the header of a GGUF file, window by window. Every length is checked against the file before it is used. */
export class GgufCursor {
  /** Bytes read so far. */
  at = 0;
  readonly name: string;
  private readonly file: WeightBytes;
  private window: Uint8Array = new Uint8Array(0);
  private windowView = new DataView(this.window.buffer);
  private windowAt = 0;

  constructor(file: WeightBytes) {
    this.file = file;
    this.name = file.name;
  }

  bytes(length: number, what: string): Uint8Array {
    const start = this.take(length, what);
    return this.window.subarray(start, start + length);
  }

  uint32(what: string): number {
    const start = this.take(4, what);
    return this.windowView.getUint32(start, true);
  }

  uint64(what: string): bigint {
    const start = this.take(8, what);
    return this.windowView.getBigUint64(start, true);
  }

  string(what: string, longest = MAX_STRING): string {
    const bytes = this.bytes(this.lengthOfString(what, longest), what);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw this.notText(what);
    }
  }

  /** The typed value of the key `key`. Arrays of arrays are refused: nothing writes them. */
  value(key: string): GgufValue {
    const number = this.uint32(`the type of ${key}`);
    if (number !== 9) {
      const type = this.typeOf(number, key);
      return { type, value: this.scalar(type, key) };
    }
    const of = this.typeOf(this.uint32(`the type of the items of ${key}`), key);
    const count = this.uint64(`the number of items of ${key}`);
    if (count > BigInt(MAX_ITEMS) || count * BigInt(LEAST[of]) > BigInt(this.file.size - this.at)) {
      throw this.invalid(`${key} says that it has ${count} items, which it cannot hold`);
    }
    if (of === "string") return { type: "array", of, value: this.words(Number(count), key) };
    return { type: "array", of, value: Array.from({ length: Number(count) }, () => this.scalar(of, key)) };
  }

  /** Strings of a list: an object for each would be garbage of many times its size. */
  private words(count: number, key: string): Words {
    const words = new WordsBuilder(count * BYTES_A_WORD, count);
    for (let index = 0; index < count; index++) {
      const length = this.lengthOfString(key, MAX_STRING);
      const start = this.take(length, key);
      // Between whole characters: the first byte of none is 10xxxxxx.
      if (length > 0 && (this.window[start]! & 0xc0) === 0x80) throw this.notText(key);
      words.push(this.window, start, start + length);
    }
    const built = words.build();
    if (!isUtf8(built.bytes)) throw this.notText(key);
    return built;
  }

  private lengthOfString(what: string, longest: number): number {
    const start = this.take(8, what);
    const length = this.windowView.getUint32(start, true);
    if (
      this.windowView.getUint32(start + 4, true) === 0 &&
      length <= longest &&
      length <= this.file.size - this.at
    )
      return length;
    const said = this.windowView.getBigUint64(start, true);
    throw this.invalid(`${what} says that it is ${said} bytes long, which is too long`);
  }

  private typeOf(number: number, key: string): GgufType {
    const type = TYPES[number];
    if (type === undefined) throw this.invalid(`${key} has the unknown value type ${number}`);
    return type;
  }

  private scalar(type: GgufType, what: string): GgufScalar {
    if (type === "string") return this.string(what);
    const at = this.take(LEAST[type], what);
    const view = this.windowView;
    switch (type) {
      case "uint8":
        return view.getUint8(at);
      case "int8":
        return view.getInt8(at);
      case "uint16":
        return view.getUint16(at, true);
      case "int16":
        return view.getInt16(at, true);
      case "uint32":
        return view.getUint32(at, true);
      case "int32":
        return view.getInt32(at, true);
      case "float32":
        return view.getFloat32(at, true);
      case "float64":
        return view.getFloat64(at, true);
      case "uint64":
        return view.getBigUint64(at, true);
      case "int64":
        return view.getBigInt64(at, true);
      case "bool": {
        const byte = view.getUint8(at);
        if (byte > 1) throw this.invalid(`${what} is ${byte}, which is neither true nor false`);
        return byte === 1;
      }
    }
  }

  /** Where the next `length` bytes begin in the window, which then holds them; they count as read. */
  private take(length: number, what: string): number {
    const end = this.at + length;
    if (end > this.file.size || end > MAX_HEADER) throw this.truncated(end, what);
    if (this.at < this.windowAt || end > this.windowAt + this.window.length) {
      this.window = this.file.read(this.at, Math.max(length, WINDOW));
      this.windowView = new DataView(this.window.buffer, this.window.byteOffset, this.window.length);
      this.windowAt = this.at;
      if (this.window.length < length) throw this.truncated(end, what);
    }
    const start = this.at - this.windowAt;
    this.at = end;
    return start;
  }

  private truncated(needed: number, what: string): CodedError {
    if (needed > MAX_HEADER && needed <= this.file.size) {
      return this.invalid(`its header is longer than ${MAX_HEADER} bytes`);
    }
    return aiError("GGUF_TRUNCATED", {
      message: `${this.name} ends at byte ${this.file.size}, but ${what} reaches to byte ${needed}`,
      fix: "download or copy the file again",
      facts: { name: this.name, needed, found: this.file.size },
    });
  }

  private notText(what: string): CodedError {
    return this.invalid(`${what} is not UTF-8`);
  }

  private invalid(what: string): CodedError {
    return aiError("GGUF_INVALID", {
      message: `${this.name} is not a valid GGUF file: ${what}`,
      fix: "check that the file is the one that its maker published",
      facts: { name: this.name },
    });
  }
}
