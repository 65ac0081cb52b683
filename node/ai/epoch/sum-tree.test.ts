import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Hash } from "../../chain/types/primitives.ts";
import { climb, type SumNode, sumNodeHash, sumTree } from "./sum-tree.ts";

const leafOf = (sum: bigint, i: number): SumNode => ({
  hash: `0x${(i + 1).toString(16).padStart(64, "0")}` as Hash,
  sum,
});
const leaves = fc
  .array(fc.bigInt({ min: 0n, max: 2n ** 100n }), { minLength: 1, maxLength: 40 })
  .map((sums) => sums.map(leafOf));

describe("a sum tree", () => {
  it("leads each leaf to its root, with the sum of those before it", () => {
    fc.assert(
      fc.property(leaves, (all) => {
        const tree = sumTree(all);
        let before = 0n;
        for (const [i, leaf] of all.entries()) {
          expect(climb(leaf, i, tree.path(i))).toEqual({ root: tree.root, before });
          before += leaf.sum;
        }
        expect(tree.root.sum).toBe(before);
      }),
    );
  });

  it("leads nothing else there: another sum, hash or place", () => {
    fc.assert(
      fc.property(leaves, fc.nat(), (all, seed) => {
        const tree = sumTree(all);
        const i = seed % all.length;
        const leaf = all[i]!;
        const rootOf = (node: SumNode, at = i) => climb(node, at, tree.path(i)).root;
        if (tree.depth > 0) expect(rootOf({ ...leaf, sum: leaf.sum + 1n }).hash).not.toBe(tree.root.hash);
        expect(rootOf({ ...leaf, hash: `0x${"ff".repeat(32)}` }).hash).not.toBe(tree.root.hash);
        if (tree.depth > 0) expect(rootOf(leaf, i ^ 1).hash).not.toBe(tree.root.hash);
      }),
    );
  });

  it("pads with nothing, and of no leaves it is that", () => {
    const [a, b, c] = [leafOf(5n, 0), leafOf(6n, 1), leafOf(7n, 2)];
    const nothing = { hash: `0x${"00".repeat(32)}` as Hash, sum: 0n };
    const left = { hash: sumNodeHash(a, b), sum: 11n };
    const right = { hash: sumNodeHash(c, nothing), sum: 7n };
    const tree = sumTree([a, b, c]);
    expect(tree.root).toEqual({ hash: sumNodeHash(left, right), sum: 18n });
    expect(tree.nodeAt(1, 1)).toEqual(right);
    expect(tree.path(0, 1)).toEqual([right]);
    expect(sumTree([]).root).toEqual(nothing);
  });

  it("refuses a place that it has not, and sums of more than 128 bits", () => {
    const tree = sumTree([leafOf(1n, 0), leafOf(2n, 1)]);
    expect(() => tree.path(2)).toThrow(expect.objectContaining({ code: "MERKLE_INDEX" }));
    const large = [leafOf(2n ** 127n, 0), leafOf(2n ** 127n, 1)];
    expect(() => sumTree(large)).toThrow(expect.objectContaining({ code: "EPOCH_SUM_RANGE" }));
  });
});
