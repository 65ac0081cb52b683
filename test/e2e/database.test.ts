import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Address, Hash, Hex } from "../../node/chain/types/primitives.ts";
import { createL1Reader } from "../../node/rollup/l1/reader.ts";
import type { L1Rpc } from "../../node/rollup/l1/rpc.ts";
import { ANVIL_KEYS, type Anvil, startAnvil } from "../harness/anvil.ts";
import { type NodeProcess, startNodeProcess, writeChainFiles } from "../harness/node-process.ts";
import { signTestTransfer } from "../harness/transfer.ts";
import { openledger, refusal, until } from "./program.ts";

const user = privateKeyToAccount(ANVIL_KEYS[2]);
const PATIENCE_MS = 600_000;

interface Head {
  hash: Hash;
  number: Hex;
}

describe("the database of a stopped node", { timeout: 900_000 }, () => {
  let anvil: Anvil;
  let folder: string;
  let chainDir: string;
  let dataDir: string;
  const started: NodeProcess[] = [];

  const start = async (name: string, more: Record<string, string | number>): Promise<NodeProcess> => {
    const node = await startNodeProcess({
      dataDir: join(folder, name),
      chainDir,
      l1Url: anvil.url,
      l1PollMs: 100,
      l1Confirmations: 0,
      ...more,
    });
    started.push(node);
    return node;
  };
  const startSequencer = () =>
    start("sequencer", {
      sequencer: "true",
      clock: "l1",
      batcherKey: ANVIL_KEYS[1],
      batcherChannelBlocks: 1,
    });
  const head = async (rpc: L1Rpc, tag: string): Promise<Head | undefined> =>
    ((await rpc("eth_getBlockByNumber", [tag, false])) as Head | null) ?? undefined;
  const db = (...args: string[]) =>
    openledger(["db", ...args, "--data-dir", dataDir, "--chain-dir", chainDir, "--json"]);
  const facts = async (...args: string[]) => {
    const { status, stdout, stderr } = await db(...args);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    return JSON.parse(stdout);
  };

  let final: Head;
  let sequencer: NodeProcess;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "database-"));
    chainDir = join(folder, "chain");
    dataDir = join(folder, "sequencer");
    anvil = await startAnvil({ blockTime: 1, extra: ["--slots-in-an-epoch", "1"] });
    const l1Head = await createL1Reader(anvil.rpc).label("latest");
    writeChainFiles(chainDir, l1Head!, [user.address.toLowerCase() as Address]);
    sequencer = await startSequencer();
    for (let nonce = 0; nonce < 4; nonce++) {
      await sequencer.rpc("eth_sendRawTransaction", [await signTestTransfer(user, nonce)]);
    }
    const isFar = ({ number }: Head) => Number(number) >= 4;
    final = await until(
      "four final blocks",
      async () => {
        const found = await head(sequencer.rpc, "finalized");
        return found && isFar(found) ? found : undefined;
      },
      PATIENCE_MS,
    );
  }, 900_000);
  afterAll(async () => {
    for (const node of started) await node.crash();
    await anvil.kill();
    await rm(folder, { recursive: true });
  });

  test("is nobody else's while the node runs, and is asked for where there is none", async () => {
    expect(refusal(await db("inspect"))).toMatchObject({ status: 1, code: "STORE_LOCKED" });
    const none = ["--data-dir", join(folder, "nowhere"), "--chain-dir", chainDir];
    const nowhere = await openledger(["db", "inspect", ...none]);
    expect(refusal(nowhere)).toMatchObject({ status: 1, code: "FILE_UNREADABLE" });
    expect(refusal(await db("prune", "--history", "0"))).toMatchObject({ status: 1, code: "NUMBER_INVALID" });
  });

  test("is inspected, copied, pruned and given its table anew", async () => {
    expect(await sequencer.stop()).toBe(0);
    const before = await facts("inspect");
    expect(before).toMatchObject({ oldestState: "0", flatTable: "whole" });
    expect(Number(before.finalized)).toBeGreaterThanOrEqual(Number(final.number));
    expect(Number(before.unsafe)).toBeGreaterThanOrEqual(Number(before.safe));
    expect(before.bytes).toHaveProperty("state");

    const file = join(folder, "chain.snapshot");
    const copied = await facts("snapshot", file);
    expect(copied).toMatchObject({ file, number: before.finalized });

    const pruned = await facts("prune", "--history", "1");
    expect(pruned).toMatchObject({ oldestState: before.finalized });
    expect(pruned.deleted).toBeGreaterThan(0);
    expect(await facts("prune", "--history", "1")).toMatchObject({ deleted: 0 });

    const { status } = await db("rebuild");
    expect(status).toBe(0);
    const after = await facts("inspect");
    expect(after).toMatchObject({
      unsafe: before.unsafe,
      oldestState: before.finalized,
      flatTable: "whole",
    });
  });

  test("has a copy from which another node starts and follows the chain", async () => {
    sequencer = await startSequencer();
    const fromSnapshot = join(folder, "chain.snapshot");
    const other = await start("other", { fromSnapshot });
    const first = (await head(other.rpc, "finalized"))!;
    expect(Number(first.number)).toBeGreaterThanOrEqual(Number(final.number));
    expect(await head(sequencer.rpc, first.number)).toMatchObject({ hash: first.hash });
    const balance = (rpc: L1Rpc, block: string) => rpc("eth_getBalance", [user.address, block]);
    expect(await balance(other.rpc, first.number)).toBe(await balance(sequencer.rpc, first.number));
    const later = await until(
      "derived blocks beyond the copy",
      async () => {
        const safe = await head(other.rpc, "safe");
        return safe && Number(safe.number) > Number(first.number) ? safe : undefined;
      },
      PATIENCE_MS,
    );
    expect(await head(sequencer.rpc, later.number)).toMatchObject({ hash: later.hash });
    await expect(balance(other.rpc, "0x1")).rejects.toThrow(/historical state .* is not available/);
    // Its data are there now: the file is not asked for again.
    await other.stop();
    const again = await start("other", { fromSnapshot: join(folder, "nowhere") });
    expect(await head(again.rpc, first.number)).toMatchObject({ hash: first.hash });
  });

  test("is not begun with a file that is no copy", async () => {
    const fromSnapshot = join(chainDir, "rollup.json");
    await expect(start("third", { fromSnapshot })).rejects.toThrow(/CHAIN_SNAPSHOT_/);
    expect(existsSync(join(folder, "third", "chain"))).toBe(false);
  });
});
