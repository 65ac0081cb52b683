import { mkdtemp, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fakeChild, l1Hash, TEST_GENESIS, testRollup } from "../../test/harness/blocks.ts";
import { logsBloom } from "../chain/codec/receipt.ts";
import type { Block, Log, Receipt } from "../chain/types/block.ts";
import { type ChainStore, openChainStore } from "./chain-store.ts";
import { BUCKET, bucketKey, hashKey } from "./keys.ts";
import { openLevel } from "./level.ts";
import { encodeMeta, SCHEMA_VERSION } from "./records.ts";

const rollup = testRollup();
const origin = (number: number, branch = 0) => ({ hash: l1Hash(number, branch), number: BigInt(number) });
const one = fakeChild(TEST_GENESIS, origin(1));
const two = fakeChild(one, origin(2));
const otherTwo = fakeChild(one, origin(2, 9));

const logs: Log[] = [{ address: `0x${"11".repeat(20)}`, topics: [l1Hash(7)], data: Uint8Array.of(1, 0) }];
const receipt: Receipt = {
  type: 0x7e,
  status: 1,
  cumulativeGasUsed: 21_000n,
  logsBloom: logsBloom(logs),
  logs,
  gasUsed: 21_000n,
  effectiveGasPrice: 0n,
  contractAddress: undefined,
  depositNonce: 0n,
  depositReceiptVersion: 1,
  l1: undefined,
};
const userReceipt: Receipt = {
  ...receipt,
  type: 2,
  depositNonce: undefined,
  depositReceiptVersion: undefined,
  contractAddress: `0x${"22".repeat(20)}`,
  l1: {
    l1GasPrice: 7n,
    l1GasUsed: 1600n,
    l1Fee: 0n,
    l1FeeScalar: undefined,
    l1BaseFeeScalar: 1368n,
    l1BlobBaseFee: 1n,
    l1BlobBaseFeeScalar: undefined,
    operatorFeeScalar: undefined,
    operatorFeeConstant: undefined,
    daFootprintGasScalar: 400n,
    blobGasUsed: 40_000n,
  },
};

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const added = (block: Block, receipts: Receipt[] = [receipt]) => ({ block, receipts, state: { writes: [] } });
const heads = (unsafe: Block, safe = TEST_GENESIS) => ({
  unsafe: unsafe.hash,
  safe: safe.hash,
  finalized: TEST_GENESIS.hash,
});

describe("chain store", () => {
  let folder: string;
  let store: ChainStore;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "chain-"));
    store = await openChainStore(folder, rollup);
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  test("deletes blocks that left the chain once it is finalized beyond them, unless they came back", async () => {
    await store.commit({ blocks: [added(TEST_GENESIS, [])], heads: heads(TEST_GENESIS) });
    await store.commit({ blocks: [added(one), added(two)], heads: heads(two) });
    await store.commit({ blocks: [added(otherTwo)], orphaned: [two], heads: heads(otherTwo) });
    expect(store.header(two.hash)).toBeDefined();
    const three = fakeChild(otherTwo, origin(3));
    await store.commit({ blocks: [added(three)], heads: { ...heads(three), finalized: otherTwo.hash } });
    await reopen();
    expect(store.header(two.hash)).toBeUndefined();
    expect(store.block(two.hash)).toBeUndefined();
    expect(store.receipts(two.hash)).toBeUndefined();
    expect(store.block(otherTwo.hash)?.hash).toBe(otherTwo.hash);
    await store.commit({ orphaned: [three], heads: { ...heads(otherTwo), finalized: otherTwo.hash } });
    await store.commit({ blocks: [added(three)], heads: { ...heads(three), finalized: three.hash } });
    await reopen();
    expect(store.block(three.hash)?.hash).toBe(three.hash);
  });

  const reopen = async () => {
    await store.close();
    store = await openChainStore(folder, rollup);
  };

  test("keeps blocks, receipts, lookups, state and heads over a restart", async () => {
    expect(store.heads()).toBeUndefined();
    const state = { writes: [{ key: Uint8Array.of(1), value: Uint8Array.of(2) }] };
    await store.commit({ blocks: [{ ...added(TEST_GENESIS, []), state }], heads: heads(TEST_GENESIS) });
    await store.commit({ blocks: [added(one, [receipt, userReceipt]), added(two)], heads: heads(two, one) });
    await reopen();
    expect(store.heads()).toEqual(heads(two, one));
    expect(store.block(one.hash)).toEqual(one);
    expect(store.ref(two.hash)).toMatchObject({ number: 2n, parentHash: one.hash, l1Origin: origin(2) });
    expect(store.ref(TEST_GENESIS.hash)?.l1Origin).toEqual(rollup.genesis.l1);
    expect(store.receipts(one.hash)).toEqual([receipt, userReceipt]);
    expect(store.canonicalHash(2n)).toBe(two.hash);
    expect(store.canonicalHash(3n)).toBeUndefined();
    expect(store.transaction(two.transactions[0]!.hash)).toEqual({ blockHash: two.hash, index: 0 });
    expect(store.state.get(Uint8Array.of(1))).toEqual(Uint8Array.of(2));
    expect(store.state.get(Uint8Array.of(9))).toBeUndefined();
  });

  test("a reorganisation moves numbers and lookups to the new branch and keeps the old block", async () => {
    await store.commit({
      blocks: [added(TEST_GENESIS, []), added(one), added(two)],
      heads: heads(two),
    });
    await store.commit({ blocks: [added(otherTwo)], orphaned: [two], heads: heads(otherTwo) });
    expect(store.canonicalHash(2n)).toBe(otherTwo.hash);
    expect(store.transaction(two.transactions[0]!.hash)).toBeUndefined();
    expect(store.transaction(otherTwo.transactions[0]!.hash)?.blockHash).toBe(otherTwo.hash);
    expect(store.block(two.hash)).toEqual(two);
  });

  test("safe heads are given newest first and forgotten above a reorganisation", async () => {
    const id = (block: Block) => ({ hash: block.hash, number: block.header.number });
    const at = (l1: number, block: Block) => ({ l1: origin(l1), l2: id(block) });
    await store.commit({ blocks: [added(TEST_GENESIS, []), added(one), added(two)], heads: heads(two) });
    await store.commit({ heads: heads(two), safeHead: at(3, one) });
    await store.commit({ heads: heads(two), safeHead: at(300, two) });
    const all = async (l1?: bigint) => collect(store.safeHeads(l1));
    expect(await all()).toEqual([at(300, two), at(3, one)]);
    expect(await all(299n)).toEqual([at(3, one)]);
    await store.commit({ heads: heads(two), safeHead: at(4, one) });
    expect(await all()).toEqual([at(4, one), at(3, one)]);
    await store.commit({ heads: heads(two), forgetSafeHeadsAbove: 3n });
    expect(await all()).toEqual([at(3, one)]);
  });

  test("the mempool's journal survives and numbers go on", async () => {
    const [first, second] = store.mempool.append([Uint8Array.of(1), Uint8Array.of(2)]);
    await store.mempool.remove([first!]);
    await reopen();
    const [later] = store.mempool.append([Uint8Array.of(3)]);
    expect(later).toBeGreaterThan(second!);
    expect([...store.mempool.entries()]).toEqual([
      { arrival: second, raw: Uint8Array.of(2) },
      { arrival: later, raw: Uint8Array.of(3) },
    ]);
  });

  test("refuses a second process, another chain and another format", async () => {
    await expect(openChainStore(folder, rollup)).rejects.toMatchObject({ code: "STORE_LOCKED" });
    await store.close();
    const other = testRollup(undefined, one);
    await expect(openChainStore(folder, other)).rejects.toMatchObject({ code: "STORE_OTHER_CHAIN" });
    store = await openChainStore(folder, rollup);
  });

  test("refuses the format of an older version", async () => {
    await store.close();
    const level = await openLevel(folder);
    const meta = { schema: SCHEMA_VERSION - 1, genesis: rollup.genesis.l2.hash };
    await level.write([{ key: bucketKey(BUCKET.meta), value: encodeMeta(meta) }], true);
    await level.close();
    await expect(openChainStore(folder, rollup)).rejects.toMatchObject({ code: "STORE_SCHEMA" });
    await rm(folder, { recursive: true });
    store = await openChainStore(folder, rollup);
  });

  test("gives headers and references without a look at the bodies", async () => {
    await store.commit({ blocks: [added(TEST_GENESIS, []), added(one), added(two)], heads: heads(two) });
    await store.close();
    const level = await openLevel(folder);
    await level.write([{ key: hashKey(BUCKET.body, one.hash), value: undefined }], true);
    await level.close();
    store = await openChainStore(folder, rollup);
    expect(store.header(one.hash)).toEqual(one.header);
    expect(store.ref(one.hash)).toMatchObject({ number: 1n, l1Origin: origin(1) });
    expect(store.block(one.hash)).toBeUndefined();
    expect(store.block(two.hash)).toEqual(two);
    expect(store.header(l1Hash(77))).toBeUndefined();
    expect(store.ref(l1Hash(77))).toBeUndefined();
  });

  test("says that a damaged folder is damaged", async () => {
    await store.commit({ blocks: [added(TEST_GENESIS, [])], heads: heads(TEST_GENESIS) });
    await store.commit({ heads: heads(two) });
    await store.close();
    await expect(openChainStore(folder, rollup)).rejects.toMatchObject({ code: "STORE_CORRUPT" });
    for (const name of await readdir(folder)) {
      if (name.startsWith("MANIFEST")) await truncate(join(folder, name), 10);
    }
    await expect(openChainStore(folder, rollup)).rejects.toMatchObject({ code: "STORE_CORRUPT" });
    const file = join(folder, "a-file");
    await writeFile(file, "");
    await expect(openChainStore(file, rollup)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await rm(folder, { recursive: true });
    store = await openChainStore(folder, rollup);
  });
});
