import { bls12_381 } from "@noble/curves/bls12-381.js";
import { bn254 } from "@noble/curves/bn254.js";
import { bytesToHex, type Hex, hexToBytes } from "viem";
import { sha256 } from "../../../node/chain/crypto.ts";
import { digits, word } from "./assembler.ts";
import type { WorstCase } from "./case.ts";
import { hex, type PrecompileInput, type PrecompileOptions, precompileCase } from "./precompiles.ts";

/** Full scalars, each another. */
function scalar(i: number): bigint {
  const wide = ((1n << 252n) - 1n) * BigInt(2 * i + 3);
  return (wide % (1n << 253n)) | (1n << 252n) | 1n;
}
const ALL_ONES = "ff".repeat(32);

function bnG1(i: number): string {
  const { x, y } = bn254.G1.Point.BASE.multiply(scalar(i) % bn254.fields.Fr.ORDER).toAffine();
  return word(x) + word(y);
}
function bnG2(i: number): string {
  const { x, y } = bn254.G2.Point.BASE.multiply(scalar(i) % bn254.fields.Fr.ORDER).toAffine();
  return word(x.c1) + word(x.c0) + word(y.c1) + word(y.c0);
}
const fp = (value: bigint): string => digits(value, 64);
const blsPoint = (i: number) => bls12_381.G1.Point.BASE.multiply(scalar(i));
function blsG1(i: number): string {
  const { x, y } = blsPoint(i).toAffine();
  return fp(x) + fp(y);
}
function blsG2(i: number): string {
  const { x, y } = bls12_381.G2.Point.BASE.multiply(scalar(i + 5)).toAffine();
  return fp(x.c0) + fp(x.c1) + fp(y.c0) + fp(y.c1);
}
const list = (count: number, make: (i: number) => string): Hex =>
  hex(...Array.from({ length: count }, (_, i) => make(i)));

/** `distinct` entries of an input, repeated to `count`. */
function listCase(
  name: string,
  at: number,
  count: number,
  make: (i: number) => string,
  options: PrecompileOptions = {},
): WorstCase {
  const distinct = Math.min(count, 8);
  const input = (): PrecompileInput => {
    const data = list(distinct, make);
    return { input: data, size: ((data.length - 2) / 2 / distinct) * count };
  };
  return precompileCase(name, at, input, { times: count > 100 ? 1 : 2, ...options });
}

/** A commitment and a proof that are points, but no proof. Same gas: the call's own. */
function wrongProof(): PrecompileInput {
  const [commitment, proof] = [5, 6].map((i) => bytesToHex(blsPoint(i).toBytes()).slice(2));
  const hash = bytesToHex(sha256(hexToBytes(hex(commitment!)))).slice(4);
  return { input: hex("01", hash, "5a".repeat(32), "3b".repeat(32), commitment!, proof!) };
}

const wholeBn = "11".repeat(192);
const FIELD = (1n << 380n) - 12345n;

const BN: readonly WorstCase[] = [
  precompileCase("bn254 add", 6, () => ({ input: hex(bnG1(1), bnG1(2)) })),
  precompileCase("bn254 add of a point to itself", 6, () => ({ input: hex(bnG1(1), bnG1(1)) })),
  precompileCase("bn254 add of the points at infinity", 6, () => ({ input: hex("00".repeat(128)) })),
  precompileCase("bn254 add, point off the curve", 6, () => ({ input: hex("11".repeat(128)) }), {
    gas: 150,
    wants: 0,
  }),
  precompileCase("bn254 mul", 7, () => ({ input: hex(bnG1(1), ALL_ONES) })),
  ...[1, 2, 10, 100].map((pairs) =>
    listCase(`bn254 pairing, ${pairs} pairs`, 8, pairs, (i) => bnG1(i) + bnG2(i + 9)),
  ),
  listCase("bn254 pairing, 427 pairs (Jovian's limit)", 8, 427, (i) => bnG1(i) + bnG2(i + 9), {
    least: 15_500_000,
  }),
  precompileCase("bn254 pairing, no pair", 8, () => ({ input: "0x", size: 0 })),
  precompileCase("bn254 pairing, point off the curve", 8, () => ({ input: hex(wholeBn) }), {
    gas: 79_000,
    wants: 0,
  }),
  // The first points hold, and the last one is checked after them.
  precompileCase(
    "bn254 pairing, 100 pairs, the last off the curve",
    8,
    () => ({ input: hex(...Array.from({ length: 99 }, (_, i) => bnG1(i % 8) + bnG2((i % 8) + 9)), wholeBn) }),
    { gas: 45_000 + 100 * 34_000, wants: 0, least: 8_000_000 },
  ),
];

const msm = (point: (i: number) => string) => (i: number) => point(i) + ALL_ONES;

const BLS: readonly WorstCase[] = [
  precompileCase("BLS12 G1 add", 0x0b, () => ({ input: hex(blsG1(0), blsG1(1)) })),
  precompileCase("BLS12 G1 add of a point to itself", 0x0b, () => ({ input: hex(blsG1(0), blsG1(0)) })),
  precompileCase("BLS12 G2 add", 0x0d, () => ({ input: hex(blsG2(0), blsG2(1)) })),
  ...[1, 2, 16, 128, 512].map((pairs) =>
    listCase(`BLS12 G1 multi-scalar, ${pairs} pairs`, 0x0c, pairs, msm(blsG1), {
      least: pairs > 400 ? 4_000_000 : undefined,
    }),
  ),
  listCase("BLS12 G1 multi-scalar, 1,806 pairs (Jovian's limit)", 0x0c, 1806, msm(blsG1), {
    least: 12_900_000,
  }),
  ...[1, 2, 16, 128].map((pairs) =>
    listCase(`BLS12 G2 multi-scalar, ${pairs} pairs`, 0x0e, pairs, msm(blsG2), {
      least: pairs > 100 ? 3_000_000 : undefined,
    }),
  ),
  listCase("BLS12 G2 multi-scalar, 968 pairs (Jovian's limit)", 0x0e, 968, msm(blsG2), { least: 13_500_000 }),
  ...[1, 2, 16].map((pairs) =>
    listCase(`BLS12 pairing, ${pairs} pairs`, 0x0f, pairs, (i) => blsG1(i) + blsG2(i)),
  ),
  listCase("BLS12 pairing, 408 pairs (Jovian's limit)", 0x0f, 408, (i) => blsG1(i) + blsG2(i), {
    least: 15_000_000,
  }),
  precompileCase("BLS12 map Fp to G1", 0x10, () => ({ input: hex(fp(FIELD)) })),
  precompileCase("BLS12 map Fp2 to G2", 0x11, () => ({ input: hex(fp(FIELD), fp(FIELD >> 1n)) })),
  precompileCase(
    "BLS12 pairing, point off the curve",
    0x0f,
    () => ({ input: hex(blsG1(0), fp(FIELD), fp(FIELD), fp(FIELD), fp(FIELD)) }),
    { gas: 70_300, wants: 0 },
  ),
  precompileCase(
    "BLS12 pairing, G2 point outside of the subgroup",
    0x0f,
    () => ({
      input: hex(blsG1(0), outsideG2()),
    }),
    { gas: 70_300, wants: 0 },
  ),
];

/** A point of the curve over Fp2 that has another order. */
function outsideG2(): string {
  const { Fp2 } = bls12_381.fields;
  const b = Fp2.fromBigTuple([4n, 4n]);
  for (let n = 1n; ; n++) {
    const x = Fp2.fromBigTuple([n, 1n]);
    try {
      const y = Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), b));
      return fp(x.c0) + fp(x.c1) + fp(y.c0) + fp(y.c1);
    } catch {
      // No square: the next x.
    }
  }
}

/** Precompiles on curves. */
export const CURVE_CASES: readonly WorstCase[] = [
  ...BN,
  precompileCase("KZG point evaluation, wrong proof (same gas)", 10, wrongProof, { gas: 50_000, wants: 0 }),
  ...BLS,
];
