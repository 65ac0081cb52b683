import type { CodedError } from "../../base/errors.ts";
import { aiError } from "../errors.ts";
import { bf16ToF32, f16ToF32, f32ToF16Bits } from "./half.ts";
import { repeatedKey } from "./json-keys.ts";
import { bytesInMemory, type WeightBytes } from "./weight-bytes.ts";

/** Bytes per element of every dtype that is read. */
const WIDTH = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

export type Dtype = keyof typeof WIDTH;

export interface Tensor {
  dtype: Dtype;
  shape: readonly number[];
  /** Little-endian elements, row-major; a view into the file. */
  data: Uint8Array;
}

export interface SafetensorsFile {
  metadata: Readonly<Record<string, string>>;
  tensors: ReadonlyMap<string, Tensor>;
}

/** Where a tensor lies in its file. */
export interface TensorSpan {
  dtype: Dtype;
  shape: readonly number[];
  /** From the beginning of the file, in bytes. */
  offset: number;
  bytes: number;
}

/** Ten times what the largest published models need; the reference reader's bound of 100 MB takes seconds to parse. */
const MAX_HEADER = 16 * 1024 * 1024;
const MAX_TENSORS = 100_000;
/** More dimensions than any tensor of a language model has. */
const MAX_DIMENSIONS = 8;

/**
 * Reads the header of a .safetensors file: u64 LE header length, JSON header, data (github.com/huggingface/safetensors, "Format").
 * Strict: every byte of the data belongs to exactly one tensor, sizes match shapes, no name comes twice. Nothing is
 * allocated that the file itself does not hold.
 * @throws CodedError `SAFETENSORS_TRUNCATED` or `SAFETENSORS_INVALID`, with the file's name.
 */
export function readSafetensorsHeader(file: WeightBytes): {
  metadata: Readonly<Record<string, string>>;
  tensors: ReadonlyMap<string, TensorSpan>;
} {
  const { name, size } = file;
  if (size < 8) throw truncated(name, 8, size);
  const first = file.read(0, 8);
  const headerLength = new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true);
  if (headerLength > BigInt(MAX_HEADER)) throw invalid(name, `its header claims ${headerLength} bytes`);
  const dataStart = 8 + Number(headerLength);
  if (dataStart > size) throw truncated(name, dataStart, size);
  const header = parseHeader(file.read(8, Number(headerLength)), name);
  if (Object.keys(header).length > MAX_TENSORS)
    throw invalid(name, `it holds more than ${MAX_TENSORS} tensors`);
  const tensors = new Map<string, TensorSpan>();
  const spans: { begin: number; end: number; tensor: string }[] = [];
  let metadata: Record<string, string> = {};
  for (const [key, entry] of Object.entries(header)) {
    if (key === "__metadata__") {
      metadata = parseMetadata(entry, name);
      continue;
    }
    const { dtype, shape, begin, end } = parseEntry(key, entry, name);
    if (end > size - dataStart) throw truncated(name, dataStart + end, size, key);
    spans.push({ begin, end, tensor: key });
    tensors.set(key, { dtype, shape, offset: dataStart + begin, bytes: end - begin });
  }
  checkCoverage(spans, size - dataStart, name);
  return { metadata, tensors };
}

/** A whole .safetensors file in memory; see {@link readSafetensorsHeader}. */
export function readSafetensors(file: Uint8Array, name = "safetensors file"): SafetensorsFile {
  const { metadata, tensors } = readSafetensorsHeader(bytesInMemory(name, file));
  const views = new Map<string, Tensor>();
  for (const [key, { dtype, shape, offset, bytes }] of tensors) {
    views.set(key, { dtype, shape, data: file.subarray(offset, offset + bytes) });
  }
  return { metadata, tensors: views };
}

function parseHeader(bytes: Uint8Array, name: string): Record<string, unknown> {
  let header: unknown;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (cause) {
    throw invalid(name, "its header is not UTF-8 JSON", cause);
  }
  if (bytes[0] !== 0x7b || typeof header !== "object" || header === null || Array.isArray(header)) {
    throw invalid(name, "its header is not a JSON object");
  }
  const repeated = repeatedKey(text);
  if (repeated !== undefined) throw invalid(name, `its header has the key ${JSON.stringify(repeated)} twice`);
  return header as Record<string, unknown>;
}

function parseMetadata(entry: unknown, name: string): Record<string, string> {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) {
    throw invalid(name, "__metadata__ is not an object");
  }
  for (const value of Object.values(entry)) {
    if (typeof value !== "string") throw invalid(name, "__metadata__ holds something that is not text");
  }
  return entry as Record<string, string>;
}

function parseEntry(tensor: string, entry: unknown, name: string) {
  if (typeof entry !== "object" || entry === null) throw invalid(name, `entry ${tensor} is not an object`);
  const { dtype, shape, data_offsets: offsets } = entry as Record<string, unknown>;
  if (typeof dtype !== "string" || !Object.hasOwn(WIDTH, dtype)) {
    throw invalid(name, `tensor ${tensor} has the unknown dtype ${JSON.stringify(dtype)}`);
  }
  if (!isSizes(shape) || shape.length > MAX_DIMENSIONS || !isSizes(offsets) || offsets.length !== 2) {
    throw invalid(name, `tensor ${tensor} has a broken shape or data_offsets`);
  }
  const [begin, end] = offsets as [number, number];
  const bytes = shape.reduce((product, size) => product * size, WIDTH[dtype as Dtype]);
  if (begin > end || end - begin !== bytes) {
    throw invalid(
      name,
      `tensor ${tensor} of shape [${shape}] ${dtype} needs ${bytes} bytes, not ${end - begin}`,
    );
  }
  return { dtype: dtype as Dtype, shape, begin, end };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

/** Holes and overlaps could hide other content under the same hash of tensors, so there are none. */
function checkCoverage(
  spans: { begin: number; end: number; tensor: string }[],
  length: number,
  name: string,
) {
  spans.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const { begin, end, tensor } of spans) {
    if (begin !== at) throw invalid(name, `a hole or an overlap lies before tensor ${tensor}`);
    at = end;
  }
  if (at !== length) throw invalid(name, `${length - at} bytes at its end belong to no tensor`);
}

/**
 * Elements as float32. f16 and bf16 are widened exactly; f64 is rounded.
 * @throws CodedError `SAFETENSORS_DTYPE` for integers.
 */
export function tensorToF32(tensor: Tensor, name = "tensor"): Float32Array {
  const bytes = Uint8Array.from(tensor.data);
  switch (tensor.dtype) {
    case "F32":
      return new Float32Array(bytes.buffer);
    case "F64":
      return Float32Array.from(new Float64Array(bytes.buffer));
    case "F16":
      return f16ToF32(new Uint16Array(bytes.buffer));
    case "BF16":
      return bf16ToF32(new Uint16Array(bytes.buffer));
    default:
      throw aiError("SAFETENSORS_DTYPE", {
        message: `${name} holds ${tensor.dtype}, where floating point is needed`,
        facts: { dtype: tensor.dtype },
      });
  }
}

/** Elements as doubles; integers of up to 53 bits exactly. @throws CodedError `SAFETENSORS_DTYPE` for 64-bit integers. */
export function tensorToF64(tensor: Tensor, name = "tensor"): Float64Array {
  const bytes = Uint8Array.from(tensor.data);
  switch (tensor.dtype) {
    case "F64":
      return new Float64Array(bytes.buffer);
    case "I32":
      return Float64Array.from(new Int32Array(bytes.buffer));
    case "U32":
      return Float64Array.from(new Uint32Array(bytes.buffer));
    case "I16":
      return Float64Array.from(new Int16Array(bytes.buffer));
    case "U16":
      return Float64Array.from(new Uint16Array(bytes.buffer));
    case "I8":
      return Float64Array.from(new Int8Array(bytes.buffer));
    case "U8":
    case "BOOL":
      return Float64Array.from(bytes);
    default:
      return Float64Array.from(tensorToF32(tensor, name));
  }
}

export interface TensorToWrite {
  name: string;
  shape: readonly number[];
  /** f16: rounded to nearest, ties to even. Integer arrays keep their own type. */
  data: Float32Array | Float64Array | Int8Array | Int16Array | Int32Array | Uint8Array;
  dtype?: "F32" | "F16";
}

/**
 * Writes a .safetensors file in one fixed form: tensors in the given order without gaps, header keys in that order,
 * padded with spaces to 8 bytes. Equal input gives equal bytes.
 * @throws CodedError `SAFETENSORS_INVALID` for a wrong element count or a repeated name.
 */
export function writeSafetensors(
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [["__metadata__", metadata]] : [];
  const parts: Uint8Array[] = [];
  const seen = new Set(["__metadata__"]);
  let at = 0;
  for (const tensor of tensors) {
    if (seen.has(tensor.name)) throw invalid("new file", `the name ${tensor.name} appears twice`);
    seen.add(tensor.name);
    const count = tensor.shape.reduce((product, size) => product * size, 1);
    if (count !== tensor.data.length) {
      throw invalid(
        "new file",
        `${tensor.name} of shape [${tensor.shape}] has ${tensor.data.length} elements`,
      );
    }
    const { dtype, bytes } = encode(tensor);
    header.push([tensor.name, { dtype, shape: tensor.shape, data_offsets: [at, at + bytes.length] }]);
    parts.push(bytes);
    at += bytes.length;
  }
  const json = new TextEncoder().encode(
    `{${header.map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`)}}`,
  );
  const headerLength = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + headerLength + at);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true);
  file.fill(0x20, 8, 8 + headerLength).set(json, 8);
  let offset = 8 + headerLength;
  for (const part of parts) {
    file.set(part, offset);
    offset += part.length;
  }
  return file;
}

function encode({ data, dtype }: TensorToWrite): { dtype: Dtype; bytes: Uint8Array } {
  if (dtype === "F16") {
    const bits = new Uint16Array(data.length);
    for (let i = 0; i < bits.length; i++) bits[i] = f32ToF16Bits(data[i]!);
    return { dtype, bytes: new Uint8Array(bits.buffer) };
  }
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof Float32Array) return { dtype: "F32", bytes };
  if (data instanceof Float64Array) return { dtype: "F64", bytes };
  if (data instanceof Int8Array) return { dtype: "I8", bytes };
  if (data instanceof Int16Array) return { dtype: "I16", bytes };
  if (data instanceof Int32Array) return { dtype: "I32", bytes };
  return { dtype: "U8", bytes };
}

function truncated(name: string, needed: number, found: number, tensor?: string): CodedError {
  return aiError("SAFETENSORS_TRUNCATED", {
    message: `${name} ends at byte ${found}, but ${tensor ? `tensor ${tensor}` : "its header"} reaches to byte ${needed}`,
    fix: "download or copy the file again",
    facts: { name, needed, found, tensor },
  });
}

function invalid(name: string, what: string, cause?: unknown): CodedError {
  return aiError("SAFETENSORS_INVALID", {
    message: `${name} is not a valid safetensors file: ${what}`,
    fix: "check that the file is the one that its maker published",
    facts: { name },
    cause,
  });
}
