import { createMerkleProof, MerklePatriciaTrie } from "@ethereumjs/mpt";
import { describe, expect, it } from "vitest";
import { bytesToHex, hexToBytes, utf8ToBytes } from "../../base/bytes.ts";
import { keccak256 } from "../crypto.ts";
import type { Hex } from "../types/primitives.ts";
import { readProof } from "./proof.ts";

const keyOf = (i: number) => utf8ToBytes(`key ${i}`);
const contentOf = (i: number) => Uint8Array.from({ length: 1 + (i % 40) }, (_, at) => (i * 7 + at) % 256);

/** Another implementation's trie of `count` entries. */
async function trieOf(count: number) {
  const trie = new MerklePatriciaTrie({ useKeyHashing: true });
  for (let i = 0; i < count; i++) await trie.put(keyOf(i), contentOf(i));
  return trie;
}

describe("a proof of a secure trie", () => {
  it.each([1, 2, 17, 500])("shows what is there and what is not, of %d entries", async (count) => {
    const trie = await trieOf(count);
    const root = bytesToHex(trie.root());
    for (let i = 0; i < count + 20; i++) {
      const proof = (await createMerkleProof(trie, keyOf(i))).map(bytesToHex);
      expect(readProof(root, keyOf(i), proof)).toEqual(i < count ? contentOf(i) : undefined);
    }
  });

  it("of an empty trie is empty", async () => {
    const root = bytesToHex(keccak256(Uint8Array.of(0x80)));
    expect(readProof(root, keyOf(0), [])).toBeUndefined();
    expect(readProof(root, keyOf(0), ["0x80"])).toBeUndefined();
  });

  it("does not hold once a node of it is changed, missing, of another key, or one too many", async () => {
    const trie = await trieOf(500);
    const root = bytesToHex(trie.root());
    const proof = (await createMerkleProof(trie, keyOf(3))).map(bytesToHex);
    const refused = (nodes: readonly Hex[], why: RegExp, from = root) =>
      expect(() => readProof(from, keyOf(3), nodes)).toThrow(
        expect.objectContaining({ code: "PROOF_INVALID", message: expect.stringMatching(why) }),
      );
    for (const [at, node] of proof.entries()) {
      const bytes = hexToBytes(node);
      bytes[bytes.length - 1]! ^= 1;
      refused(
        proof.map((one, i) => (i === at ? bytesToHex(bytes) : one)),
        /has not the hash/,
      );
    }
    refused(proof.slice(0, -1), /too early/);
    refused([...proof, proof[0]!], /follow its end/);
    refused(proof, /has not the hash/, `0x${"ab".repeat(32)}`);
    refused([], /too early/);
    const long = `0x${"c0".repeat(2_000)}` as const;
    refused([long], /too long/);
    refused(
      Array.from({ length: 66 }, () => proof[0]!),
      /66 nodes/,
    );
    // A node that is no node, under a root that is its hash.
    const odd = (bytes: Uint8Array) =>
      refused([bytesToHex(bytes)], /form of a node|no list/, bytesToHex(keccak256(bytes)));
    odd(Uint8Array.of(0x83, 1, 2, 3));
    odd(Uint8Array.of(0xc1, 0x80));
    odd(Uint8Array.of(0xc2, 0x80, 0x80));
    // Another key's proof shows nothing of this one.
    const other = (await createMerkleProof(trie, keyOf(4))).map(bytesToHex);
    expect(() => readProof(root, keyOf(3), other)).toThrow();
  });
});
