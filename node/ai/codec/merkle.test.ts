import { expect, test } from "vitest";
import { leafHash, merkleTree, nodeHash, rootOfPath } from "./merkle.ts";

const leaves = (n: number) => Array.from({ length: n }, (_, i) => leafHash(Uint8Array.of(i)));
const zero = `0x${"00".repeat(32)}` as const;

test("one leaf is its own root with an empty path", () => {
  const [leaf] = leaves(1);
  const tree = merkleTree([leaf!]);
  expect(tree.root).toBe(leaf);
  expect(tree.path(0)).toEqual([]);
});

test("pads with zero hashes, not with zero leaves' hashes", () => {
  const [a, b, c] = leaves(3) as [`0x${string}`, `0x${string}`, `0x${string}`];
  expect(merkleTree([a, b, c]).root).toBe(nodeHash(nodeHash(a, b), nodeHash(c, zero)));
});

test("every path leads to the root, and no other index or leaf does", () => {
  for (const n of [2, 3, 5, 8, 9]) {
    const all = leaves(n);
    const tree = merkleTree(all);
    for (let i = 0; i < n; i++) {
      expect(rootOfPath(all[i]!, i, tree.path(i))).toBe(tree.root);
      expect(rootOfPath(all[i]!, i ^ 1, tree.path(i))).not.toBe(tree.root);
    }
    expect(() => tree.path(n)).toThrow(expect.objectContaining({ code: "MERKLE_INDEX" }));
  }
  expect(() => merkleTree([])).toThrow(expect.objectContaining({ code: "MERKLE_EMPTY" }));
});
