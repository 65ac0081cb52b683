import type { Hash } from "../../chain/types/primitives.ts";
import { aiError } from "../errors.ts";
import { bytesOfHex, keccakOf } from "./hash.ts";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);
const EMPTY: Hash = `0x${"00".repeat(32)}`;

/** keccak256(0x00 | record). */
export function leafHash(record: Uint8Array): Hash {
  return keccakOf(LEAF, record);
}

/** keccak256(0x01 | left | right). */
export function nodeHash(left: Hash, right: Hash): Hash {
  return keccakOf(NODE, bytesOfHex(left), bytesOfHex(right));
}

/** Levels of the tree over `leaves`, leaves first, padded with 32 zero bytes to the next power of two. */
function merkleLevels(leaves: readonly Hash[]): Hash[][] {
  if (leaves.length === 0) throw aiError("MERKLE_EMPTY", { message: "a Merkle tree needs a leaf" });
  let level = [...leaves];
  while ((level.length & (level.length - 1)) !== 0) level.push(EMPTY);
  const levels = [level];
  while (level.length > 1) {
    const next: Hash[] = [];
    for (let i = 0; i < level.length; i += 2) next.push(nodeHash(level[i]!, level[i + 1]!));
    levels.push(next);
    level = next;
  }
  return levels;
}

export interface MerkleTree {
  root: Hash;
  /** Sibling hashes from the leaf up; its length is the tree's depth. */
  path(index: number): Hash[];
}

/** The tree of records, sketches and snapshots. @throws CodedError `MERKLE_EMPTY` without leaves. */
export function merkleTree(leaves: readonly Hash[]): MerkleTree {
  const levels = merkleLevels(leaves);
  return {
    root: levels.at(-1)![0]!,
    path(index) {
      if (!Number.isInteger(index) || index < 0 || index >= leaves.length) {
        throw aiError("MERKLE_INDEX", {
          message: `leaf ${index} is outside 0…${leaves.length - 1}`,
          facts: { index, leaves: leaves.length },
        });
      }
      return levels.slice(0, -1).map((level, height) => level[(index >> height) ^ 1]!);
    },
  };
}

/** The root that `leaf` at `index` and its path lead to. */
export function rootOfPath(leaf: Hash, index: number, path: readonly Hash[]): Hash {
  return path.reduce(
    (hash, sibling, height) => ((index >> height) & 1 ? nodeHash(sibling, hash) : nodeHash(hash, sibling)),
    leaf,
  );
}
