import { decodeFunctionData, keccak256, parseAbi, toHex } from "viem";
import { describe, expect, it } from "vitest";
import { concatBytes, hexToBytes } from "../base/bytes.ts";
import type { Hash } from "../chain/types/primitives.ts";
import { callIn, leafOf, parseSession, rulesOf, treeOf } from "./session.ts";

const ACCOUNT = "0x00000000000000000000000000000000000000ac";
const THIEF = "0x00000000000000000000000000000000000000ff";
const TARGET = "0x00000000000000000000000000000000000000aa";
const BUY = "function buy(address to, uint256 least)";
const session = {
  hours: 1,
  limits: [{ token: "open", perCall: "1", perDay: "2" }],
  calls: [
    { target: TARGET, function: BUY, maxValue: "1", fixed: { to: "self" } },
    { target: TARGET, function: "function close()" },
    { target: TARGET, function: "function set(uint256 value)", fixed: { value: 3 } },
  ],
};
const allowed = () => rulesOf(parseSession(JSON.stringify(session)), ACCOUNT);

/** OpenZeppelin's MerkleProof: pairs are sorted. */
function rootBy(leaf: Hash, proof: readonly Hash[]): Hash {
  return proof.reduce<Hash>((hash, other) => {
    const pair = BigInt(hash) < BigInt(other) ? [hash, other] : [other, hash];
    return keccak256(concatBytes(...pair.map(hexToBytes)));
  }, leaf);
}

describe("a session's file", () => {
  it("is refused with what is wrong", () => {
    const refused = (value: unknown, why: RegExp) =>
      expect(() => rulesOf(parseSession(JSON.stringify(value)), ACCOUNT)).toThrow(
        expect.objectContaining({ code: "SESSION_INVALID", message: expect.stringMatching(why) }),
      );
    refused({ ...session, hours: 0 }, /hours/);
    refused({ ...session, calls: [] }, /calls/);
    refused({ ...session, limits: [{ token: "gold", perCall: "1", perDay: "1" }] }, /limits/);
    const one = (call: object) => ({ ...session, calls: [{ target: TARGET, ...call }] });
    refused(one({ function: "buy()" }), /no function/);
    refused(one({ function: "function f(bytes data)" }), /longer than a word/);
    refused(one({ function: BUY, fixed: { whom: "self" } }), /no argument "whom"/);
    refused(one({ function: BUY, fixed: { least: "many" } }), /no uint256/);
  });

  it("makes a tree by which each of its calls is shown, for any number of them", () => {
    for (let count = 1; count <= 9; count++) {
      const leaves = Array.from({ length: count }, (_, i) => keccak256(toHex(i)));
      const { root, proofs } = treeOf(leaves);
      expect(leaves.map((leaf, i) => rootBy(leaf, proofs[i]!))).toEqual(leaves.map(() => root));
    }
  });

  it("finds the rule of a call, and none for another recipient", () => {
    const calls = allowed();
    const { root } = treeOf(calls.map(({ rule }) => leafOf(rule)));
    const { rule, proof, data } = callIn(calls, { name: "buy", args: ["self", "7"] }, ACCOUNT);
    expect(rootBy(leafOf(rule), proof)).toBe(root);
    expect(decodeFunctionData({ abi: parseAbi([BUY]), data }).args?.[1]).toBe(7n);
    const outside = (name: string, args: string[]) =>
      expect(() => callIn(calls, { name, args }, ACCOUNT)).toThrow(
        expect.objectContaining({ code: "CALL_OUTSIDE_SESSION" }),
      );
    outside("buy", [THIEF, "7"]);
    outside("set", ["4"]);
    outside("sell", []);
    expect(callIn(calls, { name: "set", args: ["3"] }, ACCOUNT).rule.fixedWords).toBe(1);
  });
});
