import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ANVIL_KEYS, type Anvil, freePort, startAnvil } from "../../test/harness/anvil.ts";
import {
  MAIN,
  type NodeProcess,
  startNodeProcess,
  writeChainFiles,
} from "../../test/harness/node-process.ts";
import { signTestTransfer } from "../../test/harness/transfer.ts";
import type { Address, Hash, Hex } from "../chain/types/primitives.ts";
import { createL1Reader } from "../rollup/l1/reader.ts";
import type { L1Rpc } from "../rollup/l1/rpc.ts";

const user = privateKeyToAccount(ANVIL_KEYS[2]);

describe("node processes killed at any moment", { timeout: 300_000 }, () => {
  let anvil: Anvil;
  let folder: string;
  let sequencer: NodeProcess;
  let verifier: NodeProcess;
  let nonce = 0;

  const start = (name: string, more: Record<string, string | number>) =>
    startNodeProcess({
      dataDir: join(folder, name),
      chainDir: join(folder, "chain"),
      l1Url: anvil.url,
      l1PollMs: 100,
      l1Confirmations: 0,
      ...more,
    });
  const startSequencer = () =>
    start("sequencer", { sequencer: "true", clock: "l1", batcherKey: ANVIL_KEYS[1] });
  const startVerifier = () => start("verifier", { sequencerUrl: sequencer.url });

  const signed = () => signTestTransfer(user, nonce++);
  const transfer = async (to: L1Rpc): Promise<Hash> =>
    (await to("eth_sendRawTransaction", [await signed()])) as Hash;
  const blockHash = async (rpc: L1Rpc, tag: string) =>
    ((await rpc("eth_getBlockByNumber", [tag, false])) as { hash: Hash; number: string } | null) ?? undefined;
  const until = async <T>(what: string, look: () => Promise<T | undefined>): Promise<T> => {
    for (let attempt = 0; attempt < 5_000; attempt++) {
      const found = await look();
      if (found !== undefined) return found;
      await sleep(20);
    }
    throw new Error(`not in time: ${what}\n${sequencer.output().slice(-4_000)}`);
  };
  const includedIn = (hash: Hash) =>
    until(`${hash} included`, async () => {
      const receipt = await sequencer.rpc("eth_getTransactionReceipt", [hash]);
      return receipt === null ? undefined : BigInt((receipt as { blockNumber: string }).blockNumber);
    });
  const bothSafe = (number: bigint) =>
    until(`block ${number} safe on both`, async () => {
      const heads = await Promise.all([sequencer, verifier].map(({ rpc }) => blockHash(rpc, "safe")));
      return heads.every((head) => head && BigInt(head.number) >= number) ? true : undefined;
    });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "crash-"));
    anvil = await startAnvil({ blockTime: 2 });
    const head = await createL1Reader(anvil.rpc).label("latest");
    writeChainFiles(join(folder, "chain"), head!, [user.address.toLowerCase() as Address]);
    sequencer = await startSequencer();
    verifier = await startVerifier();
  }, 240_000);
  afterAll(async () => {
    await Promise.all([sequencer.crash(), verifier.crash()]);
    await anvil.kill();
    await rm(folder, { recursive: true });
  });

  test("count what they have passed on to the sequencer, until they see it in a block", async () => {
    const address = user.address.toLowerCase();
    const pending = async () => Number(await verifier.rpc("eth_getTransactionCount", [address, "pending"]));
    const before = await pending();
    const hashes: Hash[] = [];
    for (let sent = 1; sent <= 3; sent++) {
      hashes.push(await transfer(verifier.rpc));
      expect(await pending()).toBe(before + sent);
    }
    const found = await verifier.rpc("eth_getTransactionByHash", [hashes[1]]);
    expect(found).toMatchObject({ hash: hashes[1], from: address });
    await bothSafe(await includedIn(hashes[2]!));
    const empty = { pending: "0x0", queued: "0x0" };
    await until("nothing waits", async () =>
      JSON.stringify(await verifier.rpc("txpool_status", [])) === JSON.stringify(empty) ? true : undefined,
    );
    expect(await pending()).toBe(before + 3);
  });

  test("lose no accepted transaction and go on with the same chain", async () => {
    const accepted: Hash[] = [];
    const seen = new Map<string, Hash>();
    for (let round = 0; round < 4; round++) {
      accepted.push(await transfer(sequencer.rpc), await transfer(verifier.rpc));
      if (round > 0) await sleep(Math.floor(Math.random() * 2_500));
      const safe = await blockHash(sequencer.rpc, "safe");
      if (safe) seen.set(safe.number, safe.hash);
      if (round % 2 === 0) {
        await sequencer.crash();
        sequencer = await startSequencer();
        await verifier.crash();
        verifier = await startVerifier();
      } else {
        await verifier.crash();
        verifier = await startVerifier();
      }
    }
    let last = 0n;
    for (const hash of accepted) last = await includedIn(hash);
    await bothSafe(last);
    for (let number = 0n; number <= last; number++) {
      const tag = `0x${number.toString(16)}`;
      const [ours, theirs] = await Promise.all([sequencer, verifier].map(({ rpc }) => blockHash(rpc, tag)));
      expect(theirs?.hash).toBe(ours?.hash);
      if (seen.has(tag)) expect(ours?.hash).toBe(seen.get(tag));
    }
    const outputs = await Promise.all(
      [sequencer, verifier].map(({ rpc }) => rpc("optimism_outputAtBlock", [`0x${last.toString(16)}`])),
    );
    expect(outputs[1]).toMatchObject({ outputRoot: (outputs[0] as { outputRoot: Hash }).outputRoot });
  });

  test("keep what they answered for, killed while many transactions arrive at once", async () => {
    for (let round = 0; round < 3; round++) {
      const raws: Hex[] = [];
      for (let i = 0; i < 150; i++) raws.push(await signed());
      const accepted = new Map<Hex, Hash>();
      const answers = raws.map((raw, index) =>
        sleep(index)
          .then(() => sequencer.rpc("eth_sendRawTransaction", [raw]))
          .then((hash) => accepted.set(raw, hash as Hash))
          .catch(() => undefined),
      );
      await until("some are accepted", async () => (accepted.size >= 20 + 30 * round ? true : undefined));
      await sequencer.crash();
      await Promise.all(answers);
      sequencer = await startSequencer();
      // Only what nobody answered for is sent again: it may be there or not.
      for (const raw of raws) {
        if (accepted.has(raw)) continue;
        await sequencer.rpc("eth_sendRawTransaction", [raw]).catch((error: unknown) => {
          expect(String(error)).toMatch(/already known|nonce too low/);
        });
      }
      for (const hash of accepted.values()) await includedIn(hash);
    }
  });

  test("wait for an L1 that is away, and refuse another one", async () => {
    const alone = await start("alone", { l1Url: `http://127.0.0.1:${await freePort()}` });
    expect((await fetch(`${alone.url}/health`)).status).toBe(503);
    expect(await alone.rpc("eth_blockNumber", [])).toBe("0x0");
    expect(await alone.stop()).toBe(0);
    const stranger = await startAnvil({ blockTime: 1, extra: ["--timestamp", "1000000000"] });
    await stranger.mine(20);
    // It may end before its door opens, or a moment after.
    const said = await start("alone", { l1Url: stranger.url }).then(
      async (lost) => {
        for (let attempt = 0; attempt < 300 && !lost.output().includes("fix:"); attempt++) await sleep(100);
        return lost.output();
      },
      (error: unknown) => String(error),
    );
    expect(said).toMatch(/L1_OTHER_CHAIN/);
    await stranger.kill();
  });

  test("end within seconds when told, also while L1 holds back its answers", async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    const keys = { sequencer: "true", batcherKey: ANVIL_KEYS[1], proposerKey: ANVIL_KEYS[1] };
    const outputOracle = `0x${"0f".repeat(20)}`;
    const waiting = await start("silent", { l1Url: `http://127.0.0.1:${port}`, ...keys, outputOracle });
    await sleep(1_000);
    const told = performance.now();
    expect(await waiting.stop()).toBe(0);
    // An answer of L1 is awaited for 20 s.
    expect(performance.now() - told).toBeLessThan(10_000);
    silent.close();
  });

  test("stop cleanly when told, and say what is wrong when they can't start", async () => {
    const health = await fetch(`${verifier.url}/health`);
    expect(await health.json()).toMatchObject({ status: "ok" });
    await expect(start("verifier", {})).rejects.toThrow(/STORE_LOCKED[\s\S]*fix:/);
    expect(await verifier.stop()).toBe(0);
    const asFlag = spawnSync(process.execPath, [MAIN, "node", "--batcher-key", ANVIL_KEYS[1]], {
      encoding: "utf8",
    });
    expect(asFlag.status).toBe(1);
    expect(asFlag.stderr).toMatch(/KEY_AS_FLAG[\s\S]*--batcher-key-file/);
    expect(asFlag.stderr).not.toContain(ANVIL_KEYS[1].slice(2, 20));
    await expect(start("other", { l1Url: "nowhere" })).rejects.toThrow(/CONFIG_INVALID/);
    await expect(start("other", { chainDir: join(folder, "none") })).rejects.toThrow(
      /CONFIG_FILE_UNREADABLE/,
    );
  });
});
