import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fakeChild, l1Hash, TEST_GENESIS, testRollup } from "../../test/harness/blocks.ts";
import type { Block, Receipt } from "../chain/types/block.ts";
import type { Address } from "../chain/types/primitives.ts";
import { touchedAddresses } from "./address-index.ts";
import { type ChainStore, openChainStore } from "./chain-store.ts";
import { BUCKET, bucketEnd, bucketKey } from "./keys.ts";
import { openLevel } from "./level.ts";

const address = (n: number): Address => `0x${n.toString(16).padStart(40, "0")}`;
const [ALICE, BOB] = [address(0xa11ce), address(0xb0b)];

let folder: string;
let store: ChainStore;

/** A child whose only transaction's log is of `emitter`. */
function child(parent: Block, emitter: Address, branch = 0): { block: Block; receipts: Receipt[] } {
  const number = Number(parent.header.number) + 1;
  const block = fakeChild(parent, { hash: l1Hash(number, branch), number: BigInt(number) });
  return { block, receipts: [receiptOf([emitter])] };
}

function receiptOf(emitters: readonly Address[], contractAddress?: Address): Receipt {
  return {
    ...{ type: 0x7e, status: 1, cumulativeGasUsed: 1n, logsBloom: new Uint8Array(256), gasUsed: 1n },
    ...{ effectiveGasPrice: 0n, depositNonce: 0n, depositReceiptVersion: 1, l1: undefined },
    contractAddress,
    logs: emitters.map((emitter) => ({ address: emitter, topics: [], data: new Uint8Array(0) })),
  };
}

async function commit(
  added: readonly { block: Block; receipts: Receipt[] }[],
  orphaned: readonly Block[] = [],
  finalized: Block = TEST_GENESIS,
): Promise<void> {
  const unsafe = added.at(-1)!.block.hash;
  await store.commit({
    blocks: added.map((made) => ({ ...made, state: { writes: [] } })),
    orphaned,
    heads: { unsafe, safe: finalized.hash, finalized: finalized.hash },
  });
}

async function found(of: Address, from = 0n, direction: "up" | "down" = "up"): Promise<string[]> {
  const places: string[] = [];
  for await (const { block, indexes } of store.addressIndex.find(of, from, direction)) {
    places.push(`${block.header.number}:${indexes}`);
  }
  return places;
}

/** What lies in the index, whomever it is of. */
async function entries(): Promise<number> {
  await store.close();
  const level = await openLevel(folder);
  let count = 0;
  for await (const _ of level.entries(bucketKey(BUCKET.address), bucketEnd(BUCKET.address))) count++;
  await level.close();
  store = await openChainStore(folder, testRollup());
  return count;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "address-index-"));
  store = await openChainStore(folder, testRollup());
  await commit([{ block: TEST_GENESIS, receipts: [] }]);
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

describe("the index of addresses", () => {
  it("finds an address's blocks upwards and downwards from a block on, and nobody else's", async () => {
    let parent = TEST_GENESIS;
    const made = [ALICE, BOB, ALICE, ALICE].map((emitter) => {
      const next = child(parent, emitter);
      parent = next.block;
      return next;
    });
    await commit(made);
    await store.addressIndex.extend(4n);
    expect(await found(ALICE)).toEqual(["1:0", "3:0", "4:0"]);
    expect(await found(ALICE, 3n, "down")).toEqual(["3:0", "1:0"]);
    expect(await found(BOB, 3n)).toEqual([]);
    expect(await found(made[0]!.block.transactions[0]!.from, 4n)).toEqual(["4:0"]);
    expect(store.addressIndex.builtTo()).toEqual({ number: 4n, hash: made[3]!.block.hash });
  });

  it("takes back what leaves the chain, also before it is told of it", async () => {
    const one = child(TEST_GENESIS, ALICE);
    const two = child(one.block, ALICE);
    await commit([one, two]);
    await store.addressIndex.extend(2n);
    const other = child(one.block, BOB, 9);
    await commit([other], [two.block]);
    expect(await found(ALICE)).toEqual(["1:0"]);
    await store.addressIndex.extend(2n);
    expect(await found(BOB)).toEqual(["2:0"]);
    // And back again: entries of the first branch are written anew.
    await commit([two], [other.block]);
    await store.addressIndex.extend(2n);
    expect([await found(ALICE), await found(BOB)]).toEqual([["1:0", "2:0"], []]);
    expect(await entries()).toBe(2 * touchedAddresses(two.block.transactions[0]!, two.receipts[0]!).size);
  });

  it("begins again where it stopped on a branch that is deleted", async () => {
    const one = child(TEST_GENESIS, ALICE);
    const lost = child(one.block, ALICE, 9);
    await commit([one, lost]);
    await store.addressIndex.extend(2n);
    const two = child(one.block, BOB);
    await commit([two], [lost.block]);
    await commit([child(two.block, BOB)], [], two.block);
    expect(store.header(lost.block.hash)).toBeDefined();
    await store.close();
    store = await openChainStore(folder, testRollup());
    expect(store.header(lost.block.hash)).toBeUndefined();
    await store.addressIndex.extend(3n);
    expect([await found(ALICE), await found(BOB)]).toEqual([["1:0"], ["2:0", "3:0"]]);
  });

  it("stops at what is not stored, and goes on from there after a restart", async () => {
    const one = child(TEST_GENESIS, ALICE);
    await commit([one]);
    await store.addressIndex.extend(900n);
    expect(store.addressIndex.builtTo()?.number).toBe(1n);
    await store.close();
    store = await openChainStore(folder, testRollup());
    await commit([child(one.block, ALICE)]);
    await store.addressIndex.extend(2n);
    expect(await found(ALICE)).toEqual(["1:0", "2:0"]);
  });

  it("takes at most 64 emitters of logs of a transaction", () => {
    const { transactions } = child(TEST_GENESIS, ALICE).block;
    const emitters = Array.from({ length: 500 }, (_, n) => address(n + 1));
    const touched = touchedAddresses(transactions[0]!, receiptOf(emitters, BOB));
    expect(touched.size).toBe(64 + 3);
    expect(touched.has(BOB)).toBe(true);
  });
});
