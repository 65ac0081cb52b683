import { afterEach, beforeEach, expect, it } from "vitest";
import { createDiskChain, type DiskChain } from "../../test/support/disk-chain.ts";
import { signed } from "../../test/support/small-chain.ts";
import { silentLogger } from "../base/logger.ts";
import { rebuildFlat } from "./flat-rebuilding.ts";

let disk: DiskChain;
let changed: () => void;
let controller: AbortController;
let running: Promise<void>;

beforeEach(async () => {
  disk = await createDiskChain();
  controller = new AbortController();
  const engine = {
    subscribe(listener: () => void) {
      changed = listener;
      return () => undefined;
    },
  };
  running = rebuildFlat(disk.store, engine as never, silentLogger, controller.signal);
});
afterEach(async () => {
  controller.abort();
  await running;
  await disk.close();
});

/** A block whose changes nobody tells the table. */
async function dropTable(): Promise<void> {
  const { block, receipts, state } = await disk.small.advance();
  const { hash } = block;
  const heads = { unsafe: hash, safe: hash, finalized: hash };
  await disk.store.commit({ blocks: [{ block, receipts, state: { writes: state.writes } }], heads });
}

it("builds a table that was dropped again, while blocks come, as often as that happens", {
  timeout: 180_000,
}, async () => {
  for (let nonce = 0; nonce < 4; nonce += 2) {
    await dropTable();
    expect(disk.store.flat.isWhole).toBe(false);
    changed();
    for (const next of [nonce, nonce + 1]) await disk.advance([await signed({ nonce: next, value: 1n })]);
    await expect.poll(() => disk.store.flat.isWhole, { timeout: 60_000 }).toBe(true);
    expect(disk.store.flat.version(disk.small.head.stateRoot)).toBeDefined();
  }
});

it("ends with its signal, also in the middle", async () => {
  await dropTable();
  changed();
  controller.abort();
  await running;
});
