import fc from "fast-check";
import { expect, test } from "vitest";
import { isCodedError } from "../../base/errors.ts";
import { bf16ToF32, f16ToF32, f32ToF16Bits } from "./half.ts";
import { readSafetensors, tensorToF32, tensorToF64, writeSafetensors } from "./safetensors.ts";

const sample = () =>
  writeSafetensors(
    [
      { name: "a", shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, -0, 1e-40) },
      { name: "b", shape: [2], data: Float32Array.of(0.1, 65504), dtype: "F16" },
      { name: "c", shape: [0], data: new Int8Array(0) },
      { name: "d", shape: [], data: Float64Array.of(Math.PI) },
    ],
    { format: "pt" },
  );

/** A file with the given header text and `size` bytes of data. */
function withHeader(header: string, size: number): Uint8Array {
  const json = new TextEncoder().encode(header);
  const file = new Uint8Array(8 + json.length + size);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  return file;
}

test("reads back what it wrote, equal input gives equal bytes", () => {
  const file = readSafetensors(sample());
  expect(sample()).toEqual(sample());
  expect(file.metadata).toEqual({ format: "pt" });
  expect(tensorToF32(file.tensors.get("a")!)).toEqual(Float32Array.of(1, -2, 3.5, 0, -0, 1e-40));
  expect([...tensorToF32(file.tensors.get("b")!)]).toEqual([0.0999755859375, 65504]);
  expect(file.tensors.get("c")!.shape).toEqual([0]);
  expect(tensorToF64(file.tensors.get("d")!)[0]).toBe(Math.PI);
  expect(() => tensorToF32(file.tensors.get("c")!)).toThrow(
    expect.objectContaining({ code: "SAFETENSORS_DTYPE" }),
  );
});

test("every truncation is refused with a code", () => {
  const whole = sample();
  for (let length = 0; length < whole.length; length++) {
    expect(() => readSafetensors(whole.subarray(0, length))).toThrow(
      expect.objectContaining({ code: "SAFETENSORS_TRUNCATED" }),
    );
  }
});

test.each([
  ["not an object", "[]", 0],
  ["not JSON", "{", 0],
  ["leading white space", ' {"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1],
  ["unknown dtype", '{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}', 1],
  ["inherited dtype", '{"a":{"dtype":"toString","shape":[1],"data_offsets":[0,1]}}', 1],
  ["size against shape", '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', 4],
  ["negative offset", '{"a":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}}', 1],
  ["overflowing shape", '{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}', 0],
  ["hole", '{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', 2],
  [
    "overlap",
    '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
    2,
  ],
  ["trailing bytes", '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 2],
  [
    "a repeated tensor",
    '{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\\u0061":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
    1,
  ],
  ["a repeated field", '{"a":{"dtype":"U8","shape":[2],"shape":[1],"data_offsets":[0,1]}}', 1],
  ["2^63 rows of nothing", '{"a":{"dtype":"F32","shape":[9223372036854775808,2],"data_offsets":[0,0]}}', 0],
  ["too many dimensions", '{"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}}', 1],
  ["a nested header", `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`, 0],
  ["metadata of numbers", '{"__metadata__":{"a":1}}', 0],
])("refuses a header: %s", (_, header, size) => {
  expect(() => readSafetensors(withHeader(header, size))).toThrow(
    expect.objectContaining({ code: "SAFETENSORS_INVALID" }),
  );
});

test("random damage gives a file or a coded error, never anything else", () => {
  const whole = sample();
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }), (edits) => {
      const file = whole.slice();
      for (const [at, value] of edits) file[at] = value;
      try {
        readSafetensors(file);
      } catch (error) {
        if (!isCodedError(error)) throw error;
      }
    }),
    { numRuns: 2000 },
  );
});

/** Little programs that damage a header: change, drop, double or insert pieces of it. */
function mutate(header: string, random: () => number): string {
  const at = Math.floor(random() * header.length);
  const length = 1 + Math.floor(random() * 12);
  const pieces = [
    "0",
    "-1",
    "1e400",
    "18446744073709551616",
    "4294967296",
    '"a"',
    "null",
    "[",
    "}",
    ",",
    '"F16"',
    '"shape":[1],',
    '"data_offsets":[0,0],',
  ];
  const piece = pieces[Math.floor(random() * pieces.length)]!;
  switch (Math.floor(random() * 5)) {
    case 0:
      return header.slice(0, at) + header.slice(at + length);
    case 1:
      return header.slice(0, at) + piece + header.slice(at);
    case 2:
      return header.slice(0, at + length) + header.slice(at);
    case 3:
      return header.replace(/\d+/g, (digits) => (random() < 0.2 ? piece : digits));
    default:
      return header.slice(0, at) + String.fromCharCode(32 + Math.floor(random() * 95)) + header.slice(at + 1);
  }
}

test("10^4 mutated headers: an error with a code, or exactly the tensors that the header describes", () => {
  const whole = sample();
  const length = Number(new DataView(whole.buffer).getBigUint64(0, true));
  const header = new TextDecoder().decode(whole.subarray(8, 8 + length)).trimEnd();
  const data = whole.subarray(8 + length);
  let state = 12_345;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const seen = { loaded: 0, refused: 0 };
  for (let round = 0; round < 10_000; round++) {
    const text = mutate(random() < 0.5 ? header : mutate(header, random), random);
    const file = withHeader(text, data.length);
    file.set(data, file.length - data.length);
    try {
      const { tensors } = readSafetensors(file);
      seen.loaded += 1;
      const described = JSON.parse(text) as Record<
        string,
        { shape: number[]; data_offsets: [number, number] }
      >;
      let covered = 0;
      for (const [name, tensor] of tensors) {
        const { shape, data_offsets: span } = described[name]!;
        expect(tensor.shape).toEqual(shape);
        expect(tensor.data).toEqual(data.subarray(...span));
        covered += tensor.data.length;
      }
      expect(covered).toBe(data.length);
      expect(tensors.size).toBe(Object.keys(described).filter((name) => name !== "__metadata__").length);
    } catch (error) {
      if (!isCodedError(error)) throw error;
      seen.refused += 1;
    }
  }
  expect(seen.loaded).toBeGreaterThan(100);
  expect(seen.refused).toBeGreaterThan(3000);
});

test("all halves survive the way to float32 and back; ties go to even", () => {
  const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const wide = f16ToF32(bits);
  for (let h = 0; h < 65536; h++) {
    if (Number.isNaN(wide[h])) continue;
    expect(f32ToF16Bits(wide[h]!)).toBe(h);
  }
  expect(f32ToF16Bits(1 + 2 ** -11)).toBe(0x3c00);
  expect(f32ToF16Bits(1 + 3 * 2 ** -11)).toBe(0x3c02);
  expect(f32ToF16Bits(2 ** -25)).toBe(0);
  expect(f32ToF16Bits(3 * 2 ** -25)).toBe(2);
  expect(f32ToF16Bits(65519.99)).toBe(0x7bff);
  expect(f32ToF16Bits(65520)).toBe(0x7c00);
  expect(bf16ToF32(Uint16Array.of(0x3f80, 0xc000))).toEqual(Float32Array.of(1, -2));
});
