import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ANVIL_KEYS, type Anvil, freePort, startAnvil } from "../../test/harness/anvil.ts";
import { NO_CONTRACTS } from "../../test/harness/no-contracts.ts";
import { type NodeProcess, startNodeProcess, writeChainFiles } from "../../test/harness/node-process.ts";
import { silentLogger } from "../base/logger.ts";
import { createL1Reader } from "../rollup/l1/reader.ts";
import { runAiWorker } from "./ai-worker.ts";
import { loadWorkerConfig } from "./config/ai-settings.ts";

interface HealthAnswer {
  status: string;
  parts: Record<string, { state: string; restarts: number; error?: { code: string } }>;
}

/** Processes that the process started. */
function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.split(" ").filter(Boolean).map(Number);
}

describe("a node's AI worker", { timeout: 240_000 }, () => {
  let anvil: Anvil;
  let folder: string;
  let node: NodeProcess;

  const health = async () => (await (await fetch(`${node.url}/health`)).json()) as HealthAnswer;
  const blockNumber = async () => Number(await node.rpc("eth_blockNumber", []));
  /** The whole answer as text: the code of an error is in it. */
  const ask = async () => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "openledger_getReceipt", params: [1] });
    return (await fetch(node.url, { method: "POST", body })).text();
  };
  const start = (settings: Record<string, string | number>) =>
    startNodeProcess({
      ...{ dataDir: join(folder, "data"), chainDir: join(folder, "chain"), l1Url: anvil.url },
      ...{ l1PollMs: 100, l1Confirmations: 0, sequencer: "true", clock: "l1", batcherKey: ANVIL_KEYS[1] },
      protocol: join(folder, "protocol.json"),
      ...settings,
    });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "node-worker-"));
    anvil = await startAnvil({ blockTime: 2 });
    writeChainFiles(join(folder, "chain"), (await createL1Reader(anvil.rpc).label("latest"))!, []);
    await writeFile(join(folder, "protocol.json"), JSON.stringify(NO_CONTRACTS));
    node = await start({ hostKey: ANVIL_KEYS[3] });
  }, 240_000);
  afterAll(async () => {
    await node.crash();
    await anvil.kill();
    await rm(folder, { recursive: true });
  });

  test("is a process of its own, told of on /health; killed, it starts again while blocks go on", async () => {
    const [worker] = childrenOf(node.pid);
    await expect.poll(async () => (await health()).parts.host?.state, { timeout: 60_000 }).toBe("running");
    await expect.poll(ask, { timeout: 30_000 }).toContain("RECEIPT_UNKNOWN");
    const before = await blockNumber();
    process.kill(worker!, "SIGKILL");
    expect(await ask()).toContain("AI_WORKER_UNREACHABLE");
    await expect.poll(async () => (await health()).parts["ai-worker"]!.restarts, { timeout: 60_000 }).toBe(1);
    expect((await health()).parts["ai-worker"]!.error).toMatchObject({ code: "AI_WORKER_ENDED" });
    await expect.poll(ask, { timeout: 60_000 }).toContain("RECEIPT_UNKNOWN");
    expect(childrenOf(node.pid)).not.toContain(worker);
    await expect.poll(blockNumber, { timeout: 30_000 }).toBeGreaterThan(before);
  });

  test("ends when its node is killed, and when it is stopped", async () => {
    const isRunning = (pid: number) => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    const [worker] = childrenOf(node.pid);
    await node.crash();
    await expect.poll(() => isRunning(worker!), { timeout: 30_000 }).toBe(false);
    node = await start({ hostKey: ANVIL_KEYS[3] });
    const [second] = childrenOf(node.pid);
    expect(await node.stop()).toBe(0);
    expect(isRunning(second!)).toBe(false);
  });

  test("runs elsewhere for a node that knows its address", async () => {
    const port = await freePort();
    node = await start({ aiWorkerUrl: `http://127.0.0.1:${port}` });
    expect(await ask()).toContain("AI_WORKER_UNREACHABLE");
    const ending = new AbortController();
    const flags = {
      node: node.url,
      dataDir: join(folder, "worker"),
      workerPort: port,
      hostKey: ANVIL_KEYS[3],
    };
    const running = runAiWorker(loadWorkerConfig({ env: {}, flags }), silentLogger, ending.signal);
    const { address } = privateKeyToAccount(ANVIL_KEYS[3]);
    await expect
      .poll(() => node.rpc("openledger_host", []).catch(() => undefined), { timeout: 60_000 })
      .toBe(address.toLowerCase());
    await expect.poll(ask, { timeout: 60_000 }).toContain("RECEIPT_UNKNOWN");
    ending.abort();
    await running;
    expect(await ask()).toContain("AI_WORKER_UNREACHABLE");
  });
});
