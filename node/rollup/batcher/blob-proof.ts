import { createHash } from "node:crypto";
import { concatBytes } from "../../base/bytes.ts";
import { BLOB_BYTES } from "../../chain/codec/blob.ts";
import { commitmentOf } from "../../execution/blob-hash.ts";

/** Order of BLS12-381's scalar field. */
const R = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;
const ELEMENTS = 4_096;
const ELEMENT_BYTES = 32;
/** Generator of the field's units. Source: EIP-4844 `PRIMITIVE_ROOT_OF_UNITY`. */
const GENERATOR = 7n;
const DOMAIN = new TextEncoder().encode("FSBLOBVERIFY_V1_");

/**
 * The KZG proof that a blob belongs to its commitment, 48 bytes. Source: EIP-4844 `compute_blob_kzg_proof`. The proof is the
 * commitment to the quotient (p(X) - p(z)) / (X - z), a blob itself; no library needs less than many seconds to begin.
 * Takes some 0.1 s. @throws NativeError as `commitmentOf`.
 */
export function blobProof(blob: Uint8Array, commitment: Uint8Array): Uint8Array {
  const z = challenge(blob, commitment);
  const { quotient } = openAt(elementsOf(blob), z);
  const proof = commitmentOf(bytesOf(quotient));
  if (proof === undefined) throw new Error("a quotient is no blob");
  return proof;
}

/** The point at which the blob is opened, and its value there: what a point evaluation checks. */
export function blobOpening(blob: Uint8Array, commitment: Uint8Array): { z: bigint; y: bigint } {
  const z = challenge(blob, commitment);
  return { z, y: openAt(elementsOf(blob), z).y };
}

/** Source: EIP-4844 `compute_challenge`. */
function challenge(blob: Uint8Array, commitment: Uint8Array): bigint {
  const degree = new Uint8Array(16);
  degree[14] = ELEMENTS >> 8;
  const digest = createHash("sha256")
    .update(concatBytes(DOMAIN, degree, blob, commitment))
    .digest();
  return BigInt(`0x${digest.toString("hex")}`) % R;
}

/** The value at `z` and the quotient's values at the roots. Source: `evaluate_polynomial_in_evaluation_form`. */
function openAt(values: readonly bigint[], z: bigint): { y: bigint; quotient: bigint[] } {
  const roots = rootsOfUnity();
  // A hash hits one of the 4,096 roots once in 2^243 blobs.
  const inverses = invertAll(roots.map((root) => mod(z - root)));
  let sum = 0n;
  for (let i = 0; i < ELEMENTS; i++) sum += mod(values[i]! * roots[i]!) * inverses[i]!;
  const factor = mod((power(z, BigInt(ELEMENTS)) - 1n) * power(BigInt(ELEMENTS), R - 2n));
  const y = mod(mod(sum) * factor);
  // (p_i - y) / (root_i - z) = (y - p_i) / (z - root_i).
  return { y, quotient: values.map((value, i) => mod((y - value) * inverses[i]!)) };
}

let roots: readonly bigint[] | undefined;

/** The 4,096th roots of one in the order of a blob's elements: by their exponents' reversed bits. */
function rootsOfUnity(): readonly bigint[] {
  if (roots !== undefined) return roots;
  const root = power(GENERATOR, (R - 1n) / BigInt(ELEMENTS));
  const ordered: bigint[] = [1n];
  for (let i = 1; i < ELEMENTS; i++) ordered.push(mod(ordered[i - 1]! * root));
  roots = ordered.map((_, i) => ordered[reverseBits(i)]!);
  return roots;
}

function reverseBits(index: number): number {
  let reversed = 0;
  for (let bit = 1; bit < ELEMENTS; bit <<= 1) reversed = (reversed << 1) | ((index & bit) === 0 ? 0 : 1);
  return reversed;
}

/** All inverses with one division (Montgomery's trick). */
function invertAll(values: readonly bigint[]): bigint[] {
  const before: bigint[] = [];
  let product = 1n;
  for (const value of values) {
    before.push(product);
    product = mod(product * value);
  }
  let inverse = power(product, R - 2n);
  const inverses = new Array<bigint>(values.length);
  for (let i = values.length - 1; i >= 0; i--) {
    inverses[i] = mod(inverse * before[i]!);
    inverse = mod(inverse * values[i]!);
  }
  return inverses;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = mod(base), rest = exponent; rest > 0n; rest >>= 1n, square = mod(square * square))
    if ((rest & 1n) === 1n) result = mod(result * square);
  return result;
}

function mod(value: bigint): bigint {
  const rest = value % R;
  return rest < 0n ? rest + R : rest;
}

function elementsOf(blob: Uint8Array): bigint[] {
  const view = new DataView(blob.buffer, blob.byteOffset, BLOB_BYTES);
  return Array.from({ length: ELEMENTS }, (_, i) => {
    let element = 0n;
    for (let word = 0; word < 4; word++) element = (element << 64n) | view.getBigUint64(i * 32 + word * 8);
    return element;
  });
}

function bytesOf(elements: readonly bigint[]): Uint8Array {
  const blob = new Uint8Array(BLOB_BYTES);
  const view = new DataView(blob.buffer);
  for (const [i, element] of elements.entries())
    for (let word = 0; word < 4; word++)
      view.setBigUint64(i * ELEMENT_BYTES + word * 8, BigInt.asUintN(64, element >> BigInt(192 - 64 * word)));
  return blob;
}
