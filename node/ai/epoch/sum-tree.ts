import { numberToBytes } from "viem/utils";
import type { Hash } from "../../chain/types/primitives.ts";
import { bytesOfHex, keccakOf } from "../codec/hash.ts";
import { aiError } from "../errors.ts";

/** Merkle trees whose nodes commit the sums of their leaves, as the contracts' library SumTrees has them. */

/** A subtree: its hash, and the sum of its leaves in wei. */
export interface SumNode {
  hash: Hash;
  sum: bigint;
}

export interface SumTree {
  root: SumNode;
  /** Leaves, without padding. */
  count: number;
  /** Levels above the leaves. */
  depth: number;
  /** A node of a level, 0 being the leaves with their padding. */
  nodeAt(level: number, position: number): SumNode;
  /** Siblings of a node, bottom up. @throws CodedError `MERKLE_INDEX` for a position that the tree has not */
  path(position: number, level?: number): SumNode[];
}

const NODE = Uint8Array.of(1);
const NOTHING: SumNode = { hash: `0x${"00".repeat(32)}`, sum: 0n };

/** keccak256(0x01 | left hash | left sum | right hash | right sum), sums as u128. @throws CodedError `EPOCH_SUM_RANGE` */
export function sumNodeHash(left: SumNode, right: SumNode): Hash {
  return keccakOf(NODE, bytesOfHex(left.hash), sumBytes(left), bytesOfHex(right.hash), sumBytes(right));
}

/**
 * The tree over leaves, padded to the next power of two with hash 0 and sum 0. Of no leaves it is that padding alone.
 * @throws CodedError `EPOCH_SUM_RANGE` where the sum has more than 128 bits
 */
export function sumTree(leaves: readonly SumNode[]): SumTree {
  let level = leaves.length === 0 ? [NOTHING] : [...leaves];
  while ((level.length & (level.length - 1)) !== 0) level.push(NOTHING);
  const levels = [level];
  while (level.length > 1) {
    level = Array.from({ length: level.length / 2 }, (_, i) => parentOf(level[2 * i]!, level[2 * i + 1]!));
    levels.push(level);
  }
  const root = levels.at(-1)![0]!;
  sumBytes(root);
  return {
    root,
    count: leaves.length,
    depth: levels.length - 1,
    nodeAt: (height, position) => nodeAt(levels, height, position),
    path(position, height = 0) {
      nodeAt(levels, height, position);
      return levels.slice(height, -1).map((nodes, above) => nodes[(position >> above) ^ 1]!);
    },
  };
}

/** The root that a leaf's path leads to, and the sum of all leaves before it. @throws CodedError `EPOCH_SUM_RANGE` */
export function climb(
  leaf: SumNode,
  position: number,
  path: readonly SumNode[],
): { root: SumNode; before: bigint } {
  let [root, before] = [leaf, 0n];
  for (const [height, sibling] of path.entries()) {
    const isRight = ((position >> height) & 1) === 1;
    root = isRight ? parentOf(sibling, root) : parentOf(root, sibling);
    if (isRight) before += sibling.sum;
  }
  sumBytes(root);
  return { root, before };
}

/** Whether a leaf stands in a tree of which only root and number of leaves are known: its path has the tree's depth and leads to the root. */
export function standsIn(
  { root, count }: Pick<SumTree, "root" | "count">,
  leaf: SumNode,
  position: number,
  path: readonly SumNode[],
): boolean {
  if (position < 0 || position >= count || path.length !== 32 - Math.clz32(count - 1)) return false;
  const found = climb(leaf, position, path).root;
  return found.hash === root.hash && found.sum === root.sum;
}

function parentOf(left: SumNode, right: SumNode): SumNode {
  return { hash: sumNodeHash(left, right), sum: left.sum + right.sum };
}

function nodeAt(levels: readonly (readonly SumNode[])[], level: number, position: number): SumNode {
  const node = levels[level]?.[position];
  if (node !== undefined) return node;
  throw aiError("MERKLE_INDEX", {
    message: `the tree has no node ${position} at level ${level}`,
    facts: { level, position, levels: levels.length },
  });
}

function sumBytes({ sum }: SumNode): Uint8Array {
  if (sum >= 0n && sum >> 128n === 0n) return numberToBytes(sum, { size: 16 });
  throw aiError("EPOCH_SUM_RANGE", {
    message: `a sum of ${sum} wei has more than 128 bits`,
    fix: "no fee or payout of an epoch is negative or above all OPEN that there is",
    facts: { sum: String(sum) },
  });
}
