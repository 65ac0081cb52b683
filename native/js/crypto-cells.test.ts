import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { expect, test } from "vitest";
import { CRYPTO_INVALID, CRYPTO_OPERATIONS, cryptoOperation } from "./crypto.ts";
import { fromHex, hex, word } from "./crypto-testing.ts";

const { Fr } = bls12_381.fields;
const G1 = bls12_381.G1.Point;
const folder = dirname(createRequire(import.meta.url).resolve("c-kzg/package.json"));
/** The ceremony's powers of tau in G1, from 0 on: behind 4096 points of Lagrange's basis and 65 powers in G2. */
const powers = readFileSync(join(folder, "deps", "c-kzg", "trusted_setup.txt"), "utf8")
  .split("\n")
  .slice(2 + 4_096 + 65);

/** A primitive root of one. Source: EIP-4844 `PRIMITIVE_ROOT_OF_UNITY`. */
const root = (order: number) => Fr.pow(7n, (Fr.ORDER - 1n) / BigInt(order));

function reversed(index: number, order: number): number {
  const bits = index.toString(2).padStart(Math.log2(order), "0");
  return Number.parseInt([...bits].reverse().join(""), 2);
}

/** The polynomial's values at the 4,096 roots, as a blob holds them. */
function blobOf(polynomial: (x: bigint) => bigint): Uint8Array {
  const blob = new Uint8Array(131_072);
  const w = root(4_096);
  for (let i = 0; i < 4_096; i++) blob.set(word(polynomial(Fr.pow(w, BigInt(reversed(i, 4_096))))), 32 * i);
  return blob;
}

test("a cell's proof commits to the quotient by the cell's vanishing polynomial", {
  timeout: 120_000,
}, () => {
  const [a, b, d] = [5n, Fr.ORDER - 3n, 2n ** 250n + 1n];
  const x = (value: bigint, exponent: bigint) => Fr.pow(value, exponent);
  // a X^64 + b X^128 + d X^65 + 9 divided by X^64 - c leaves a + b (X^64 + c) + d X.
  const blob = blobOf((v) => Fr.create(a * x(v, 64n) + b * x(v, 128n) + d * x(v, 65n) + 9n));
  const proofs = new Uint8Array(128 * 48);
  expect(cryptoOperation(CRYPTO_OPERATIONS.cellProofs, blob, proofs)).toBe(proofs.length);
  const point = (power: number) => G1.fromBytes(fromHex(powers[power]!));
  for (const cell of [0, 1, 2, 77, 127]) {
    const c = Fr.pow(root(128), BigInt(reversed(cell, 128)));
    const quotient = G1.BASE.multiply(Fr.create(a + b * c))
      .add(point(64).multiply(b))
      .add(point(1).multiply(d));
    expect(hex(proofs.subarray(48 * cell, 48 * (cell + 1))), `cell ${cell}`).toBe(
      hex(quotient.toBytes(true)),
    );
  }
});

test("what is no blob has no cells", () => {
  const proofs = new Uint8Array(128 * 48);
  const blob = new Uint8Array(131_072);
  expect(cryptoOperation(CRYPTO_OPERATIONS.cellProofs, blob.subarray(1), proofs)).toBe(CRYPTO_INVALID);
  blob.set(word(Fr.ORDER), 32 * 4_095);
  expect(cryptoOperation(CRYPTO_OPERATIONS.cellProofs, blob, proofs)).toBe(CRYPTO_INVALID);
});
