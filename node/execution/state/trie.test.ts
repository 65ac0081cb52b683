import { MerklePatriciaTrie } from "@ethereumjs/mpt";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesToHex } from "../../base/bytes.ts";
import { keccak256 } from "../../chain/crypto.ts";
import { MemoryDatabase } from "./memory-database.ts";
import { NodeStore } from "./node-store.ts";
import { EMPTY_TRIE, proveTrie, readTrie, updateTrie } from "./trie.ts";

/** Few distinct prefixes, so that branches, extensions and their collapses all happen. */
const key = fc
  .tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 40 }))
  .map(([first, second, last]) => {
    const bytes = new Uint8Array(32);
    bytes[0] = first * 16 + second;
    bytes[15] = second;
    bytes[31] = last;
    return bytes;
  });
const value = fc.option(fc.uint8Array({ minLength: 1, maxLength: 40 }), { nil: undefined });
const batch = fc.uniqueArray(fc.tuple(key, value), { maxLength: 40, selector: ([k]) => bytesToHex(k) });

describe("updateTrie", () => {
  it("gives the root of @ethereumjs/mpt after any batches of writes and deletions", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 6 }), async (batches) => {
        const database = new MemoryDatabase();
        const reference = new MerklePatriciaTrie();
        let root = EMPTY_TRIE;
        for (const entries of batches) {
          // A fresh cache each time: everything must be readable from the database alone.
          const nodes = new NodeStore(database);
          const writes: { key: Uint8Array; value: Uint8Array }[] = [];
          root = updateTrie(
            nodes,
            root,
            entries.map(([k, v]) => ({ key: k, value: v })),
            (hash, encoded) => writes.push({ key: hash, value: encoded }),
          );
          database.write(writes);
          for (const [k, v] of entries) await (v === undefined ? reference.del(k) : reference.put(k, v));
          expect(bytesToHex(root)).toBe(bytesToHex(reference.root()));
          for (const [k, v] of entries) expect(readTrie(new NodeStore(database), root, k)).toEqual(v);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("proves presence and absence with the nodes that @ethereumjs/mpt gives", async () => {
    const database = new MemoryDatabase();
    const reference = new MerklePatriciaTrie();
    const entries = Array.from({ length: 300 }, (_, i) => ({
      key: keccak256(Uint8Array.of(i >> 8, i)),
      value: Uint8Array.of(1, i & 255, i >> 8),
    }));
    const writes: { key: Uint8Array; value: Uint8Array }[] = [];
    const root = updateTrie(new NodeStore(database), EMPTY_TRIE, entries, (hash, encoded) =>
      writes.push({ key: hash, value: encoded }),
    );
    database.write(writes);
    for (const entry of entries) await reference.put(entry.key, entry.value);
    for (const k of [entries[7]!.key, entries[299]!.key, keccak256(Uint8Array.of(9, 9, 9))]) {
      const ours = proveTrie(new NodeStore(database), root, k).map((node) => bytesToHex(node));
      const { createMerkleProof } = await import("@ethereumjs/mpt");
      const theirs = (await createMerkleProof(reference, k)).map((node) => bytesToHex(node));
      expect(ours).toEqual(theirs);
    }
  });

  it("names the node that is missing", () => {
    const nodes = new NodeStore(new MemoryDatabase());
    expect(() => readTrie(nodes, keccak256(Uint8Array.of(1)), new Uint8Array(32))).toThrow(
      /missing trie node/,
    );
  });
});
