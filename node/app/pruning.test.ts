import { afterEach, beforeEach, expect, it } from "vitest";
import { createDiskChain, type DiskChain } from "../../test/support/disk-chain.ts";
import { signed } from "../../test/support/small-chain.ts";
import { createLogger } from "../base/logger.ts";
import { createStateReader } from "../execution/evm/state-reader.ts";
import { pruneStates } from "./pruning.ts";

const HISTORY = 3n;

let disk: DiskChain;
let nonce: number;
let controller: AbortController;
let running: Promise<void>;
const log: string[] = [];
const seen = { heads: 0 };

beforeEach(async () => {
  nonce = 0;
  disk = await createDiskChain();
  controller = new AbortController();
  const engine = {
    heads() {
      seen.heads++;
      const { store } = disk;
      return { unsafe: { number: store.header(store.heads()!.unsafe)!.number } };
    },
  };
  running = pruneStates({
    store: disk.store,
    engine: engine as never,
    history: HISTORY,
    logger: createLogger({ level: "info", format: "json", write: (line) => log.push(line) }),
    signal: controller.signal,
    lookMs: 5,
  });
});
afterEach(async () => {
  controller.abort();
  await running;
  await disk.close();
});

const grow = async (blocks: number) => {
  for (let n = 0; n < blocks; n++) await disk.advance([await signed({ nonce: nonce++, value: 1n })]);
};
/** The loop has looked at the present head. */
const looked = async () => {
  const { heads } = seen;
  await expect.poll(() => seen.heads, { timeout: 60_000 }).toBeGreaterThan(heads + 1);
};
const balance = async (number: bigint) => {
  const { stateRoot } = disk.store.header(disk.store.canonicalHash(number)!)!;
  return (await createStateReader(disk.store.state).account(stateRoot, `0x${"ee".repeat(20)}`))?.balance;
};

it("deletes old states once there are twice as many as are to stay, and not at every block", {
  timeout: 180_000,
}, async () => {
  await grow(5);
  await looked();
  expect(disk.store.oldestState()).toBe(0n);
  expect(await balance(1n)).toBe(1n);
  await grow(1);
  await expect.poll(() => disk.store.oldestState(), { timeout: 60_000 }).toBe(4n);
  await expect.poll(() => log.join(""), { timeout: 60_000 }).toContain("Old states are deleted");
  await expect(balance(1n)).rejects.toMatchObject({ code: "STATE_NODE_MISSING" });
  for (const number of [4n, 5n, 6n]) expect(await balance(number)).toBe(number);
  await grow(8);
  await looked();
  expect(disk.store.oldestState()).toBe(4n);
});
