import type { CodedError } from "../../base/errors.ts";
import { aiError } from "../errors.ts";
import type { WeightBytes } from "./weight-bytes.ts";

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
  | { type: "array"; of: GgufType; value: readonly GgufScalar[] };

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
const WINDOW = 1 << 20;
/** Longest string of the metadata: a chat template of this size is no longer one. */
const MAX_STRING = 16 << 20;
/** Largest header: vocabularies of a million tokens take a tenth of it. */
const MAX_HEADER = 256 << 20;
const MAX_ITEMS = 4 << 20;

/** Walks through the header of a GGUF file, window by window. Every length is checked against the file before it is used. */
export class GgufCursor {
  /** Bytes read so far. */
  at = 0;
  readonly name: string;
  private readonly file: WeightBytes;
  private window: Uint8Array = new Uint8Array(0);
  private windowAt = 0;

  constructor(file: WeightBytes) {
    this.file = file;
    this.name = file.name;
  }

  bytes(length: number, what: string): Uint8Array {
    const end = this.at + length;
    if (end > this.file.size || end > MAX_HEADER) throw this.truncated(end, what);
    if (this.at < this.windowAt || end > this.windowAt + this.window.length) {
      this.window = this.file.read(this.at, Math.max(length, WINDOW));
      this.windowAt = this.at;
      if (this.window.length < length) throw this.truncated(end, what);
    }
    const start = this.at - this.windowAt;
    this.at = end;
    return this.window.subarray(start, start + length);
  }

  uint32(what: string): number {
    return this.view(4, what).getUint32(0, true);
  }

  uint64(what: string): bigint {
    return this.view(8, what).getBigUint64(0, true);
  }

  string(what: string, longest = MAX_STRING): string {
    const length = this.uint64(`the length of ${what}`);
    if (length > BigInt(longest) || length > BigInt(this.file.size - this.at)) {
      throw this.invalid(`${what} says that it is ${length} bytes long, which is too long`);
    }
    const bytes = this.bytes(Number(length), what);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw this.invalid(`${what} is not UTF-8`);
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
    return { type: "array", of, value: Array.from({ length: Number(count) }, () => this.scalar(of, key)) };
  }

  private typeOf(number: number, key: string): GgufType {
    const type = TYPES[number];
    if (type === undefined) throw this.invalid(`${key} has the unknown value type ${number}`);
    return type;
  }

  private scalar(type: GgufType, what: string): GgufScalar {
    if (type === "string") return this.string(what);
    const view = this.view(LEAST[type], what);
    switch (type) {
      case "uint8":
        return view.getUint8(0);
      case "int8":
        return view.getInt8(0);
      case "uint16":
        return view.getUint16(0, true);
      case "int16":
        return view.getInt16(0, true);
      case "uint32":
        return view.getUint32(0, true);
      case "int32":
        return view.getInt32(0, true);
      case "float32":
        return view.getFloat32(0, true);
      case "float64":
        return view.getFloat64(0, true);
      case "uint64":
        return view.getBigUint64(0, true);
      case "int64":
        return view.getBigInt64(0, true);
      case "bool": {
        const byte = view.getUint8(0);
        if (byte > 1) throw this.invalid(`${what} is ${byte}, which is neither true nor false`);
        return byte === 1;
      }
    }
  }

  private view(length: number, what: string): DataView {
    const bytes = this.bytes(length, what);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
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

  private invalid(what: string): CodedError {
    return aiError("GGUF_INVALID", {
      message: `${this.name} is not a valid GGUF file: ${what}`,
      fix: "check that the file is the one that its maker published",
      facts: { name: this.name },
    });
  }
}
