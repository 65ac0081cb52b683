import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { expect, test } from "vitest";
import { CRYPTO_INVALID, CRYPTO_OPERATIONS, cryptoOperation } from "./crypto.ts";
import { concat, fromHex, hex, word } from "./crypto-testing.ts";

const BLOB_BYTES = 131_072;
const folder = dirname(createRequire(import.meta.url).resolve("c-kzg/package.json"));
/** The ceremony's points in G1, first the 4096 of Lagrange's basis. */
const lines = readFileSync(join(folder, "deps", "c-kzg", "trusted_setup.txt"), "utf8")
  .split("\n")
  .slice(2);

function commitment(blob: Uint8Array): string | number {
  const output = new Uint8Array(48);
  const written = cryptoOperation(CRYPTO_OPERATIONS.blob, blob, output);
  return written < 0 ? written : hex(output.subarray(0, written));
}

function reversed(index: number): number {
  return Number.parseInt([...index.toString(2).padStart(12, "0")].reverse().join(""), 2);
}

test("a blob's commitment is the sum of its numbers times the ceremony's points in bit-reversed order", () => {
  const numbers: [index: number, value: bigint][] = [
    [0, 1n],
    [1, 2n ** 200n + 5n],
    [2, bls12_381.fields.Fr.ORDER - 1n],
    [4095, 77n],
  ];
  const blob = new Uint8Array(BLOB_BYTES);
  let sum = bls12_381.G1.Point.ZERO;
  for (const [index, value] of numbers) {
    blob.set(word(value), 32 * index);
    const point = bls12_381.G1.Point.fromBytes(fromHex(lines[reversed(index)]!));
    sum = sum.add(point.multiply(value));
  }
  expect(commitment(blob)).toBe(hex(sum.toBytes(true)));
});

test("the commitment to zeros is the point at infinity", () => {
  expect(commitment(new Uint8Array(BLOB_BYTES))).toBe(`c0${"00".repeat(47)}`);
});

test("numbers beyond the field and blobs of another length have none", () => {
  const blob = new Uint8Array(BLOB_BYTES);
  blob.set(word(bls12_381.fields.Fr.ORDER), 32 * 9);
  expect(commitment(blob)).toBe(CRYPTO_INVALID);
  expect(commitment(concat(new Uint8Array(BLOB_BYTES), Uint8Array.of(0)))).toBe(CRYPTO_INVALID);
});
