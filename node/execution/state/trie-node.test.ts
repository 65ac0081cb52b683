import { expect, test } from "vitest";
import { concatBytes } from "../../base/bytes.ts";
import { encodeRlp, type RlpItem } from "../../chain/codec/rlp.ts";
import { branchOf, childOf, childrenOf, decodeNode, encodeNode, type Link, withHashes } from "./trie-node.ts";

const hash = (byte: number) => new Uint8Array(32).fill(byte);
const NONE = new Uint8Array(0);
/** A path of one nibble (6) and a value of one byte. */
const LEAF: RlpItem = [Uint8Array.of(0x36), Uint8Array.of(7)];
const children: Link[] = Array.from({ length: 16 }, (_, nibble) =>
  nibble % 3 === 0 ? hash(nibble + 1) : undefined,
);
children[4] = { kind: "leaf", path: Uint8Array.of(6), value: Uint8Array.of(7) };

/** The fields of a branch, with another item at one place. */
function branch(place: number, item: RlpItem): RlpItem[] {
  return Array.from({ length: 17 }, (_, index) => (index === place ? item : index < 2 ? hash(index) : NONE));
}

test("a branch gives back its children, hashes and inline ones, also when it was stored", () => {
  const made = branchOf(children);
  expect(childrenOf(made)).toEqual(children);
  const stored = decodeNode(encodeNode(made));
  expect(stored).toEqual(made);
  expect(stored.kind === "branch" && childOf(stored, 4)).toEqual(children[4]);
});

test("other hashes take the place of hashes and of nothing else", () => {
  const made = branchOf(children);
  const changed = withHashes(made, [
    { nibble: 0, hash: hash(200) },
    { nibble: 15, hash: hash(201) },
  ]);
  const expected = [...children];
  expected[0] = hash(200);
  expected[15] = hash(201);
  expect(changed).toEqual(branchOf(expected));
  expect(childrenOf(made)).toEqual(children);
});

test.each<[string, RlpItem]>([
  ["bytes", hash(1)],
  ["16 fields", branch(99, NONE).slice(0, 16)],
  ["18 fields", [...branch(99, NONE), NONE]],
  ["a child of 31 bytes", branch(3, hash(1).subarray(1))],
  ["a branch with a value", branch(16, Uint8Array.of(1))],
  ["an inline child of 32 bytes and more", branch(3, [Uint8Array.of(0x36), hash(9)])],
  ["an inline child that is no node", branch(3, [Uint8Array.of(1), NONE, NONE])],
  ["no path", [NONE, hash(1)]],
  ["an extension to nothing", [Uint8Array.of(0x16), NONE]],
  ["an extension to a short hash", [Uint8Array.of(0x16), hash(1).subarray(1)]],
  ["a leaf of a list", [Uint8Array.of(0x36), [hash(1)]]],
])("a stored node of %s is refused", (_, item) => {
  expect(() => decodeNode(encodeRlp(item))).toThrow(expect.objectContaining({ code: "STATE_NODE_CORRUPT" }));
});

test("an extension may hold its child inline, and nothing may follow a node", () => {
  const raw = encodeRlp([Uint8Array.of(0x16), branch(0, LEAF).map((_, index) => (index < 2 ? LEAF : NONE))]);
  expect(encodeNode(decodeNode(raw))).toEqual(raw);
  expect(() => decodeNode(concatBytes(raw, NONE, Uint8Array.of(1)))).toThrow(/can't be decoded/);
});
