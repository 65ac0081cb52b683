import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bigIntToBytes, bytesToBigInt, concatBytes } from "../base/bytes.ts";
import {
  decodeL1BlockInfo,
  encodeL1BlockInfo,
  type L1AttributesLayout,
  type L1BlockInfo,
} from "./l1-attributes.ts";
import { decodeFeeScalars, encodeFeeScalars } from "./scalar.ts";
import { CONFIG_UPDATE, updateSystemConfig } from "./system-config.ts";
import type { Hash } from "./types/primitives.ts";
import type { RollupConfig, SystemConfig } from "./types/rollup.ts";

const contract = `0x${"cc".repeat(20)}` as const;
const rollup = { l1SystemConfigAddress: contract, forkTimes: { ecotone: 0n } } as unknown as RollupConfig;

const start: SystemConfig = {
  batcherAddress: `0x${"01".repeat(20)}`,
  overhead: 9n,
  scalar: 1n,
  gasLimit: 30_000_000n,
  eip1559Denominator: 250,
  eip1559Elasticity: 6,
  operatorFeeScalar: 0,
  operatorFeeConstant: 0n,
  minBaseFee: 0n,
  daFootprintGasScalar: 0,
};

function word(value: bigint): Uint8Array {
  return bigIntToBytes(value, 32);
}

function topic(value: bigint): Hash {
  return `0x${value.toString(16).padStart(64, "0")}`;
}

function update(
  type: bigint,
  words: bigint[],
  change: Partial<{ data: Uint8Array; status: 0 | 1 }> = {},
): SystemConfig {
  const payload = concatBytes(...words.map(word));
  const data = change.data ?? concatBytes(word(32n), word(BigInt(payload.length)), payload);
  const log = { address: contract, topics: [CONFIG_UPDATE, topic(0n), topic(type)], data, logIndex: 0 };
  return updateSystemConfig(start, [{ status: change.status ?? 1, logs: [log] }], rollup, 1n);
}

describe("ConfigUpdate", () => {
  it("changes what its type names", () => {
    expect(update(0n, [0xabn])).toEqual({ ...start, batcherAddress: `0x${"ab".padStart(40, "0")}` });
    const scalar = encodeFeeScalars({ baseFeeScalar: 5, blobBaseFeeScalar: 6 });
    expect(update(1n, [77n, scalar])).toEqual({ ...start, overhead: 0n, scalar });
    expect(update(2n, [5n])).toEqual({ ...start, gasLimit: 5n });
    expect(update(3n, [5n])).toEqual(start);
    expect(update(4n, [(8n << 32n) | 2n])).toEqual({ ...start, eip1559Denominator: 8, eip1559Elasticity: 2 });
    expect(update(5n, [(3n << 64n) | 4n])).toEqual({
      ...start,
      operatorFeeScalar: 3,
      operatorFeeConstant: 4n,
    });
    expect(update(6n, [9n])).toEqual({ ...start, minBaseFee: 9n });
    expect(update(7n, [400n])).toEqual({ ...start, daFootprintGasScalar: 400 });
  });

  it("is ignored when its shape is wrong, its type unknown or its transaction failed", () => {
    expect(update(2n, [5n], { status: 0 })).toEqual(start);
    expect(update(2n, [5n], { data: word(5n) })).toEqual(start);
    expect(update(2n, [5n], { data: concatBytes(word(32n), word(32n), word(5n), word(0n)) })).toEqual(start);
    expect(update(2n, [5n], { data: concatBytes(word(64n), word(32n), word(5n)) })).toEqual(start);
    expect(update(8n, [5n])).toEqual(start);
    expect(update(2n, [1n << 64n])).toEqual(start);
    expect(update(0n, [1n << 160n])).toEqual(start);
    expect(update(6n, [1n << 64n])).toEqual(start);
    expect(update(7n, [1n << 16n])).toEqual(start);
    expect(update(4n, [6n])).toEqual(start);
    expect(update(1n, [0n, 2n << 248n])).toEqual(start);
  });

  it("accepts an operator fee word with dirty high bytes, as op-node", () => {
    expect(update(5n, [(1n << 200n) | (3n << 64n) | 4n]).operatorFeeScalar).toBe(3);
  });
});

describe("fee scalars", () => {
  it("saturate in version 0 and are refused in an unknown version", () => {
    expect(decodeFeeScalars(1n << 32n)).toEqual({ baseFeeScalar: 0xffffffff, blobBaseFeeScalar: 0 });
    expect(() => decodeFeeScalars(2n << 248n)).toThrow(/unknown version 2/);
  });
});

const bytes = (n: number) => fc.uint8Array({ minLength: n, maxLength: n });
const uint = (bits: number) => fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n });
const hash = bytes(32).map((b) => topic(bytesToBigInt(b)));

const jovian = fc.record<L1BlockInfo>({
  number: uint(64),
  timestamp: uint(64),
  baseFee: uint(256),
  hash,
  sequenceNumber: uint(64),
  batcherAddress: uint(160).map((v) => `0x${v.toString(16).padStart(40, "0")}` as const),
  overhead: fc.constant(undefined),
  scalar: fc.constant(undefined),
  baseFeeScalar: fc.integer({ min: 0, max: 0xffffffff }),
  blobBaseFeeScalar: fc.integer({ min: 0, max: 0xffffffff }),
  blobBaseFee: uint(256),
  operatorFeeScalar: fc.integer({ min: 0, max: 0xffffffff }),
  operatorFeeConstant: uint(64),
  daFootprintGasScalar: fc.integer({ min: 0, max: 0xffff }),
});

describe("L1 attributes", () => {
  it("decode to what was encoded, in every layout", () => {
    const lacking: Record<L1AttributesLayout, Partial<L1BlockInfo>> = {
      jovian: {},
      isthmus: { daFootprintGasScalar: undefined },
      ecotone: {
        daFootprintGasScalar: undefined,
        operatorFeeScalar: undefined,
        operatorFeeConstant: undefined,
      },
      bedrock: {
        daFootprintGasScalar: undefined,
        operatorFeeScalar: undefined,
        operatorFeeConstant: undefined,
        baseFeeScalar: undefined,
        blobBaseFeeScalar: undefined,
        blobBaseFee: undefined,
        overhead: 4n,
        scalar: 5n,
      },
    };
    fc.assert(
      fc.property(jovian, fc.constantFrom("jovian", "isthmus", "ecotone", "bedrock"), (info, layout) => {
        const fields = { ...info, ...lacking[layout] };
        expect(decodeL1BlockInfo(encodeL1BlockInfo(fields, layout))).toEqual(fields);
      }),
    );
  });

  it("of an unknown selector or length are refused", () => {
    expect(() => decodeL1BlockInfo(new Uint8Array(178))).toThrow(/unknown selector/);
    fc.assert(
      fc.property(jovian, (info) => {
        const raw = encodeL1BlockInfo(info, "jovian");
        expect(() => decodeL1BlockInfo(raw.subarray(0, 177))).toThrow(/needs 178 bytes/);
      }),
      { numRuns: 5 },
    );
  });
});
