import { bytesToHex, equalsBytes, hexToBytes } from "../../base/bytes.ts";
import { decodeRlp, type RlpItem } from "../codec/rlp.ts";
import { keccak256 } from "../crypto.ts";
import { chainError } from "../errors.ts";
import type { Hash, Hex } from "../types/primitives.ts";
import { commonPrefix, expandPath, toNibbles } from "./nibbles.ts";

/** Nodes of a proof: a path has 64 nibbles, and one node each at most, with the root. */
const MOST_NODES = 65;
/** Bytes of a node: 17 references of 33 bytes; a branch's value is empty where keys are hashes. */
const MOST_BYTES = 1_024;
const BRANCH = 17;
/** Root of a trie with nothing in it: the hash of an empty string's RLP. */
const EMPTY_ROOT = bytesToHex(keccak256(Uint8Array.of(0x80)));

/**
 * What a secure trie with that root has at a key, by a proof as `eth_getProof` gives it: the RLP of the nodes from the root on.
 * @returns the value's RLP; undefined where the proof shows that there is none.
 * @throws CodedError `PROOF_INVALID` for a proof that shows neither.
 */
export function readProof(root: Hash, key: Uint8Array, proof: readonly Hex[]): Uint8Array | undefined {
  if (proof.length > MOST_NODES) throw invalid(`it has ${proof.length} nodes`);
  // Nodes prove an empty trie's emptiness with its one node, or with none.
  if (root === EMPTY_ROOT && proof.every((node) => node === "0x80")) return undefined;
  const path = toNibbles(keccak256(key));
  let depth = 0;
  let wanted: RlpItem = hexToBytes(root);
  let used = 0;
  for (;;) {
    const node = nodeOf(wanted, () => proof[used++]);
    const step = stepInto(node, path, depth);
    if (step.value !== undefined || step.next === undefined) {
      if (used !== proof.length) throw invalid("nodes follow its end");
      return step.value;
    }
    depth += step.nibbles;
    wanted = step.next;
  }
}

/** A node by how its parent refers to it: by its hash, or as it is below 32 bytes. */
function nodeOf(reference: RlpItem, next: () => Hex | undefined): readonly RlpItem[] {
  if (!(reference instanceof Uint8Array)) return reference;
  const text = next();
  if (text === undefined) throw invalid("it ends too early");
  if (text.length > 2 + 2 * MOST_BYTES) throw invalid("one of its nodes is too long");
  const bytes = hexToBytes(text);
  if (!equalsBytes(keccak256(bytes), reference))
    throw invalid(`a node has not the hash ${bytesToHex(reference)}`);
  const node = decodeRlp(bytes);
  if (node instanceof Uint8Array) throw invalid("one of its nodes is no list");
  return node;
}

interface Step {
  /** The value at the key. */
  value?: Uint8Array;
  /** How the next node on the key's path is referred to. */
  next?: RlpItem;
  nibbles: number;
}

function stepInto(node: readonly RlpItem[], path: Uint8Array, depth: number): Step {
  if (node.length === BRANCH) {
    const next = node[path[depth] ?? BRANCH];
    if (next === undefined) throw invalid("a branch lies below the key's end");
    const isEmpty = next instanceof Uint8Array && next.length === 0;
    return isEmpty ? { nibbles: 0 } : { next, nibbles: 1 };
  }
  const [encoded, below] = node;
  if (node.length !== 2 || !(encoded instanceof Uint8Array) || encoded.length === 0 || below === undefined)
    throw invalid("one of its nodes has no form of a node");
  const { path: part, isLeaf } = expandPath(encoded);
  const isSame = commonPrefix(part, path, depth) === part.length;
  if (!isLeaf) return isSame ? { next: below, nibbles: part.length } : { nibbles: 0 };
  if (!isSame || depth + part.length !== path.length) return { nibbles: 0 };
  if (!(below instanceof Uint8Array)) throw invalid("a leaf's value is no string");
  return { value: below, nibbles: part.length };
}

function invalid(why: string) {
  return chainError("PROOF_INVALID", { message: `the Merkle proof does not hold: ${why}` });
}
