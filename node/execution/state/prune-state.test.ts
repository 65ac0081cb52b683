import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fakeChild, l1Hash, TEST_GENESIS, testRollup } from "../../../test/harness/blocks.ts";
import { bytesToHex, hexToBytes } from "../../base/bytes.ts";
import { Random } from "../../base/random.ts";
import { keccak256 } from "../../chain/crypto.ts";
import type { Block } from "../../chain/types/block.ts";
import { type ChainStore, openChainStore } from "../../store/chain-store.ts";
import { createStateReader } from "../evm/state-reader.ts";
import { MemoryDatabase } from "./memory-database.ts";
import { NodeStore } from "./node-store.ts";
import { pruneState } from "./prune-state.ts";
import { type AccountChange, commitChanges, type StateCommit } from "./state-commit.ts";
import { TrieView } from "./state-view.ts";
import { EMPTY_TRIE } from "./trie.ts";

const rollup = testRollup();
const ACCOUNTS = 30;
const addressOf = (n: number) => new Uint8Array(20).fill(n + 1);
const slotOf = (n: number) => new Uint8Array(32).fill(n + 1);
const hex = (bytes: Uint8Array) => bytesToHex(bytes);

/** A few accounts get new values; code and slots come, change and go. */
function someChanges(random: Random): AccountChange[] {
  return Array.from({ length: 4 }, (_, i) => {
    const code = Uint8Array.of(0x60, random.below(5));
    return {
      address: addressOf(((i * ACCOUNTS) >> 2) + random.below(ACCOUNTS >> 2)),
      account: { nonce: 1n, balance: BigInt(random.below(1_000)), codeHash: keccak256(code) },
      code,
      wiped: false,
      slots: Array.from({ length: 3 }, (_unused, k) => ({
        slot: slotOf(k * 3 + random.below(3)),
        value: random.below(4) === 0 ? new Uint8Array(0) : Uint8Array.of(1 + random.below(200)),
      })),
    };
  });
}

describe("pruning the state", () => {
  let folder: string;
  let store: ChainStore;
  /** All that was ever written. */
  let archive: MemoryDatabase;
  let chain: Block[];
  const random = new Random(5);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "prune-"));
    store = await openChainStore(folder, rollup);
    archive = new MemoryDatabase();
    chain = [];
    await append(
      TEST_GENESIS,
      commitChanges(new NodeStore(archive), new TrieView(new NodeStore(archive), EMPTY_TRIE), []),
    );
    for (let n = 0; n < 60; n++) await grow();
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  const append = async (block: Block, state: StateCommit, finalized = Math.max(0, chain.length - 4)) => {
    const made = { ...block, header: { ...block.header, stateRoot: state.root } };
    archive.write(state.writes);
    chain.push(made);
    const { hash } = made;
    const final = chain[finalized]!.hash;
    await store.commit({
      blocks: [{ block: made, receipts: [], state }],
      heads: { unsafe: hash, safe: hash, finalized: final },
    });
  };
  const grow = async () => {
    const parent = chain.at(-1)!;
    const nodes = new NodeStore(store.state);
    const view = new TrieView(nodes, hexToBytes(parent.header.stateRoot));
    await append(
      fakeChild(parent, { hash: l1Hash(1), number: 1n }),
      commitChanges(nodes, view, someChanges(random)),
    );
  };
  /** Every account with code, slots and proofs. */
  const dump = async (database: Pick<MemoryDatabase, "get">, block: Block) => {
    const reader = createStateReader(database);
    const { stateRoot } = block.header;
    const slots = Array.from({ length: 9 }, (_, k) => hex(slotOf(k)));
    return Promise.all(
      Array.from({ length: ACCOUNTS }, async (_, n) => ({
        proof: await reader.proof(stateRoot, hex(addressOf(n)), slots),
        code: await reader.code(stateRoot, hex(addressOf(n))),
      })),
    );
  };
  const expectKept = async (from: number) => {
    for (const block of chain.slice(from))
      expect(await dump(store.state, block)).toEqual(await dump(archive, block));
  };

  it("keeps every state within the history with all its proofs, and deletes the others", async () => {
    const { deleted, kept } = await pruneState(store, { history: 16n });
    expect(deleted).toBeGreaterThan(kept / 2);
    expect(store.oldestState()).toBe(45n);
    await expectKept(45);
    await expect(dump(store.state, chain[20]!)).rejects.toMatchObject({ code: "STATE_NODE_MISSING" });
    for (let n = 0; n < 5; n++) await grow();
    await expectKept(45);
    expect((await pruneState(store, { history: 1_000n })).deleted).toBe(0);
  });

  it("keeps what the chain may go back to", async () => {
    await store.commit({
      heads: { unsafe: chain[60]!.hash, safe: chain[60]!.hash, finalized: chain[30]!.hash },
    });
    await pruneState(store, { history: 4n });
    expect(store.oldestState()).toBe(30n);
    await expectKept(30);
  });

  it("takes what commits write meanwhile for needed, also where it was there before", async () => {
    const pruning = pruneState(store, {
      history: 4n,
      progress: () => undefined,
    });
    // Goes back to a state of long ago: its nodes are among those that are being deleted.
    const nodes = new NodeStore(archive);
    for (let n = 0; n < 6; n++) {
      const parent = chain.at(-1)!;
      const view = new TrieView(nodes, hexToBytes(parent.header.stateRoot));
      const old = new TrieView(nodes, hexToBytes(chain[10 + n]!.header.stateRoot));
      const changes = Array.from({ length: ACCOUNTS }, (_, i) => i).flatMap((i): AccountChange[] => {
        const account = old.account(addressOf(i));
        const code = account && nodes.code(account.codeHash);
        const slots = Array.from({ length: 9 }, (_unused, k) => ({
          slot: slotOf(k),
          value: old.storage(addressOf(i), slotOf(k)),
        }));
        if (account === undefined) return [{ address: addressOf(i), account, code, wiped: true, slots: [] }];
        return [{ address: addressOf(i), account, code, wiped: false, slots }];
      });
      await append(fakeChild(parent, { hash: l1Hash(1), number: 1n }), commitChanges(nodes, view, changes));
    }
    await pruning;
    await expectKept(60);
  });

  it("can be stopped at any moment: nothing that stays is gone, and the next run finishes", async () => {
    for (const steps of [0, 1]) {
      const controller = new AbortController();
      let left = steps;
      const stopped = pruneState(store, {
        history: 16n,
        signal: controller.signal,
        progress: () => left-- <= 0 && controller.abort(),
      });
      await stopped.catch(() => undefined);
      await expectKept(45);
    }
    await pruneState(store, { history: 16n });
    await expectKept(45);
    expect((await pruneState(store, { history: 16n })).deleted).toBe(0);
  });

  it("deletes nothing where a state that is to stay is not whole", async () => {
    const blind = { ...store, state: { get: () => undefined } };
    await expect(pruneState(blind, { history: 4n })).rejects.toMatchObject({ code: "STATE_NODE_MISSING" });
    expect(store.oldestState()).toBe(0n);
    await expectKept(0);
  });
});
