import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bytesToHex, concatBytes, hexToBytes, keccak256 } from "viem/utils";
import { afterAll, describe, expect, it } from "vitest";
import { findTokens, openShard, type Shard, shardValues, writeShard } from "../../../native/js/spans.ts";
import { documentsOf, randomLists, scratchFolder, seeded } from "../../../native/js/spans-testing.ts";
import { spanVerifier } from "../../../precompiles/span-verifier/verifier.ts";
import type { Hex } from "../../chain/types/primitives.ts";
import { findArrayFault, proveCount, proveLongestMatch, proveOccurrence } from "./proofs.ts";

const folder = scratchFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function built(name: string, lists: readonly number[][]): Promise<Shard> {
  const path = join(folder, name);
  await writeShard(path, documentsOf(lists), { threads: 1 });
  return openShard(path);
}

const answer = (proof: Hex) => bytesToHex(spanVerifier(hexToBytes(proof)));
const number = (proof: Hex) => Number(BigInt(answer(proof)));
const size = (proof: Hex) => proof.length / 2 - 1;

describe("proofs of a shard", () => {
  it("are taken by the SpanVerifier and say what the search says", async () => {
    for (const [name, alphabet, base, longest] of [
      ["short", 3, 0, 60],
      ["wide", 5, 3_000_000_000, 60],
      ["one leaf", 2, 0, 6],
    ] as const) {
      const lists = randomLists(name.length, 12, longest, alphabet, base);
      const shard = await built(name, lists);
      const random = seeded(5);
      for (let i = 0; i < 80; i++) {
        const list = lists[random(lists.length)]!;
        const from = random(list.length + 1);
        const tokens = Uint32Array.from([
          ...list.slice(from, from + 1 + random(6)),
          ...(random(2) ? [base + 1] : []),
        ]);
        if (tokens.length === 0) continue;
        const { count, occurrences } = await findTokens([shard], tokens, 2);
        const counted = await proveCount(shard, tokens);
        expect(counted.count).toBe(count);
        expect(number(counted.atMost)).toBe(count);
        if (counted.atLeast === undefined) expect(count).toBe(0);
        else expect(number(counted.atLeast)).toBe(count);
        const length = number(await proveLongestMatch(shard, tokens));
        const prefixes = [tokens.subarray(0, length), tokens.subarray(0, length + 1)];
        if (length > 0) expect((await findTokens([shard], prefixes[0]!, 0)).count).toBeGreaterThan(0);
        if (length < tokens.length) expect((await findTokens([shard], prefixes[1]!, 0)).count).toBe(0);
        for (const found of occurrences) {
          const words = answer(await proveOccurrence(shard, tokens, found)).slice(2);
          expect([0, 64, 128].map((at) => BigInt(`0x${words.slice(at, at + 64)}`))).toEqual([
            BigInt(found.row),
            BigInt(bytesToHex(found.contributor)),
            BigInt(found.offset),
          ]);
        }
      }
    }
  });

  it("of the longest patterns stay below 12,000 bytes", async () => {
    const list = Array.from({ length: 30_000 }, (_, i) => (i * i) % 7);
    const shard = await built("long", [list, list]);
    const tokens = Uint32Array.from(list.slice(1_000, 1_384));
    const { atMost, atLeast } = await proveCount(shard, tokens);
    for (const proof of [atMost, atLeast!, await proveLongestMatch(shard, tokens)]) {
      expect(size(proof)).toBeGreaterThan(6_000);
      expect(size(proof)).toBeLessThan(12_000);
    }
    await expect(proveLongestMatch(shard, new Uint32Array(385))).rejects.toMatchObject({
      code: "QUERY_INVALID",
    });
    await expect(proveCount(shard, new Uint32Array(0))).rejects.toMatchObject({ code: "QUERY_INVALID" });
  });
});

describe("a fault", () => {
  const LISTS = [
    [1, 2, 1, 2, 3],
    [2, 1, 2],
    [1, 1, 1, 1],
  ];

  /** The shard with values changed in its file and committed as they are; its trees have one leaf, so that the leaf's hash is the root. */
  async function tampered(
    changes: { section: "array" | "inverse"; at: number; value: number }[],
  ): Promise<Shard> {
    const sound = await built("sound", LISTS);
    const bytes = readFileSync(sound.path);
    for (const { section, at, value } of changes) {
      const offset = Number(bytes.readBigUInt64LE(48 + 24 * (section === "array" ? 1 : 2)));
      bytes.writeUInt32LE(value, offset + 4 * at);
    }
    const path = join(folder, "tampered");
    writeFileSync(path, bytes);
    const shard = await openShard(path, { verify: false });
    const root = async (section: "array" | "inverse") => {
      const leaf = new DataView(new ArrayBuffer(256));
      (await shardValues(shard, section)).forEach((value, i) => {
        leaf.setUint32(4 * i, value);
      });
      return hexToBytes(
        keccak256(
          concatBytes(
            ["0x00" as Hex, bytesToHex(new Uint8Array(leaf.buffer))].map((part) => hexToBytes(part)),
          ),
        ),
      );
    };
    const commitment = { ...shard.commitment, array: await root("array"), inverse: await root("inverse") };
    return { ...shard, commitment };
  }

  it("is not found in a sound shard", async () => {
    expect(await findArrayFault(await built("sound", LISTS))).toBeUndefined();
    expect(await findArrayFault(await built("larger", randomLists(2, 30, 50, 3)))).toBeUndefined();
  });

  it("of any kind is found and shown", async () => {
    const sound = await built("sound", LISTS);
    const array = await shardValues(sound, "array");
    const exchange = (a: number, b: number) => [
      { section: "array" as const, at: a, value: array[b]! },
      { section: "array" as const, at: b, value: array[a]! },
      { section: "inverse" as const, at: array[a]!, value: b },
      { section: "inverse" as const, at: array[b]!, value: a },
    ];
    const cases = [
      exchange(0, 1),
      exchange(1, 3),
      exchange(4, 5),
      exchange(8, 9),
      exchange(4, 13),
      exchange(0, 1).slice(0, 2),
      [{ section: "array" as const, at: 3, value: array[4]! }],
      [{ section: "array" as const, at: 3, value: 15 }],
      [{ section: "inverse" as const, at: 3, value: 4_000_000_000 }],
    ];
    const selectors = new Set<string>();
    for (const changes of cases) {
      const proof = await findArrayFault(await tampered(changes));
      expect(number(proof!)).toBe(1);
      selectors.add(proof!.slice(0, 10));
    }
    expect(selectors.size).toBe(3);
  });
});
