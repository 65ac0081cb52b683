import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { fakeChild, l1Hash, TEST_GENESIS, testRollup } from "../../test/harness/blocks.ts";
import { hexToBytes } from "../base/bytes.ts";
import { packageRoot } from "../base/paths.ts";
import type { Block } from "../chain/types/block.ts";
import { NO_CODE } from "../execution/state/account.ts";
import { NodeStore } from "../execution/state/node-store.ts";
import { pruneState } from "../execution/state/prune-state.ts";
import { commitChanges } from "../execution/state/state-commit.ts";
import { TrieView } from "../execution/state/state-view.ts";
import { flatEntries } from "../execution/state/state-walk.ts";
import { EMPTY_TRIE } from "../execution/state/trie.ts";
import { openChainStore } from "../store/chain-store.ts";

const rollup = testRollup();
const HISTORY = 8;
const ACCOUNTS = 400;

/** Prunes a database and says when the first entries are gone. */
const PRUNER = `
const at = (file) => new URL(file, process.env.ROOT);
const { openChainStore } = await import(at("dist/node/store/chain-store.js"));
const { pruneState } = await import(at("dist/node/execution/state/prune-state.js"));
const { testRollup } = await import(at("dist/test/harness/blocks.js"));
const store = await openChainStore(process.env.FOLDER, testRollup());
console.log("open");
await pruneState(store, { history: ${HISTORY}n, progress: () => console.log("deleting") });
console.log("done");
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "prune-crash-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A chain of blocks that each change many accounts. */
async function makeChain(): Promise<Block[]> {
  const store = await openChainStore(folder, rollup);
  const nodes = new NodeStore(store.state);
  const chain: Block[] = [];
  for (let n = 0; n < 60; n++) {
    const parent = chain.at(-1);
    const view = new TrieView(nodes, parent === undefined ? EMPTY_TRIE : hexToBytes(parent.header.stateRoot));
    const changes = Array.from({ length: ACCOUNTS }, (_, i) => ({
      address: new Uint8Array(20).fill(1 + (i % 250)).fill(i >> 8, 0, 1),
      account: { nonce: BigInt(n), balance: 1n, codeHash: NO_CODE },
      code: undefined,
      wiped: false,
      slots: [],
    })).filter((one, i, all) => all.findIndex((x) => x.address.join() === one.address.join()) === i);
    const state = commitChanges(nodes, view, parent === undefined ? [] : changes);
    const block = parent === undefined ? TEST_GENESIS : fakeChild(parent, { hash: l1Hash(1), number: 1n });
    const made = { ...block, header: { ...block.header, stateRoot: state.root } };
    chain.push(made);
    const { hash } = made;
    await store.commit({
      blocks: [{ block: made, receipts: [], state }],
      heads: { unsafe: hash, safe: hash, finalized: hash },
    });
  }
  await store.close();
  return chain;
}

async function countState(block: Block): Promise<number> {
  const store = await openChainStore(folder, rollup);
  let count = 0;
  try {
    const nodes = new NodeStore(store.state);
    for await (const _ of flatEntries(nodes, hexToBytes(block.header.stateRoot))) count++;
  } finally {
    await store.close();
  }
  return count;
}

it("a pruning that is killed at any moment leaves every state that it keeps", {
  timeout: 120_000,
}, async () => {
  const chain = await makeChain();
  const kept = chain.slice(-HISTORY);
  const whole = await countState(kept[0]!);
  expect(whole).toBeGreaterThan(200);
  for (const delay of [0, 1, 3, 6, 12]) {
    const env = { ...process.env, ROOT: `file://${packageRoot()}/`, FOLDER: folder };
    const child = spawn(process.execPath, ["--input-type=module", "-e", PRUNER], { env });
    for await (const text of child.stdout) if (/open|deleting|done/.test(String(text))) break;
    await sleep(delay);
    child.kill("SIGKILL");
    await once(child, "close");
    for (const block of kept) expect(await countState(block)).toBe(whole);
  }
  const store = await openChainStore(folder, rollup);
  await pruneState(store, { history: BigInt(HISTORY) });
  expect((await pruneState(store, { history: BigInt(HISTORY) })).deleted).toBe(0);
  await store.close();
  for (const block of kept) expect(await countState(block)).toBe(whole);
  await expect(countState(chain[10]!)).rejects.toMatchObject({ code: "STATE_NODE_MISSING" });
});
