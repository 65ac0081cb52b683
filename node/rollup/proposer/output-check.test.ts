import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPublicClient, encodeFunctionData, http, keccak256, numberToHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ANVIL_KEYS, type Anvil, startAnvil } from "../../../test/harness/anvil.ts";
import { CodedError } from "../../base/errors.ts";
import { createLogger, silentLogger } from "../../base/logger.ts";
import { l2OutputOracleAbi } from "../../chain/generated/abi.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import { prepareChain } from "../../deploy/chain-files.ts";
import { parseChainPlan } from "../../deploy/plan.ts";
import { createL1Sender } from "../l1/sender.ts";
import { type OutputReport, runOutputCheck } from "./output-check.ts";

const addressOf = (index: number) => privateKeyToAccount(ANVIL_KEYS[index]!).address.toLowerCase() as Address;
const rootOf = (number: bigint): Hash => keccak256(numberToHex(number, { size: 32 }));
const CHALLENGER = 3;
const POLL = { timeout: 30_000 };

describe("the comparison of outputs", { timeout: 120_000 }, () => {
  let anvil: Anvil;
  let folder: string;
  let oracle: Address;
  const head = { number: 0n, first: 0n, missing: "BLOCK_NOT_FOUND" };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "outputs-"));
    anvil = await startAnvil({ automine: true });
    const owner = addressOf(0);
    const plan = parseChainPlan({
      devnet: true,
      roles: {
        owner,
        batcher: addressOf(1),
        proposer: addressOf(2),
        challenger: addressOf(CHALLENGER),
        sequencer: owner,
        feeRecipient: owner,
      },
      oracle: { submissionInterval: 2, finalizationPeriod: 1_000 },
    });
    const options = { folder, l1Url: anvil.url, deployerKey: ANVIL_KEYS[0], plan };
    oracle = (await prepareChain({ ...options, signal: AbortSignal.timeout(100_000) })).deployment.contracts
      .l2OutputOracle;
    // L1's time must be past that of the L2 blocks whose outputs are posted.
    await anvil.mine(20);
  }, 120_000);
  afterAll(async () => {
    await anvil.kill();
    await rm(folder, { recursive: true });
  });

  const client = () => createPublicClient({ transport: http(anvil.url) });
  const read = (functionName: "nextOutputIndex" | "nextBlockNumber") =>
    client().readContract({ address: oracle, abi: l2OutputOracleAbi, functionName });
  const senderOf = (key: number) =>
    createL1Sender({
      rpc: anvil.rpc,
      privateKey: ANVIL_KEYS[key]!,
      chainId: 900n,
      logger: silentLogger,
      signal: new AbortController().signal,
      pollMs: 50,
    });
  /** As whoever has the proposer's key can. */
  const propose = async (root?: Hash) => {
    const number = await read("nextBlockNumber");
    const data = encodeFunctionData({
      abi: l2OutputOracleAbi,
      functionName: "proposeL2Output",
      args: [root ?? rootOf(number), number, `0x${"00".repeat(32)}`, 0n],
    });
    expect((await senderOf(2).send({ to: oracle, data })).status).toBe(1);
  };
  const watch = (key?: number) => {
    const controller = new AbortController();
    const log: string[] = [];
    const seen: { last?: OutputReport } = {};
    const running = runOutputCheck({
      l2: {
        isReady: () => true,
        heads: () => ({
          safe: { hash: rootOf(0n), number: 1_000n },
          finalized: { hash: rootOf(head.number), number: head.number },
        }),
        outputRoot: async (number) => {
          if (number >= head.first) return rootOf(number);
          throw new CodedError(head.missing, "input", { message: "not here" });
        },
      },
      rpc: anvil.rpc,
      oracle,
      challenger: key === undefined ? undefined : senderOf(key),
      onReport: (report) => {
        seen.last = report;
      },
      logger: createLogger({ level: "warn", format: "json", write: (line) => log.push(line) }),
      signal: controller.signal,
      pollMs: 50,
    });
    const stop = async () => {
      controller.abort();
      await running;
    };
    return { log, seen, stop, running };
  };

  test("agrees with true outputs, and says nothing of blocks that are not final here", async () => {
    await propose();
    await propose(rootOf(99n));
    head.number = 2n;
    const { seen, log, stop } = watch();
    await expect.poll(() => seen.last, POLL).toEqual({ agreed: 2n, wrong: 0n });
    await stop();
    expect(log).toEqual([]);
  });

  test("tells of a false one without the challenger's key", async () => {
    head.number = 4n;
    const { seen, log, stop } = watch();
    await expect.poll(() => seen.last, POLL).toEqual({ agreed: 2n, wrong: 1n });
    await stop();
    expect(await read("nextOutputIndex")).toBe(2n);
    expect(log).toHaveLength(1);
    expect(log[0]).toContain("A false output is proposed on L1");
  });

  test("deletes it and all after it with the key, and goes on", async () => {
    await propose();
    head.number = 10n;
    const { seen, log, stop } = watch(CHALLENGER);
    await expect.poll(() => read("nextOutputIndex"), POLL).toBe(1n);
    await expect.poll(() => seen.last, POLL).toEqual({ agreed: 2n, wrong: 0n });
    await propose();
    await expect.poll(() => seen.last, POLL).toEqual({ agreed: 4n, wrong: 0n });
    await stop();
    expect(log.join("")).toContain("Deleted a false output");
  });

  test("passes over blocks from before the snapshot that the node began with, and of deleted states", async () => {
    for (const missing of ["BLOCK_NOT_FOUND", "STATE_PRUNED"]) {
      Object.assign(head, { first: 4n, missing });
      const { seen, log, stop } = watch();
      await expect.poll(() => seen.last, POLL).toEqual({ agreed: 4n, wrong: 0n });
      await stop();
      head.first = 0n;
      expect(log).toEqual([]);
    }
  });

  test("says why another key deletes nothing, and tries again", async () => {
    await propose(rootOf(98n));
    const { log, stop } = watch(1);
    await expect.poll(() => log.length, POLL).toBeGreaterThan(2);
    await stop();
    expect(log.join("")).toContain("L1_SEND_FAILED");
    expect(await read("nextOutputIndex")).toBe(3n);
  });

  test("ends when there is no oracle at the address", async () => {
    const real = oracle;
    oracle = "0x00000000000000000000000000000000000000aa";
    await expect(watch().running).rejects.toMatchObject({ code: "ORACLE_MISSING" });
    oracle = real;
  });
});
