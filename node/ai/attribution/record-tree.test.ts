import { expect, test } from "vitest";
import { concatBytes, keccakOf } from "../codec/hash.ts";
import { merkleTree } from "../codec/merkle.ts";
import { recordTree } from "./record-tree.ts";

const bytesOf = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 255);

test("is the tree of the records' leaf hashes", async () => {
  for (const rows of [1, 2, 5, 8]) {
    const bytes = bytesOf(rows * 22);
    const records = Array.from({ length: rows }, (_, row) => bytes.subarray(row * 22, (row + 1) * 22));
    const leaves = records.map((record) => keccakOf(concatBytes(Uint8Array.of(0), record)));
    const [made, plain] = [await recordTree(bytes, 22), merkleTree(leaves)];
    expect(made.root).toBe(plain.root);
    for (let row = 0; row < rows; row++) expect(made.path(row)).toEqual(plain.path(row));
  }
});

test("of very many small records holds nobody else up, and ends when it is told", {
  timeout: 60_000,
}, async () => {
  const bytes = bytesOf(2 ** 18 * 22);
  let longest = 0;
  let last = performance.now();
  const ticks = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1);
  await recordTree(bytes, 22);
  clearInterval(ticks);
  // Milliseconds; what is made takes seconds.
  expect(longest).toBeLessThan(500);
  await expect(recordTree(bytes, 22, AbortSignal.timeout(50))).rejects.toThrow("timeout");
});
