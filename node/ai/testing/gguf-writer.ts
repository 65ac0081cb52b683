import type { WeightFormat } from "../../../native/js/types.ts";
import { WEIGHT_FORMATS } from "../../../native/js/types.ts";

const TYPES = [
  "uint8",
  "int8",
  "uint16",
  "int16",
  "uint32",
  "int32",
  "float32",
  "bool",
  "string",
  "array",
] as const;

/** Metadata as a test writes them: strings, `uint32` for integers, `float32` where said, lists of strings or of int32. */
export type Metadata = Readonly<
  Record<string, string | number | boolean | { float: number } | readonly (string | number)[]>
>;

export interface TensorToWrite {
  name: string;
  format: WeightFormat;
  dimensions: readonly number[];
  data: Uint8Array;
}

/** A GGUF file of version 3 with an alignment of 32. */
export function writeGguf(metadata: Metadata, tensors: readonly TensorToWrite[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const push = (bytes: Uint8Array) => void parts.push(bytes);
  const number = (size: number, write: (view: DataView) => void) => {
    const bytes = new Uint8Array(size);
    write(new DataView(bytes.buffer));
    push(bytes);
  };
  const u32 = (value: number) => number(4, (view) => view.setUint32(0, value, true));
  const u64 = (value: number) => number(8, (view) => view.setBigUint64(0, BigInt(value), true));
  const text = (value: string) => {
    const bytes = new TextEncoder().encode(value);
    u64(bytes.length);
    push(bytes);
  };
  const type = (name: (typeof TYPES)[number]) => u32(TYPES.indexOf(name));
  push(new TextEncoder().encode("GGUF"));
  u32(3);
  u64(tensors.length);
  u64(Object.keys(metadata).length);
  for (const [key, value] of Object.entries(metadata)) {
    text(key);
    if (typeof value === "string") {
      type("string");
      text(value);
    } else if (typeof value === "number") {
      type("uint32");
      u32(value);
    } else if (typeof value === "boolean") {
      type("bool");
      push(Uint8Array.of(value ? 1 : 0));
    } else if ("float" in value) {
      type("float32");
      number(4, (view) => view.setFloat32(0, value.float, true));
    } else {
      type("array");
      type(typeof value[0] === "string" ? "string" : "int32");
      u64(value.length);
      for (const item of value) typeof item === "string" ? text(item) : u32(item);
    }
  }
  let offset = 0;
  for (const tensor of tensors) {
    text(tensor.name);
    u32(tensor.dimensions.length);
    for (const size of tensor.dimensions) u64(size);
    u32(WEIGHT_FORMATS[tensor.format]);
    u64(offset);
    offset += Math.ceil(tensor.data.length / 32) * 32;
  }
  const header = parts.reduce((sum, part) => sum + part.length, 0);
  const file = new Uint8Array(Math.ceil(header / 32) * 32 + offset);
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  at = Math.ceil(at / 32) * 32;
  for (const { data } of tensors) {
    file.set(data, at);
    at += Math.ceil(data.length / 32) * 32;
  }
  return file;
}
