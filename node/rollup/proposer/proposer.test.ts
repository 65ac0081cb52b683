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
  let safe = 0n;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "proposer-"));
    anvil = await startAnvil({ blockTime: 2 });
    const owner = addressOf(0);
    const plan = parseChainPlan({
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

  const propose = (key: number, log: string[] = []) => {
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
      l2: { safeNumber: () => safe, outputRoot: async (number) => rootOf(number) },
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

  test("posts each interval's output once it is safe, never earlier", async () => {
    const log: string[] = [];
    const { stop } = propose(2, log);
    await sleep(1_500);
    expect(await latest()).toBe(0n);
    safe = INTERVAL * 2n + 1n;
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
    safe = INTERVAL * 3n;
    const log: string[] = [];
    const { stop } = propose(3, log);
    for (let attempt = 0; attempt < 100 && log.length < 2; attempt++) await sleep(100);
    await stop();
    expect(log[0]).toContain("L1_SEND_FAILED");
    expect(log.length).toBeGreaterThan(1);
    expect(await latest()).toBe(INTERVAL * 2n);
  });

  test("ends when there is no oracle at the address", async () => {
    const real = oracle;
    oracle = "0x00000000000000000000000000000000000000aa";
    await expect(propose(2).running).rejects.toMatchObject({ code: "ORACLE_MISSING" });
    oracle = real;
  });
});
