import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ANVIL_KEYS, type Anvil, startAnvil } from "../../test/harness/anvil.ts";
import { type NodeProcess, startNodeProcess, writeChainFiles } from "../../test/harness/node-process.ts";
import { signTestTransfer } from "../../test/harness/transfer.ts";
import type { Address, Hash } from "../chain/types/primitives.ts";
import { createL1Reader } from "../rollup/l1/reader.ts";

const user = privateKeyToAccount(ANVIL_KEYS[2]);
const TRANSFERS = 60;

describe("a sequencer killed in the middle of a reset", { timeout: 300_000 }, () => {
  let anvil: Anvil;
  let folder: string;
  let sequencer: NodeProcess;
  let nonce = 0;
  let firstL1 = 0;

  const start = () =>
    startNodeProcess({
      dataDir: join(folder, "sequencer"),
      chainDir: join(folder, "chain"),
      l1Url: anvil.url,
      l1PollMs: 50,
      l1Confirmations: 0,
      sequencer: "true",
      clock: "l1",
    });
  const until = async <T>(what: string, everyMs: number, look: () => Promise<T | undefined>): Promise<T> => {
    const end = performance.now() + 100_000;
    while (performance.now() < end) {
      const found = await look();
      if (found !== undefined) return found;
      await sleep(everyMs);
    }
    throw new Error(`not in time: ${what}\n${sequencer.output().slice(-4_000)}`);
  };
  const included = (hash: Hash) =>
    until(`${hash} included`, 50, async () => {
      const receipt = await sequencer.rpc("eth_getTransactionReceipt", [hash]);
      return receipt === null ? undefined : (receipt as { blockHash: Hash }).blockHash;
    });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "reset-"));
    anvil = await startAnvil({ blockTime: 2 });
    const head = await createL1Reader(anvil.rpc).label("latest");
    firstL1 = Number(head!.number);
    writeChainFiles(join(folder, "chain"), head!, [user.address.toLowerCase() as Address]);
    sequencer = await start();
  }, 240_000);
  afterAll(async () => {
    await sequencer.crash();
    await anvil.kill();
    await rm(folder, { recursive: true });
  });

  test("has every transaction that it acknowledged", async () => {
    let replaced = 0;
    // While the pool takes them in again, and while the next blocks take them.
    for (const delay of [0, 5, 30]) {
      const accepted: Hash[] = [];
      for (let i = 0; i < TRANSFERS; i++) {
        const raw = await signTestTransfer(user, nonce++);
        accepted.push((await sequencer.rpc("eth_sendRawTransaction", [raw])) as Hash);
      }
      const before = await included(accepted.at(-1)!);
      const resets = () => sequencer.output().split("Derivation starts again").length;
      const seen = resets();
      // Of a block that derivation has not read yet, it would not see that another one took its place.
      const depth = await until("a block of L1 that derivation has read and that may go", 1, async () => {
        const status = (await sequencer.rpc("optimism_syncStatus", [])) as { current_l1: { number: number } };
        if (status.current_l1.number <= firstL1 + 1) return undefined;
        return Number(await anvil.rpc("eth_blockNumber", [])) - firstL1 - 1;
      });
      await anvil.rpc("anvil_reorg", [Math.min(depth, 10), []]);
      await until("the reset", 1, async () => (resets() > seen ? true : undefined));
      await sleep(delay);
      await sequencer.crash();
      sequencer = await start();
      for (const hash of accepted) await included(hash);
      if ((await included(accepted.at(-1)!)) !== before) replaced++;
    }
    expect(replaced).toBeGreaterThan(0);
  });
});
