import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ANVIL_KEYS, type Anvil, startAnvil } from "../../test/harness/anvil.ts";
import { type NodeProcess, startNodeProcess, writeChainFiles } from "../../test/harness/node-process.ts";
import { signTestTransfer } from "../../test/harness/transfer.ts";
import type { Address } from "../chain/types/primitives.ts";
import { createL1Reader } from "../rollup/l1/reader.ts";

const user = privateKeyToAccount(ANVIL_KEYS[2]);
const batcher = privateKeyToAccount(ANVIL_KEYS[1]).address.toLowerCase();

describe("/metrics and /health of a node", { timeout: 120_000 }, () => {
  let anvil: Anvil;
  let folder: string;
  let node: NodeProcess;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "metrics-"));
    anvil = await startAnvil({ blockTime: 1 });
    const head = await createL1Reader(anvil.rpc).label("latest");
    writeChainFiles(join(folder, "chain"), head!, [user.address.toLowerCase() as Address]);
    node = await startNodeProcess({
      dataDir: join(folder, "node"),
      chainDir: join(folder, "chain"),
      l1Url: anvil.url,
      l1PollMs: 100,
      l1Confirmations: 0,
      sequencer: "true",
      clock: "l1",
      batcherKey: ANVIL_KEYS[1],
      batcherChannelBlocks: 1,
    });
  }, 60_000);
  afterAll(async () => {
    await node.crash();
    await anvil.kill();
    await rm(folder, { recursive: true });
  });

  const scrape = async () => {
    const response = await fetch(`${node.url}/metrics`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toContain("version=0.0.4");
    return response.text();
  };
  /** The sample's value, or undefined. */
  const value = (text: string, sample: string) => {
    const line = text.split("\n").find((candidate) => candidate.startsWith(`${sample} `));
    return line === undefined ? undefined : Number(line.slice(sample.length + 1));
  };

  test("show heads, executor, batcher, fees, balances, requests and parts as they are", async () => {
    await node.rpc("eth_sendRawTransaction", [await signTestTransfer(user, 0)]);
    await node.rpc("eth_nonsense", []).catch(() => undefined);
    await node.rpc("eth_getBlockByNumber", ["nonsense", false]).catch(() => undefined);
    let text = "";
    for (let attempt = 0; attempt < 900; attempt++) {
      text = await scrape();
      const isSafe = (value(text, 'op_node_default_refs_number{layer="l2",type="l2_safe"}') ?? 0) > 1;
      // The batcher looks for its receipts from time to time, derivation may be faster.
      if (isSafe && value(text, 'openledger_l1_fees_gwei_total{part="batcher"}') !== undefined) break;
      await sleep(100);
    }
    const unsafe = BigInt((await node.rpc("eth_blockNumber", [])) as string);
    const shown = value(text, 'op_node_default_refs_number{layer="l2",type="l2_unsafe"}');
    expect(shown).toBeGreaterThan(0);
    expect(shown).toBeLessThanOrEqual(Number(unsafe));
    const balance = BigInt((await anvil.rpc("eth_getBalance", [batcher, "latest"])) as string);
    const sample = `openledger_balance_ether{part="batcher",layer="l1",address="${batcher}"}`;
    expect(value(text, sample)).toBeGreaterThanOrEqual(Number(balance) / 1e18);
    expect(value(text, sample)).toBeLessThan(10_001);
    const positive = [
      'op_node_default_refs_time{layer="l1",type="l1_head"}',
      'openledger_executor_seconds_count{work="sequence"}',
      'openledger_executor_gas_total{work="sequence"}',
      'openledger_batcher_channel_bytes_count{kind="calldata"}',
      'openledger_l1_transactions_total{part="batcher",event="mined"}',
      'openledger_l1_fees_gwei_total{part="batcher"}',
      'openledger_rpc_seconds_count{method="eth_sendRawTransaction",outcome="result"}',
      'openledger_rpc_seconds_count{method="eth_getBlockByNumber",outcome="error"}',
      'openledger_part_state{part="sequencer",state="running"}',
      'openledger_part_state{part="batcher",state="running"}',
      "openledger_derivation_ready",
      "process_resident_memory_bytes",
    ];
    for (const name of positive) expect(value(text, name) ?? -1, name).toBeGreaterThan(0);
    expect(value(text, 'openledger_mempool_transactions{state="pending"}')).toBe(0);
    expect(value(text, 'openledger_part_restarts{part="sequencer"}')).toBe(0);
    // A stranger's method names make no series.
    expect(text).not.toContain("eth_nonsense");
    expect(await (await fetch(`${node.url}/health`)).json()).toMatchObject({
      status: "ok",
      parts: { l1: { state: "running" }, derivation: { restarts: 0 }, batcher: { state: "running" } },
    });
  });

  test("are what Prometheus takes", async ({ skip }) => {
    const check = promisify(execFile);
    const hasTool = await check("promtool", ["--version"]).then(
      () => true,
      () => false,
    );
    if (!hasTool) return skip("promtool is not on this machine");
    const text = await scrape();
    const running = check("promtool", ["check", "metrics"]);
    running.child.stdin?.end(text);
    const { stderr } = await running;
    expect(stderr).toBe("");
  });
});
