import type { WeightFormat } from "../../../native/js/types.ts";
import type { CodedError } from "../../base/errors.ts";
import { aiError } from "../errors.ts";
import { GgufCursor, type GgufValue } from "./gguf-cursor.ts";
import type { WeightBytes } from "./weight-bytes.ts";

export interface GgufTensor {
  name: string;
  format: WeightFormat;
  /** As stored: the first is the length of a row. */
  dimensions: readonly number[];
  /** From the beginning of the file, in bytes. */
  offset: number;
  bytes: number;
}

export interface Gguf {
  version: number;
  /** Bytes. */
  alignment: number;
  metadata: ReadonlyMap<string, GgufValue>;
  /** In the file's order. */
  tensors: readonly GgufTensor[];
  /** Where the data section begins. */
  dataOffset: number;
  file: WeightBytes;
}

/** ggml's number of a tensor type: values and bytes of a block (native/spec.md, "Formats"). */
const TENSOR_TYPES: Readonly<Record<number, { format: WeightFormat; values: number; bytes: number }>> = {
  0: { format: "F32", values: 1, bytes: 4 },
  1: { format: "F16", values: 1, bytes: 2 },
  2: { format: "Q4_0", values: 32, bytes: 18 },
  3: { format: "Q4_1", values: 32, bytes: 20 },
  6: { format: "Q5_0", values: 32, bytes: 22 },
  7: { format: "Q5_1", values: 32, bytes: 24 },
  8: { format: "Q8_0", values: 32, bytes: 34 },
  12: { format: "Q4_K", values: 256, bytes: 144 },
  13: { format: "Q5_K", values: 256, bytes: 176 },
  14: { format: "Q6_K", values: 256, bytes: 210 },
  30: { format: "BF16", values: 1, bytes: 2 },
};
/** Types that files have and that are refused by name. */
const OTHER_TYPES: Readonly<Record<number, string>> = {
  9: "Q8_1",
  10: "Q2_K",
  11: "Q3_K",
  15: "Q8_K",
  16: "IQ2_XXS",
  17: "IQ2_XS",
  18: "IQ3_XXS",
  19: "IQ1_S",
  20: "IQ4_NL",
  21: "IQ3_S",
  22: "IQ2_S",
  23: "IQ4_XS",
  24: "I8",
  25: "I16",
  26: "I32",
  27: "I64",
  28: "F64",
  29: "IQ1_M",
  34: "TQ1_0",
  35: "TQ2_0",
  39: "MXFP4",
};

const MAX_KEYS = 1 << 16;
const MAX_TENSORS = 100_000;
const MAX_NAME = 512;
const MAX_DIMENSIONS = 4;
const MAX_ALIGNMENT = 1 << 20;

/**
 * Reads the header of a GGUF file of version 2 or 3, little-endian: metadata and the list of tensors. Strict: every size is
 * checked against the file before anything is allocated for it, names are there once, tensors lie in the file, without overlaps.
 * @throws CodedError `GGUF_INVALID`, `GGUF_TRUNCATED`, `GGUF_UNSUPPORTED`, with the file's name and the field.
 */
export function readGguf(file: WeightBytes): Gguf {
  const cursor = new GgufCursor(file);
  const magic = cursor.bytes(4, "its magic");
  if (String.fromCharCode(...magic) !== "GGUF") throw invalid(file.name, "it does not begin with GGUF");
  const version = cursor.uint32("its version");
  if (version !== 2 && version !== 3) throw unsupportedVersion(file.name, version);
  const tensorCount = cursor.uint64("its number of tensors");
  const keyCount = cursor.uint64("its number of keys");
  // The least bytes of one entry: what claims more than the file could hold is refused before it is read.
  if (tensorCount > BigInt(MAX_TENSORS) || tensorCount * 24n > BigInt(file.size)) {
    throw invalid(file.name, `its header says ${tensorCount} tensors, which it cannot hold`);
  }
  if (keyCount > BigInt(MAX_KEYS) || keyCount * 13n > BigInt(file.size)) {
    throw invalid(file.name, `its header says ${keyCount} keys, which it cannot hold`);
  }
  const metadata = readMetadata(cursor, Number(keyCount));
  const alignment = alignmentOf(file.name, metadata);
  const entries = readTensorList(cursor, Number(tensorCount));
  const dataOffset = Math.ceil(cursor.at / alignment) * alignment;
  const tensors = entries.map((entry) => placeTensor(file, entry, dataOffset, alignment));
  checkSpans(file, tensors, dataOffset, alignment);
  return { version, alignment, metadata, tensors, dataOffset, file };
}

function readMetadata(cursor: GgufCursor, count: number): Map<string, GgufValue> {
  const metadata = new Map<string, GgufValue>();
  for (let index = 0; index < count; index++) {
    const key = cursor.string("a key of its metadata", MAX_NAME);
    if (metadata.has(key)) throw invalid(cursor.name, `its metadata have the key ${key} twice`);
    metadata.set(key, cursor.value(key));
  }
  return metadata;
}

function alignmentOf(name: string, metadata: ReadonlyMap<string, GgufValue>): number {
  const given = metadata.get("general.alignment");
  if (given === undefined) return 32;
  const value = given.value;
  if (
    given.type === "uint32" &&
    typeof value === "number" &&
    value >= 8 &&
    value <= MAX_ALIGNMENT &&
    (value & (value - 1)) === 0
  ) {
    return value;
  }
  throw invalid(
    name,
    `general.alignment is ${String(value)}; it must be a power of two from 8 to ${MAX_ALIGNMENT}`,
  );
}

interface TensorEntry {
  name: string;
  dimensions: bigint[];
  type: number;
  offset: bigint;
}

function readTensorList(cursor: GgufCursor, count: number): TensorEntry[] {
  const seen = new Set<string>();
  const entries: TensorEntry[] = [];
  for (let index = 0; index < count; index++) {
    const name = cursor.string("a tensor's name", MAX_NAME);
    if (seen.has(name)) throw invalid(cursor.name, `it has the tensor ${name} twice`);
    seen.add(name);
    const rank = cursor.uint32(`the number of dimensions of ${name}`);
    if (rank > MAX_DIMENSIONS) throw invalid(cursor.name, `tensor ${name} has ${rank} dimensions`);
    const dimensions = Array.from({ length: rank }, () => cursor.uint64(`a dimension of ${name}`));
    entries.push({
      name,
      dimensions,
      type: cursor.uint32(`the type of ${name}`),
      offset: cursor.uint64(`the offset of ${name}`),
    });
  }
  return entries;
}

/** Sizes are worked out with bigints: a product that wraps round would look right. */
function placeTensor(
  file: WeightBytes,
  entry: TensorEntry,
  dataOffset: number,
  alignment: number,
): GgufTensor {
  const { name, dimensions, type, offset } = entry;
  const known = TENSOR_TYPES[type];
  if (!known) {
    throw aiError("GGUF_UNSUPPORTED", {
      message: `${file.name}: tensor ${name} has the type ${OTHER_TYPES[type] ?? `number ${type}`}, which is not read`,
      fix: "use a file with F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K or Q6_K tensors",
      facts: { name: file.name, tensor: name, type },
    });
  }
  const shape = `[${dimensions.join(", ")}]`;
  const count = dimensions.reduce((product, size) => product * size, 1n);
  if (dimensions.some((size) => size < 1n) || count > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw invalid(file.name, `tensor ${name} has the impossible dimensions ${shape}`);
  }
  if ((dimensions[0] ?? 1n) % BigInt(known.values) !== 0n) {
    throw invalid(file.name, `a row of tensor ${name} ${shape} is no whole number of ${known.format} blocks`);
  }
  const bytes = (count / BigInt(known.values)) * BigInt(known.bytes);
  if (offset % BigInt(alignment) !== 0n) {
    throw invalid(file.name, `tensor ${name} begins at ${offset}, which is no multiple of ${alignment}`);
  }
  const end = BigInt(dataOffset) + offset + bytes;
  if (end > BigInt(file.size)) throw truncated(file, Number(end), `tensor ${name} ${shape}`);
  return {
    name,
    format: known.format,
    dimensions: dimensions.map(Number),
    offset: dataOffset + Number(offset),
    bytes: Number(bytes),
  };
}

/** Tensors may stand in any order, but may not share bytes, and leave no more room between them than alignment needs. */
function checkSpans(
  file: WeightBytes,
  tensors: readonly GgufTensor[],
  dataOffset: number,
  alignment: number,
): void {
  let at = dataOffset;
  for (const { name, offset, bytes } of [...tensors].sort((a, b) => a.offset - b.offset)) {
    if (offset < at) throw invalid(file.name, `tensor ${name} overlaps the one before it`);
    if (offset - at >= alignment)
      throw invalid(file.name, `${offset - at} bytes before tensor ${name} belong to no tensor`);
    at = offset + bytes;
  }
  if (file.size - at >= alignment)
    throw invalid(file.name, `${file.size - at} bytes at its end belong to no tensor`);
}

function unsupportedVersion(name: string, version: number): CodedError {
  const swapped = version === 0x0200_0000 || version === 0x0300_0000;
  return aiError("GGUF_UNSUPPORTED", {
    message: swapped
      ? `${name} is a big-endian GGUF file, which is not read`
      : `${name} is a GGUF file of version ${version}; versions 2 and 3 are read`,
    fix: "convert the model again with a newer llama.cpp, little-endian",
    facts: { name, version },
  });
}

function truncated(file: WeightBytes, needed: number, what: string): CodedError {
  return aiError("GGUF_TRUNCATED", {
    message: `${file.name} ends at byte ${file.size}, but ${what} reaches to byte ${needed}`,
    fix: "download or copy the file again",
    facts: { name: file.name, needed, found: file.size },
  });
}

function invalid(name: string, what: string): CodedError {
  return aiError("GGUF_INVALID", {
    message: `${name} is not a valid GGUF file: ${what}`,
    fix: "check that the file is the one that its maker published",
    facts: { name },
  });
}
