import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TEST_GENESIS, testRollup } from "../../test/harness/blocks.ts";
import { hashHeader } from "../chain/codec/header.ts";
import { logsBloom } from "../chain/codec/receipt.ts";
import { type BloomQuery, bloomItem, bloomMatches } from "../chain/rules/bloom.ts";
import type { Block } from "../chain/types/block.ts";
import type { Hex } from "../chain/types/primitives.ts";
import { type ChainStore, openChainStore } from "./chain-store.ts";
import { SECTION } from "./log-index.ts";

const rollup = testRollup();
const address = (n: number): Hex => `0x${n.toString(16).padStart(40, "0")}`;
const topic = (n: number): Hex => `0x${n.toString(16).padStart(64, "0")}`;

let folder: string;
let store: ChainStore;
let blocks: Block[];

/** A child whose only log is of an address and a topic; of none where they are undefined. */
function child({ hash, header }: Block, log: [number, number] | undefined, branch = 0): Block {
  const logs =
    log === undefined ? [] : [{ address: address(log[0]), topics: [topic(log[1])], data: new Uint8Array(0) }];
  const next = {
    ...header,
    parentHash: hash,
    number: header.number + 1n,
    timestamp: header.timestamp + 2n,
    gasUsed: BigInt(branch),
    logsBloom: logsBloom(logs),
  };
  return { hash: hashHeader(next), header: next, transactions: [] };
}

async function commit(added: readonly Block[], orphaned: readonly Block[] = []): Promise<void> {
  const { hash } = added.at(-1)!;
  const heads = { unsafe: hash, safe: TEST_GENESIS.hash, finalized: TEST_GENESIS.hash };
  const list = added.map((block) => ({ block, receipts: [], state: { writes: [] } }));
  await store.commit({ blocks: list, orphaned, heads });
}

const pattern = (n: number): [number, number] | undefined => (n % 3 === 0 ? undefined : [n % 7, n % 501]);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "log-index-"));
  store = await openChainStore(folder, rollup);
  blocks = [TEST_GENESIS];
  for (let n = 1; n < 2 * SECTION + 300; n++) blocks.push(child(blocks.at(-1)!, pattern(n)));
  await commit(blocks);
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

async function find(query: BloomQuery, from = 0, to = blocks.length - 1): Promise<number[]> {
  const found: number[] = [];
  for await (const number of store.logIndex.candidates(query, BigInt(from), BigInt(to)))
    found.push(Number(number));
  return found;
}
const expected = (query: BloomQuery, from = 0, to = blocks.length - 1) =>
  blocks.flatMap(({ header }, n) =>
    n >= from && n <= to && bloomMatches(query, header.logsBloom) ? [n] : [],
  );

const QUERIES: BloomQuery[] = [
  [],
  [[bloomItem(address(3))]],
  [[bloomItem(address(3)), bloomItem(address(5))], [bloomItem(topic(17))]],
  [[bloomItem(topic(400)), bloomItem(topic(401))]],
  [[bloomItem(address(99))]],
];

describe("the index of logs", () => {
  it("finds what the blooms say, before it is built, and after", async () => {
    for (const query of QUERIES) expect(await find(query)).toEqual(expected(query));
    await store.logIndex.extend(BigInt(blocks.length - 1));
    for (const query of QUERIES) {
      expect(await find(query)).toEqual(expected(query));
      for (const [from, to] of [
        [1, 1],
        [5, 12],
        [SECTION - 1, SECTION],
        [SECTION + 9, 2 * SECTION + 100],
      ] as const) {
        expect(await find(query, from, to)).toEqual(expected(query, from, to));
      }
    }
  });

  it("does not read the blocks of an indexed section", async () => {
    await store.logIndex.extend(BigInt(blocks.length - 1));
    await store.close();
    store = await openChainStore(folder, rollup);
    const [first] = QUERIES;
    const start = performance.now();
    for (let i = 0; i < 20; i++) await find(QUERIES[4]!, 0, 2 * SECTION - 1);
    const indexed = performance.now() - start;
    const tail = performance.now();
    for (let i = 0; i < 20; i++) await find(QUERIES[4]!, 2 * SECTION, blocks.length - 1);
    // 300 blocks one by one take longer than 4,096 by the index.
    expect(indexed).toBeLessThan(performance.now() - tail);
    expect(first).toEqual([]);
  });

  it("follows a reorg through sections that were indexed", async () => {
    await store.logIndex.extend(BigInt(blocks.length - 1));
    const cut = SECTION + 50;
    const orphaned = blocks.splice(cut);
    for (let n = cut; n < 2 * SECTION + 200; n++) blocks.push(child(blocks.at(-1)!, pattern(n + 1), 1));
    await commit(blocks.slice(cut), orphaned);
    for (const query of QUERIES) expect(await find(query)).toEqual(expected(query));
    await store.logIndex.extend(BigInt(blocks.length - 1));
    for (const query of QUERIES) expect(await find(query)).toEqual(expected(query));
  });
});
