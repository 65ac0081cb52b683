import { encodeAbiParameters, keccak256 } from "viem/utils";
import type { Shard } from "../../../native/js/spans.ts";
import { claimChallengesAbi } from "../../chain/generated/abi.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { hexOfBytes } from "../codec/hash.ts";
import { leafHash, type MerkleTree, merkleTree } from "../codec/merkle.ts";
import { spanCommitment } from "./proofs.ts";

/** Stands for a row's number where a demand or a dispute is over what an index commits of spans. */
export const SPANS_ROW = 0xffff_ffff;

/** Token ids in a leaf of the table. */
const LEAF = 64;

/** What an index's `spans` commits, with what opens it: the contracts' SpanIndex. */
export interface CommittedSpans {
  /** The completions, a document each, in the order of their rows. */
  shard: Shard;
  /** Whole bits of each token id, 1 to 15. */
  information: Uint8Array;
  tree: MerkleTree;
}

/** @throws CodedError `MERKLE_EMPTY` for a table without ids */
export function commitSpans(shard: Shard, information: Uint8Array): CommittedSpans {
  const leaves = Array.from({ length: Math.ceil(information.length / LEAF) }, (_, i) =>
    tableLeaf(information, i),
  );
  return { shard, information, tree: merkleTree(leaves.map(leafHash)) };
}

/** The contracts' struct of that name. */
export type SpanIndex = ReturnType<typeof spanIndexOf>;

/** The contracts' struct. */
export function spanIndexOf({ shard, information, tree }: CommittedSpans) {
  return { documents: spanCommitment(shard), information: tree.root, ids: information.length };
}

/** keccak256(abi.encode(SpanIndex)). */
export function spansHash(spans: CommittedSpans): Hash {
  return keccak256(encodeAbiParameters([SPAN_INDEX], [spanIndexOf(spans)]));
}

/** The bytes of the table that hold a token id, and their path; nothing for one that the table has not. */
export function openInformation({ information, tree }: CommittedSpans, token: number) {
  if (token >= information.length) return { record: "0x" as const, path: [] };
  const leaf = Math.floor(token / LEAF);
  return { record: hexOfBytes(tableLeaf(information, leaf)), path: tree.path(leaf) };
}

/** Zeros after the last id. */
function tableLeaf(information: Uint8Array, leaf: number): Uint8Array {
  const bytes = new Uint8Array(LEAF);
  bytes.set(information.subarray(LEAF * leaf, LEAF * (leaf + 1)));
  return bytes;
}

type Entry = (typeof claimChallengesAbi)[number];
type Challenge = Extract<Entry, { type: "function"; name: "challengeInformation" }>;
const SPAN_INDEX = (
  claimChallengesAbi.find((entry) => "name" in entry && entry.name === "challengeInformation") as Challenge
).inputs[2];
