import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { loadKZG } from "kzg-wasm";
import { beforeAll, describe, expect, test } from "vitest";
import { byteSource, concat, flipped, fromHex, hex, number, run, word } from "./crypto-testing.ts";

const { G1 } = bls12_381;
const R = bls12_381.fields.Fr.ORDER;
type Point = typeof G1.Point.BASE;

/** Powers of tau in G1 from the ceremony's file: 4096 Lagrange points, 65 powers in G2, then these. */
function powersOfTau(count: number): Point[] {
  const folder = dirname(createRequire(import.meta.url).resolve("c-kzg/package.json"));
  const lines = readFileSync(join(folder, "deps", "c-kzg", "trusted_setup.txt"), "utf8").split("\n");
  const first = 2 + 4096 + 65;
  return lines.slice(first, first + count).map((line) => G1.Point.fromBytes(fromHex(line)));
}

const powers = powersOfTau(6);

/** Commitment to a polynomial, lowest coefficient first: the same sum over powers of tau. */
function commit(polynomial: bigint[]): Uint8Array {
  let sum = G1.Point.ZERO;
  polynomial.forEach((k, i) => {
    if (k % R !== 0n) sum = sum.add(powers[i]!.multiply(k % R));
  });
  return sum.toBytes(true);
}

/** p(z) and the polynomial (p(x) - p(z)) / (x - z), by Horner's rule. */
function divide(polynomial: bigint[], z: bigint): { value: bigint; quotient: bigint[] } {
  const quotient: bigint[] = [];
  let value = 0n;
  for (const k of [...polynomial].reverse()) {
    quotient.unshift(value);
    value = (value * z + k) % R;
  }
  return { value, quotient: quotient.slice(0, -1) };
}

let oracle: Awaited<ReturnType<typeof loadKZG>>;
beforeAll(async () => {
  oracle = await loadKZG(0);
});

/** Both implementations; kzg-wasm throws for what is malformed. */
function verify(z: Uint8Array, y: Uint8Array, commitment: Uint8Array, proof: Uint8Array): boolean {
  const found = run("kzg", z, y, commitment, proof) === "01";
  let expected = false;
  try {
    const [a, b, c, d] = [commitment, z, y, proof].map((bytes) => `0x${hex(bytes)}`);
    expected = oracle.verifyKZGProof(a!, b!, c!, d!);
  } catch {}
  expect(found).toBe(expected);
  return found;
}

describe("kzg", () => {
  const next = byteSource("kzg");
  const field = () => number(next(40)) % R;

  test("takes proofs of random polynomials and refuses any change", () => {
    for (let i = 0; i < 12; i++) {
      const polynomial = Array.from({ length: 1 + (i % 6) }, field);
      const z = i === 3 ? 0n : field();
      const { value, quotient } = divide(polynomial, z);
      const commitment = commit(polynomial);
      const proof = commit(quotient);
      expect(verify(word(z), word(value), commitment, proof)).toBe(true);
      expect(verify(word(z), word((value + 1n) % R), commitment, proof)).toBe(false);
      expect(verify(word(z), word(value), proof, commitment)).toBe(false);
      for (let j = 0; j < 6; j++) {
        const bad = flipped(concat(commitment, proof), (i * 97 + j * 131) % 768);
        verify(word(z), word(value), bad.subarray(0, 48), bad.subarray(48));
      }
      if (quotient.length > 0) expect(verify(word((z + 1n) % R), word(value), commitment, proof)).toBe(false);
    }
  });

  test("a constant has the proof infinity, and zero the commitment infinity", () => {
    const infinity = G1.Point.ZERO.toBytes(true);
    expect(verify(word(5n), word(9n), commit([9n]), infinity)).toBe(true);
    expect(verify(word(0n), word(0n), infinity, infinity)).toBe(true);
    expect(verify(word(0n), word(1n), infinity, infinity)).toBe(false);
    expect(verify(word(7n), word(0n), infinity, commit([1n]))).toBe(false);
  });

  test("refuses numbers of the group's order and above", () => {
    const polynomial = [3n, 4n];
    const { value, quotient } = divide(polynomial, 2n);
    const [commitment, proof] = [commit(polynomial), commit(quotient)];
    expect(verify(word(2n), word(value), commitment, proof)).toBe(true);
    expect(verify(word(2n + R), word(value), commitment, proof)).toBe(false);
    expect(verify(word(2n), word(value + R), commitment, proof)).toBe(false);
    const root = divide([R - 4n, 2n], 2n);
    expect(verify(word(2n), word(root.value), commit([R - 4n, 2n]), commit(root.quotient))).toBe(true);
    expect(verify(word(2n), word(R), commit([R - 4n, 2n]), commit(root.quotient))).toBe(false);
  });

  test("refuses points outside the group, off the curve and in another encoding", () => {
    const good = commit([1n, 2n]);
    const uncompressed = Uint8Array.from(good);
    uncompressed[0]! &= 0x7f;
    // The point (0, 2) of order 3, infinity with another bit, and x = p.
    const third = fromHex(`80${"00".repeat(47)}`);
    const infinity = fromHex(`c0${"00".repeat(46)}01`);
    const signed = fromHex(`e0${"00".repeat(47)}`);
    const x = word(bls12_381.fields.Fp.ORDER, 48);
    x[0]! |= 0x80;
    for (const bad of [
      uncompressed,
      third,
      infinity,
      signed,
      x,
      new Uint8Array(48),
      new Uint8Array(48).fill(255),
    ]) {
      expect(verify(word(1n), word(3n), bad, good)).toBe(false);
      expect(verify(word(1n), word(3n), good, bad)).toBe(false);
    }
    // Points of the curve by their x alone are outside the group, but for one in 2^125.
    for (let i = 1; i < 20; i++) {
      const bad = word(BigInt(i), 48);
      bad[0]! |= 0x80;
      expect(verify(word(1n), word(3n), bad, good)).toBe(false);
      expect(verify(word(1n), word(3n), good, bad)).toBe(false);
    }
  });
});
