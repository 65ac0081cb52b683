import * as fc from "fast-check";
import { type AbiParameter, bytesToHex, encodeAbiParameters, hexToBytes } from "viem";
import { describe, expect, it } from "vitest";
import {
  AbiInputError,
  type AbiType,
  type AbiValue,
  address,
  array,
  bytes,
  bytes32,
  decodeAbi,
  encodeAbi,
  int,
  tuple,
  uint,
} from "./abi.ts";

interface Sample {
  type: AbiType;
  viem: AbiParameter;
  value: AbiValue;
  viemValue: unknown;
}

const hex = (value: Uint8Array) => bytesToHex(value);
const fixedBytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

const leaf: fc.Arbitrary<Sample> = fc.oneof(
  fc.constantFrom(8, 16, 32, 64, 256).chain((bits) =>
    fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n }).map((value) => ({
      type: uint(bits),
      viem: { type: `uint${bits}` },
      value,
      viemValue: bits <= 48 ? Number(value) : value,
    })),
  ),
  fc.constantFrom(8, 16, 64, 256).chain((bits) =>
    fc.bigInt({ min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n }).map((value) => ({
      type: int(bits),
      viem: { type: `int${bits}` },
      value,
      viemValue: bits <= 48 ? Number(value) : value,
    })),
  ),
  fixedBytes(20).map((value) => ({
    type: address,
    viem: { type: "address" },
    value: hex(value),
    viemValue: hex(value),
  })),
  fixedBytes(32).map((value) => ({
    type: bytes32,
    viem: { type: "bytes32" },
    value,
    viemValue: hex(value),
  })),
  fc.uint8Array({ maxLength: 70 }).map((value) => ({
    type: bytes,
    viem: { type: "bytes" },
    value,
    viemValue: hex(value),
  })),
);

function tupleOf(parts: Sample[]): Sample {
  return {
    type: tuple(...parts.map(({ type }) => type)),
    viem: { type: "tuple", components: parts.map(({ viem }, i) => ({ ...viem, name: `f${i}` })) },
    value: parts.map(({ value }) => value),
    viemValue: Object.fromEntries(parts.map(({ viemValue }, i) => [`f${i}`, viemValue])),
  };
}

function arrayOf(item: Sample, length: number): Sample {
  return {
    type: array(item.type),
    viem: { ...item.viem, type: `${item.viem.type}[]` } as AbiParameter,
    value: new Array(length).fill(item.value),
    viemValue: new Array(length).fill(item.viemValue),
  };
}

const sample: fc.Arbitrary<Sample> = fc.letrec<{ node: Sample }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small" },
    leaf,
    fc.array(tie("node"), { minLength: 1, maxLength: 3 }).map(tupleOf),
    fc.tuple(tie("node"), fc.integer({ min: 0, max: 3 })).map(([item, length]) => arrayOf(item, length)),
  ),
})).node;

function encodeBoth(samples: Sample[]): { types: AbiType[]; values: AbiValue[]; expected: Uint8Array } {
  const parameters = samples.map(({ viem }, i) => ({ ...viem, name: `p${i}` }));
  return {
    types: samples.map(({ type }) => type),
    values: samples.map(({ value }) => value),
    expected: hexToBytes(
      encodeAbiParameters(
        parameters,
        samples.map(({ viemValue }) => viemValue),
      ),
    ),
  };
}

describe("ABI codec", () => {
  it("encodes as viem does and reads its own encoding back", () => {
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 4 }), (samples) => {
        const { types, values, expected } = encodeBoth(samples);
        expect(hex(encodeAbi(types, values))).toBe(hex(expected));
        expect(decodeAbi(types, expected)).toEqual(values);
      }),
      { numRuns: 300 },
    );
  });

  it("accepts no encoding but the canonical one", () => {
    fc.assert(
      fc.property(
        fc.array(sample, { minLength: 1, maxLength: 3 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (samples, position, change) => {
          const { types, expected } = encodeBoth(samples);
          const input = expected.slice();
          input[position % input.length]! ^= change;
          try {
            const values = decodeAbi(types, input);
            expect(hex(encodeAbi(types, values))).toBe(hex(input));
          } catch (error) {
            expect(error).toBeInstanceOf(AbiInputError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it("refuses every truncation and every extension", () => {
    const types = [uint(256), array(bytes), tuple(int(16), array(bytes32))];
    const input = encodeAbi(types, [1n, [Uint8Array.of(1, 2)], [-3n, [new Uint8Array(32)]]]);
    for (let length = 0; length < input.length; length++) {
      expect(() => decodeAbi(types, input.subarray(0, length))).toThrow(AbiInputError);
    }
    expect(() => decodeAbi(types, new Uint8Array([...input, 0]))).toThrow(AbiInputError);
  });

  it.each([
    ["an offset of 2^256 - 1", [bytes], "ff".repeat(32)],
    ["a length of 2^255", [bytes], `${"20".padStart(64, "0")}80${"00".repeat(31)}`],
    [
      "an array longer than its input",
      [array(uint(8))],
      `${"20".padStart(64, "0")}${"40".padStart(64, "0")}`,
    ],
    ["an offset into the head", [array(uint(8))], "00".repeat(64)],
    ["an address of 21 bytes", [address], `${"00".repeat(11)}01${"00".repeat(20)}`],
    ["a uint32 above its type", [uint(32)], `${"00".repeat(27)}01${"00".repeat(4)}`],
    ["an int16 without its sign", [int(16)], `${"00".repeat(30)}8000`],
  ])("refuses %s", (_, types, input) => {
    expect(() => decodeAbi(types, hexToBytes(`0x${input}`))).toThrow(AbiInputError);
  });
});
