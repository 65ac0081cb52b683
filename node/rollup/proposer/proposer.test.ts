import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createPublicClient, http, keccak256, numberToHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ANVIL_KEYS, type Anvil, startAnvil } from "../../../test/harness/anvil.ts";
import { createLogger, silentLogger } from "../../base/logger.ts";
import { l2OutputOracleAbi } from "../../chain/generated/abi.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import { prepareChain } from "../../deploy/chain-files.ts";
import { parseChainPlan } from "../../deploy/plan.ts";
import { createL1Sender } from "../l1/sender.ts";
import { runProposer } from "./proposer.ts";

const addressOf = (index: number) => privateKeyToAccount(ANVIL_KEYS[index]!).address.toLowerCase() as Address;
const rootOf = (number: bigint): Hash => keccak256(numberToHex(number, { size: 32 }));
const INTERVAL = 3n;

describe("the proposer and the stock L2OutputOracle", { timeout: 120_000 }, () => {
  let anvil: Anvil;
  let folder: string;
  let oracle: Address;
  /** What the node says of itself. */
  const node = { isReady: true, safe: 0n, finalized: 0n };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "proposer-"));
    anvil = await startAnvil({ blockTime: 2 });
    const owner = addressOf(0);
    const plan = parseChainPlan({
      devnet: true,
      roles: {
        owner,
        batcher: addressOf(1),
        proposer: addressOf(2),
        challenger: owner,
        sequencer: owner,
        feeRecipient: owner,
      },
      oracle: { submissionInterval: Number(INTERVAL), finalizationPeriod: 12 },
    });
    const options = { folder, l1Url: anvil.url, deployerKey: ANVIL_KEYS[0], plan };
    oracle = (await prepareChain({ ...options, signal: AbortSignal.timeout(100_000) })).deployment.contracts
      .l2OutputOracle;
    // L1's time must be past that of the L2 blocks whose outputs are posted.
    await anvil.mine(10);
  });
  afterAll(async () => {
    await anvil.kill();
    await rm(folder, { recursive: true });
  });

  const final = (number: bigint) => Object.assign(node, { safe: number, finalized: number });
  const propose = (key: number, log: string[] = [], allowNonFinalized = false) => {
    const controller = new AbortController();
    const { signal } = controller;
    const sender = createL1Sender({
      rpc: anvil.rpc,
      privateKey: ANVIL_KEYS[key]!,
      chainId: 900n,
      logger: silentLogger,
      signal,
      pollMs: 50,
    });
    const running = runProposer({
      l2: {
        isReady: () => node.isReady,
        heads: () => ({
          safe: { hash: rootOf(node.safe), number: node.safe },
          finalized: { hash: rootOf(node.finalized), number: node.finalized },
        }),
        outputRoot: async (number) => rootOf(number),
      },
      allowNonFinalized,
      rpc: anvil.rpc,
      sender,
      oracle,
      logger: createLogger({ level: "warn", format: "json", write: (line) => log.push(line) }),
      signal,
      pollMs: 50,
    });
    running.catch(() => undefined);
    const stop = async () => {
      controller.abort();
      await running;
    };
    return { running, stop };
  };
  const client = () => createPublicClient({ transport: http(anvil.url) });
  const latest = () =>
    client().readContract({ address: oracle, abi: l2OutputOracleAbi, functionName: "latestBlockNumber" });

  test("posts nothing of blocks that are only safe, nor of final ones before the chain was checked", async () => {
    const { stop } = propose(2);
    node.safe = INTERVAL * 2n;
    await sleep(1_500);
    Object.assign(node, { isReady: false, finalized: INTERVAL * 2n });
    await sleep(1_500);
    expect(await latest()).toBe(0n);
    await stop();
    Object.assign(node, { isReady: true, safe: 0n, finalized: 0n });
  });

  test("posts each interval's output once it is final, never earlier", async () => {
    const log: string[] = [];
    const { stop } = propose(2, log);
    await sleep(1_500);
    expect(await latest()).toBe(0n);
    final(INTERVAL * 2n + 1n);
    for (let attempt = 0; attempt < 300 && (await latest()) < INTERVAL * 2n; attempt++) await sleep(100);
    await sleep(500);
    await stop();
    expect(await latest()).toBe(INTERVAL * 2n);
    const output = await client().readContract({
      address: oracle,
      abi: l2OutputOracleAbi,
      functionName: "getL2OutputAfter",
      args: [INTERVAL],
    });
    expect(output.outputRoot).toBe(rootOf(INTERVAL));
    expect(log).toEqual([]);
  });

  test("says why the oracle refuses a stranger's proposal, and tries again", async () => {
    final(INTERVAL * 3n);
    const log: string[] = [];
    const { stop } = propose(3, log);
    for (let attempt = 0; attempt < 100 && log.length < 2; attempt++) await sleep(100);
    await stop();
    expect(log[0]).toContain("L1_SEND_FAILED");
    expect(log.length).toBeGreaterThan(1);
    expect(await latest()).toBe(INTERVAL * 2n);
  });

  test("posts a safe block's output where the settings allow it", async () => {
    Object.assign(node, { safe: INTERVAL * 3n, finalized: 0n });
    const { stop } = propose(2, [], true);
    await expect.poll(latest, { timeout: 30_000, interval: 100 }).toBe(INTERVAL * 3n);
    await stop();
  });

  test("ends when there is no oracle at the address", async () => {
    const real = oracle;
    oracle = "0x00000000000000000000000000000000000000aa";
    await expect(propose(2).running).rejects.toMatchObject({ code: "ORACLE_MISSING" });
    oracle = real;
  });
});
