import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fakeChild, l1Hash, TEST_GENESIS, testRollup } from "../../../test/harness/blocks.ts";
import { bytesToHex, hexToBytes } from "../../base/bytes.ts";
import { Random } from "../../base/random.ts";
import type { Block } from "../../chain/types/block.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { type ChainStore, type NewBlock, openChainStore } from "../../store/chain-store.ts";
import { BUCKET, bucketEnd, bucketKey } from "../../store/keys.ts";
import { openLevel } from "../../store/level.ts";
import { NO_CODE } from "./account.ts";
import { FlatState } from "./flat-state.ts";
import { NodeStore } from "./node-store.ts";
import { type AccountChange, commitChanges, type StateCommit } from "./state-commit.ts";
import { TrieView } from "./state-view.ts";
import { flatEntries } from "./state-walk.ts";
import { EMPTY_TRIE } from "./trie.ts";

const rollup = testRollup();
const at = (n: number, length: number) => new Uint8Array(length).fill(n + 1);

function change(random: Random): AccountChange {
  const kind = random.below(10);
  const slots = Array.from({ length: random.below(4) }, () => random.below(6))
    .filter((slot, i, all) => all.indexOf(slot) === i)
    .map((slot) => ({
      slot: at(slot, 32),
      value: random.below(3) === 0 ? new Uint8Array(0) : Uint8Array.of(1 + random.below(250)),
    }));
  const account = {
    nonce: BigInt(random.below(1_000)),
    balance: BigInt(random.below(1 << 20)),
    codeHash: NO_CODE,
  };
  return {
    address: at(random.below(12), 20),
    account: kind === 0 ? undefined : account,
    code: undefined,
    wiped: kind === 1,
    slots: kind === 0 ? [] : slots,
  };
}

function changesOf(random: Random): AccountChange[] {
  const all = Array.from({ length: 1 + random.below(5) }, () => change(random));
  return all.filter(({ address }, i) => all.findIndex((other) => other.address[0] === address[0]) === i);
}

describe("the flat table", () => {
  let folder: string;
  let store: ChainStore;
  let nodes: NodeStore;
  let flat: FlatState;
  /** The canonical chain, genesis first. */
  let chain: NewBlock[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "flat-"));
    await open();
    chain = [];
    const commit = commitChanges(nodes, new TrieView(nodes, EMPTY_TRIE), []);
    await write([made(TEST_GENESIS, commit)]);
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  const open = async () => {
    store = await openChainStore(folder, rollup);
    nodes = new NodeStore(store.state);
    flat = new FlatState(nodes, store.flat);
  };
  const made = (block: Block, commit: StateCommit): NewBlock => ({
    block: { ...block, header: { ...block.header, stateRoot: commit.root } },
    receipts: [],
    state: commit,
  });
  const rootOf = (one: NewBlock): Hash => one.block.header.stateRoot;
  const write = async (blocks: NewBlock[], kept = chain.length) => {
    const orphaned = chain.splice(kept).map(({ block }) => block);
    chain.push(...blocks);
    const head = chain.at(-1)!.block.hash;
    await store.commit({ blocks, orphaned, heads: { unsafe: head, safe: head, finalized: head } });
  };
  let branch = 0;
  const child = (parent: NewBlock, changes: AccountChange[]): NewBlock => {
    const commit = commitChanges(nodes, flat.view(rootOf(parent)), changes);
    flat.advance(commit);
    branch++;
    return made(fakeChild(parent.block, { hash: l1Hash(1, branch), number: 1n }), commit);
  };
  const table = async (): Promise<string[]> => {
    await store.close();
    const level = await openLevel(folder);
    const found: string[] = [];
    for await (const [key, value] of level.entries(bucketKey(BUCKET.flat), bucketEnd(BUCKET.flat))) {
      found.push(`${bytesToHex(key.subarray(1))} ${bytesToHex(value)}`);
    }
    await level.close();
    await open();
    return found;
  };
  const trie = async (): Promise<string[]> => {
    const found: string[] = [];
    for await (const [key, value] of flatEntries(nodes, hexToBytes(rootOf(chain.at(-1)!)))) {
      found.push(`${bytesToHex(key)} ${bytesToHex(value)}`);
    }
    return found.sort();
  };

  it("holds what the tries hold after any blocks and reorganisations", async () => {
    const random = new Random(7);
    for (let step = 0; step < 120; step++) {
      const back = random.below(4) === 0 ? random.below(Math.min(chain.length, 6)) : 0;
      const kept = chain.length - back;
      // A block over others that leave comes without accounts that go: the table would be dropped.
      const changes = changesOf(random).filter(
        (one) => back === 0 || (one.account !== undefined && !one.wiped),
      );
      await write(random.below(8) === 0 && back > 0 ? [] : [child(chain[kept - 1]!, changes)], kept);
      expect(store.flat.version(rootOf(chain.at(-1)!))).toBeDefined();
      if (step % 10 === 9) expect(await table()).toEqual(await trie());
    }
  });

  it("answers as the tries do, for the head and for every other state", async () => {
    const random = new Random(8);
    for (let step = 0; step < 30; step++) await write([child(chain.at(-1)!, changesOf(random))]);
    for (const one of chain) {
      const root = rootOf(one);
      const view = new FlatState(nodes, store.flat).view(root);
      const rule = new TrieView(nodes, hexToBytes(root));
      for (let i = 0; i < 12; i++) {
        expect(view.account(at(i, 20))).toEqual(rule.account(at(i, 20)));
        for (let slot = 0; slot < 6; slot++) {
          expect(view.storage(at(i, 20), at(slot, 32))).toEqual(rule.storage(at(i, 20), at(slot, 32)));
        }
      }
    }
  });

  it("is read in place of the tries at the head, and only there", async () => {
    const random = new Random(9);
    for (let step = 0; step < 20; step++) await write([child(chain.at(-1)!, changesOf(random))]);
    const none = new NodeStore({ get: () => undefined });
    const reader = (root: Hash) => new FlatState(none, store.flat).view(root);
    const head = rootOf(chain.at(-1)!);
    expect(reader(head).account(at(1, 20))).toEqual(new TrieView(nodes, hexToBytes(head)).account(at(1, 20)));
    expect(() => reader(rootOf(chain.at(-2)!)).account(at(1, 20))).toThrow(/missing trie node/);
  });

  it("is dropped where blocks can't be followed, and built anew", async () => {
    const random = new Random(10);
    for (let step = 0; step < 140; step++) await write([child(chain.at(-1)!, changesOf(random))]);
    await write([child(chain[3]!, [])], 4);
    expect(store.flat.isWhole).toBe(false);
    const root = rootOf(chain.at(-1)!);
    expect(await store.flat.build(() => ({ root, entries: flatEntries(nodes, hexToBytes(root)) }))).toBe(
      true,
    );
    expect(store.flat.version(root)).toBeDefined();
    expect(await table()).toEqual(await trie());
    await write([child(chain.at(-1)!, changesOf(random))]);
    expect(await table()).toEqual(await trie());
  });

  /** Builds the table with a block after each few entries of the walk; `before` each of them. */
  const buildAmong = (random: Random, before: (step: number) => Promise<void>) =>
    store.flat.build(() => {
      const root = hexToBytes(rootOf(chain.at(-1)!));
      const entries = async function* () {
        let step = 0;
        for await (const entry of flatEntries(nodes, root)) {
          if (random.below(3) === 0) await before(step++);
          yield entry;
        }
      };
      return { root: bytesToHex(root), entries: entries() };
    });
  const staying = (random: Random) =>
    changesOf(random).filter(({ account, wiped }) => account !== undefined && !wiped);

  it("is built while blocks come, and followed by them from then on", async () => {
    for (let seed = 20; seed < 26; seed++) {
      const random = new Random(seed);
      for (let step = 0; step < 10; step++) await write([child(chain.at(-1)!, changesOf(random))]);
      const whole = await buildAmong(random, () => write([child(chain.at(-1)!, staying(random))]));
      expect(whole).toBe(true);
      expect(store.flat.version(rootOf(chain.at(-1)!))).toBeDefined();
      expect(await table()).toEqual(await trie());
      // What came meanwhile can be taken back.
      await write([], chain.length - 1);
      expect(store.flat.isWhole).toBe(true);
      expect(await table()).toEqual(await trie());
    }
  });

  it("is not taken for whole where blocks left while it was built, or the building ended", async () => {
    const random = new Random(30);
    for (let step = 0; step < 10; step++) await write([child(chain.at(-1)!, changesOf(random))]);
    const left = await buildAmong(random, async (step) => {
      if (step === 1) await write([], chain.length - 1);
      else await write([child(chain.at(-1)!, staying(random))]);
    });
    expect([left, store.flat.isWhole]).toEqual([false, false]);
    const ended = buildAmong(random, async () => {
      throw new Error("enough");
    });
    await expect(ended).rejects.toThrow("enough");
    await write([child(chain.at(-1)!, staying(random))]);
    expect(store.flat.isWhole).toBe(false);
    expect(await buildAmong(random, async () => undefined)).toBe(true);
    expect(await table()).toEqual(await trie());
  });

  it("is not taken for another state's after a crash between it and the heads", async () => {
    await write([child(chain.at(-1)!, [change(new Random(3))])]);
    await store.close();
    const level = await openLevel(folder);
    const record = level.get(bucketKey(BUCKET.flatRoot))!.slice();
    record[3]! ^= 1;
    await level.write([{ key: bucketKey(BUCKET.flatRoot), value: record }], true);
    await level.close();
    await open();
    expect(store.flat.isWhole).toBe(false);
  });
});
