import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { describe, expect, test } from "vitest";
import { byteSource, concat, flipped, fromHex, number, run, word } from "./crypto-testing.ts";

const { G1, G2 } = bls12_381;
const { Fp12 } = bls12_381.fields;
type Point = typeof G1.Point.BASE;
const R = bls12_381.fields.Fr.ORDER;

/** The ceremony's file: two counts, 4096 Lagrange points, 65 powers of tau in G2, 4096 in G1. */
function ceremony(): string[] {
  const folder = dirname(createRequire(import.meta.url).resolve("c-kzg/package.json"));
  return readFileSync(join(folder, "deps", "c-kzg", "trusted_setup.txt"), "utf8")
    .split("\n")
    .slice(2);
}

const points = ceremony();
const powers = points.slice(4096 + 65, 4096 + 65 + 6).map((line) => G1.Point.fromBytes(fromHex(line)));
const tau = G2.Point.fromBytes(fromHex(points[4096 + 1]!));

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

/** verify_kzg_proof of EIP-4844 as it is written there, over noble; false for what noble refuses to read. */
function reference(z: Uint8Array, y: Uint8Array, commitment: Uint8Array, proof: Uint8Array): boolean {
  if (number(z) >= R || number(y) >= R) return false;
  try {
    const [left, right] = [commitment, proof].map((bytes) => {
      const point = G1.Point.fromBytes(bytes);
      point.assertValidity();
      return point;
    }) as [Point, Point];
    // e(C - y, G2) e(-proof, tau - z) = 1; noble has no pairing with infinity, which is 1.
    const pairs = [
      { g1: left.add(times(G1.Point.BASE, R - number(y))), g2: G2.Point.BASE },
      { g1: right.negate(), g2: tau.add(times(G2.Point.BASE, R - number(z))) },
    ].filter((pair) => !pair.g1.is0() && !pair.g2.is0());
    return Fp12.eql(bls12_381.pairingBatch(pairs), Fp12.ONE);
  } catch {
    return false;
  }
}

function times<T extends Point | typeof G2.Point.BASE>(point: T, k: bigint): T {
  return (k % R === 0n ? point.subtract(point as never) : point.multiply(k % R)) as T;
}

function verify(z: Uint8Array, y: Uint8Array, commitment: Uint8Array, proof: Uint8Array): boolean {
  const found = run("kzg", z, y, commitment, proof) === "01";
  expect(found).toBe(reference(z, y, commitment, proof));
  return found;
}

/** noble's own encoder refuses points outside the group. */
function compress(point: Point): Uint8Array {
  const { x, y } = point.toAffine();
  const out = word(x, 48);
  out[0]! |= 2n * y > bls12_381.fields.Fp.ORDER ? 0xa0 : 0x80;
  return out;
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
    // A commitment with a point of order 3 added satisfies the equation, but is no point of the group.
    const polynomial = [5n, 6n, 7n];
    const { value, quotient } = divide(polynomial, 8n);
    const order3 = G1.Point.fromAffine({ x: 0n, y: 2n });
    const shifted = compress(G1.Point.fromBytes(commit(polynomial)).add(order3));
    expect(verify(word(8n), word(value), commit(polynomial), commit(quotient))).toBe(true);
    expect(verify(word(8n), word(value), shifted, commit(quotient))).toBe(false);
    // Points of the curve by their x alone are outside the group, but for one in 2^125.
    for (let i = 1; i < 20; i++) {
      const bad = word(BigInt(i), 48);
      bad[0]! |= 0x80;
      expect(verify(word(1n), word(3n), bad, good)).toBe(false);
      expect(verify(word(1n), word(3n), good, bad)).toBe(false);
    }
  });
});
