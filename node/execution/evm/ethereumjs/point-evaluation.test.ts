import { EVMError } from "@ethereumjs/evm";
import { bytesToHex, computeVersionedHash, concatBytes, hexToBytes } from "@ethereumjs/util";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { describe, expect, it } from "vitest";
import { pointEvaluation } from "./point-evaluation.ts";

const { G1, fields } = bls12_381;
const ORDER = fields.Fr.ORDER;
/** go-ethereum core/vm/testdata/precompiles/pointEvaluation.json. */
const GETH = hexToBytes(
  `0x01e798154708fe7789429634053cbf9f99b619f9f084048927333fce637f549b564c0a11a0f704f4fc3e8acfe0f8245f0ad1347b378fbf96e206da11a5d3630624d25032e67a7e6a4910df5834b8fe70e6bcfeeac0352434196bdf4b2485d5a18f59a8d2a1a625a17f3fea0fe5eb8c896db3764f3185481bc22f91b4aaffcca25f26936857bc3a7c2539ea8ec3a952b7873033e038326e87ed3e1276fd140253fa08e9fc25fb2d9a98527fc22a2c9612fbeafdad446cbc7bcdbdcd780af2c16a`,
);
const OUTPUT =
  "0x000000000000000000000000000000000000000000000000000000000000100073eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001";
/** tau·G1 of the ceremony. */
const TAU_G1 = G1.Point.fromHex(
  "ad3eb50121139aa34db1d545093ac9374ab7bca2c0f3bf28e27c8dcd8fc7cb42d25926fc0c97b336e9f0fb35e5a04c81",
);

const word = (value: bigint) => hexToBytes(`0x${value.toString(16).padStart(64, "0")}`);
const input = (c: Uint8Array, z: bigint, y: bigint, proof: Uint8Array) =>
  concatBytes(
    hexToBytes(computeVersionedHash(bytesToHex(c), 1) as `0x${string}`),
    word(z),
    word(y),
    c,
    proof,
  );
const run = (data: Uint8Array, gasLimit = 100_000n) =>
  pointEvaluation({ data, gasLimit } as Parameters<typeof pointEvaluation>[0]);
const holds = (data: Uint8Array) => {
  const { executionGasUsed, returnValue, exceptionError } = run(data);
  expect(exceptionError).toBeUndefined();
  expect(executionGasUsed).toBe(50_000n);
  expect(bytesToHex(returnValue)).toBe(OUTPUT);
};
const fails = (data: Uint8Array, reason: string, gasLimit?: bigint) => {
  const { executionGasUsed, returnValue, exceptionError } = run(data, gasLimit);
  expect(exceptionError?.error).toBe(reason);
  expect(executionGasUsed).toBe(gasLimit ?? 100_000n);
  expect(returnValue).toHaveLength(0);
};
const changed = (at: number, value: number) => GETH.map((byte, index) => (index === at ? value : byte));
const INFINITY = G1.Point.ZERO.toBytes();
const { errorMessages } = EVMError;

describe("the point evaluation precompile", () => {
  it("accepts geth's vector", () => holds(GETH));

  it("accepts constant and linear polynomials, also at 0 and with infinity for points", () => {
    const five = G1.Point.BASE.multiply(5n).toBytes();
    for (const z of [0n, 1n, ORDER - 1n]) holds(input(five, z, 5n, INFINITY));
    holds(input(INFINITY, 7n, 0n, INFINITY));
    // f(x) = 3x + 4 at z = 10: the quotient is 3.
    const c = TAU_G1.multiply(3n).add(G1.Point.BASE.multiply(4n)).toBytes();
    holds(input(c, 10n, 34n, G1.Point.BASE.multiply(3n).toBytes()));
    fails(input(c, 10n, 35n, G1.Point.BASE.multiply(3n).toBytes()), errorMessages.INVALID_PROOF);
  });

  it("burns all gas for a wrong hash, value, proof, point, length or too little gas", () => {
    fails(changed(5, 0), errorMessages.INVALID_COMMITMENT);
    fails(changed(0, 2), errorMessages.INVALID_COMMITMENT);
    fails(changed(95, GETH[95]! ^ 1), errorMessages.INVALID_PROOF);
    fails(changed(144, 0), errorMessages.INVALID_INPUTS);
    fails(input(INFINITY, ORDER, 0n, INFINITY), errorMessages.INVALID_INPUTS);
    fails(input(INFINITY, 0n, ORDER, INFINITY), errorMessages.INVALID_INPUTS);
    fails(GETH.subarray(1), errorMessages.INVALID_INPUT_LENGTH);
    fails(new Uint8Array(0), errorMessages.INVALID_INPUT_LENGTH);
    fails(GETH, errorMessages.OUT_OF_GAS, 49_999n);
  });

  it("refuses infinity with stray bits", () => {
    const stray = INFINITY.map((byte, index) => (index === 47 ? 1 : byte));
    fails(input(stray, 0n, 0n, INFINITY), errorMessages.INVALID_INPUTS);
    fails(input(INFINITY, 0n, 0n, stray), errorMessages.INVALID_INPUTS);
  });

  it("refuses a point of the curve outside the subgroup", () => {
    // x = 4 is on the curve; its point has cofactor components.
    const outside = new Uint8Array(48);
    outside[0] = 0x80;
    outside[47] = 4;
    expect(() => G1.Point.fromBytes(outside)).toThrow("not in prime-order subgroup");
    fails(input(outside, 0n, 0n, INFINITY), errorMessages.INVALID_INPUTS);
    fails(input(INFINITY, 0n, 0n, outside), errorMessages.INVALID_INPUTS);
  });
});
