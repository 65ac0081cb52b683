import { MerklePatriciaTrie } from "@ethereumjs/mpt";
import { RLP } from "@ethereumjs/rlp";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesToHex } from "../base/bytes.ts";
import { EMPTY_ROOT } from "./constants.ts";
import { listRoot, trieRoot } from "./trie-root.ts";

const items = fc.array(fc.uint8Array({ minLength: 1, maxLength: 90 }), { maxLength: 300 });

describe("listRoot", () => {
  it("is the root of @ethereumjs/mpt, also across the one-byte index boundary", async () => {
    await fc.assert(
      fc.asyncProperty(items, async (list) => {
        const reference = new MerklePatriciaTrie();
        for (const [index, item] of list.entries()) await reference.put(RLP.encode(index), item);
        expect(listRoot(list)).toBe(bytesToHex(reference.root()));
      }),
      { numRuns: 30 },
    );
  });

  it("is the root over the indexes' RLP as keys, at every length at which they grow", () => {
    for (const length of [1, 2, 127, 128, 129, 255, 256, 257, 65_535, 65_536, 65_540]) {
      const list = Array.from({ length }, (_, i) => Uint8Array.of(1, i & 255, (i >> 8) & 255, i >> 16));
      const entries = list.map((item, index) => [RLP.encode(index), item] as const);
      expect([length, listRoot(list)]).toEqual([length, bytesToHex(trieRoot(entries))]);
    }
  });

  it("of nothing is the empty root", () => {
    expect(listRoot([])).toBe(EMPTY_ROOT);
  });
});

describe("trieRoot", () => {
  it("handles keys that are prefixes of others", async () => {
    const entries = [
      [Uint8Array.of(1), Uint8Array.of(9)],
      [Uint8Array.of(1, 2), Uint8Array.of(8)],
      [Uint8Array.of(1, 2, 3), Uint8Array.of(7, ...new Uint8Array(40))],
    ] as const;
    const reference = new MerklePatriciaTrie();
    for (const [key, value] of entries) await reference.put(key, value);
    expect(bytesToHex(trieRoot(entries))).toBe(bytesToHex(reference.root()));
  });

  it("refuses a key twice", () => {
    const entry = [Uint8Array.of(1), Uint8Array.of(9)] as const;
    expect(() => trieRoot([entry, entry])).toThrow(/twice/);
  });
});
