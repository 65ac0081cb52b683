import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPublicClient, createWalletClient, defineChain, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { getWithdrawals, publicActionsL1, publicActionsL2, walletActionsL1 } from "viem/op-stack";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OPEN_MINTER } from "../../node/chain/constants.ts";
import { l2OutputOracleAbi, openAbi, openBridgeAbi, openMinterAbi } from "../../node/chain/generated/abi.ts";
import type { Address } from "../../node/chain/types/primitives.ts";
import { type PreparedChain, prepareChain } from "../../node/deploy/chain-files.ts";
import { parseChainPlan } from "../../node/deploy/plan.ts";
import { openledger } from "../e2e/program.ts";
import { ANVIL_KEYS, type Anvil, startAnvil } from "../harness/anvil.ts";
import { type NodeProcess, startNodeProcess } from "../harness/node-process.ts";

const [owner, batcher, proposer, user] = ANVIL_KEYS.map((key) => privateKeyToAccount(key));
const low = (address: string) => address.toLowerCase() as Address;
const AMOUNT = 3n * 10n ** 18n;

/** A chain on an anvil whose blocks are final after two more, with a node that sequences, batches and proposes. */
describe("OPEN home to L1 by nothing but viem", { timeout: 400_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "home-"));
  const chainDir = join(folder, "chain");
  let anvil: Anvil;
  let chain: PreparedChain;
  let node: NodeProcess;

  beforeAll(async () => {
    anvil = await startAnvil({ blockTime: 1, extra: ["--slots-in-an-epoch", "1"] });
    const plan = parseChainPlan({
      devnet: true,
      roles: {
        owner: low(owner!.address),
        batcher: low(batcher!.address),
        proposer: low(proposer!.address),
        challenger: low(owner!.address),
        sequencer: low(owner!.address),
        feeRecipient: low(owner!.address),
      },
      prefunds: [{ address: low(user!.address), balance: (10n * AMOUNT).toString() }],
      oracle: { submissionInterval: 2, finalizationPeriod: 3 },
      blockTime: 1,
      upgradeDelay: 1,
    });
    chain = await prepareChain({ folder: chainDir, l1Url: anvil.url, deployerKey: ANVIL_KEYS[0], plan });
    const { l2OutputOracle, openBridge } = chain.deployment.contracts;
    node = await startNodeProcess({
      dataDir: join(folder, "node"),
      chainDir,
      l1Url: anvil.url,
      l1PollMs: 200,
      sequencer: "true",
      l1Confirmations: 0,
      batcherKey: ANVIL_KEYS[1],
      batcherChannelBlocks: 1,
      proposerKey: ANVIL_KEYS[2],
      challengerKey: ANVIL_KEYS[0],
      outputOracle: l2OutputOracle,
      openBridge,
    });
  }, 400_000);
  afterAll(async () => {
    await node?.stop();
    await anvil.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  test("from the receipt on L2 over proof and finalization to the OPEN on L1", async () => {
    const { contracts } = chain.deployment;
    const l1Chain = defineChain({
      id: 900,
      name: "L1",
      nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
      rpcUrls: { default: { http: [anvil.url] } },
      contracts: { multicall3: { address: contracts.multicall3 } },
    });
    const l2Chain = defineChain({
      id: 901,
      name: "L2",
      nativeCurrency: { name: "OPEN", symbol: "OPEN", decimals: 18 },
      rpcUrls: { default: { http: [node.url] } },
      sourceId: 900,
      contracts: {
        portal: { 900: { address: contracts.optimismPortal } },
        l2OutputOracle: { 900: { address: contracts.l2OutputOracle } },
      },
    });
    const account = user!;
    const l1 = createPublicClient({ chain: l1Chain, transport: http(), pollingInterval: 200 }).extend(
      publicActionsL1(),
    );
    const l1Wallet = createWalletClient({ account, chain: l1Chain, transport: http() }).extend(
      walletActionsL1(),
    );
    const l2 = createPublicClient({ chain: l2Chain, transport: http(), pollingInterval: 200 }).extend(
      publicActionsL2(),
    );
    const l2Wallet = createWalletClient({ account, chain: l2Chain, transport: http() });
    const home = "0x000000000000000000000000000000000000a11c" as const;
    const openOf = () =>
      l1.readContract({ address: contracts.open, abi: openAbi, functionName: "balanceOf", args: [home] });
    const bridge = { address: contracts.openBridge, abi: openBridgeAbi } as const;
    const escrow = await l1.readContract({ ...bridge, functionName: "escrow" });

    const burn = { address: OPEN_MINTER, abi: openMinterAbi, functionName: "withdraw" } as const;
    const started = await l2Wallet.writeContract({ ...burn, args: [home], value: AMOUNT });
    const receipt = await l2.waitForTransactionReceipt({ hash: started });
    expect(getWithdrawals(receipt)).toHaveLength(1);

    const targetChain = l2Chain;
    // viem asks the oracle for its newest output, and a new chain has none.
    const oracle = { address: contracts.l2OutputOracle, abi: l2OutputOracleAbi } as const;
    const outputs = () => l1.readContract({ ...oracle, functionName: "nextOutputIndex" });
    await expect.poll(outputs, { timeout: 120_000, interval: 500 }).toBeGreaterThan(0n);
    const { output, withdrawal } = await l1.waitToProve({ receipt, targetChain });
    const proof = await l2.buildProveWithdrawal({ output, withdrawal });
    const proved = await l1Wallet.proveWithdrawal(proof);
    expect((await l1.waitForTransactionReceipt({ hash: proved })).status).toBe("success");
    // The period is not over.
    await expect(l1Wallet.finalizeWithdrawal({ targetChain, withdrawal })).rejects.toThrow(/period/);
    expect(await openOf()).toBe(0n);

    await l1.waitToFinalize({ withdrawalHash: withdrawal.withdrawalHash, targetChain });
    const finalized = await l1Wallet.finalizeWithdrawal({ targetChain, withdrawal });
    expect((await l1.waitForTransactionReceipt({ hash: finalized })).status).toBe("success");
    expect(await l1.getWithdrawalStatus({ receipt, targetChain })).toBe("finalized");
    expect(await openOf()).toBe(AMOUNT);
    expect(await l1.readContract({ ...bridge, functionName: "escrow" })).toBe(escrow - AMOUNT);
    expect(await l1.readContract({ ...bridge, functionName: "released" })).toBe(AMOUNT);

    await expect(l1Wallet.finalizeWithdrawal({ targetChain, withdrawal })).rejects.toThrow(/already/);
    expect(await openOf()).toBe(AMOUNT);
  });

  test("the command line does it step by step, each one again where it was too early", async () => {
    const shared = ["--data-dir", folder, "--rpc", node.url, "--l1-rpc", anvil.url, "--json"];
    const run = (...args: string[]) => openledger(["account", ...args, ...shared, "--key", ANVIL_KEYS[3]]);
    const done = async (...args: string[]) => {
      const { status, stdout, stderr } = await run(...args);
      expect(status, stderr).toBe(0);
      return JSON.parse(stdout) as { transaction: string; state: string; next?: string };
    };
    const to = "0x000000000000000000000000000000000000b0b0";
    const started = await done("withdraw", "1.5", "--to", to);
    expect(started.next).toContain(`openledger account prove ${started.transaction}`);
    const early = await run("finalize", started.transaction);
    expect(early.status).not.toBe(0);
    expect(early.stderr).toContain("WITHDRAWAL_EARLY");
    // Without the hash: the account's own withdrawal that is at this step.
    const proved = await done("prove", "--wait");
    expect(proved.next).toContain("openledger account finalize");
    const home = await done("finalize", started.transaction, "--wait");
    expect(home).toMatchObject({ state: "home", transaction: started.transaction });
    const again = await run("finalize", started.transaction);
    expect(again.stderr).toContain("WITHDRAWAL_EARLY");
    const list = (await done("withdrawals", user!.address)) as unknown as { state: string }[];
    expect(list.map(({ state }) => state)).toEqual(["home", "home"]);
  });

  test("a deposit that L1 refuses says why", async () => {
    const shared = ["--data-dir", folder, "--rpc", node.url, "--l1-rpc", anvil.url, "--json"];
    const { status, stderr } = await openledger([
      "account",
      "deposit",
      user!.address,
      "1000000000",
      ...shared,
      "--key",
      ANVIL_KEYS[3],
    ]);
    expect(status).not.toBe(0);
    expect(stderr).toContain("L1_TRANSACTION_FAILED");
    expect(stderr).toContain("ERC20InsufficientBalance");
  });

  test("the node agrees with its outputs and finds the bridge's books in order", async () => {
    const value = async (name: string) => {
      const text = await (await fetch(`${node.url}/metrics`)).text();
      return Number(new RegExp(`^${name} (.*)$`, "m").exec(text)?.[1]);
    };
    await expect.poll(() => value("openledger_output_agreed_block"), { timeout: 30_000 }).toBeGreaterThan(0);
    expect(await value("openledger_outputs_false")).toBe(0);
    // Each side of the books is as new as the head that it was read at.
    const books = async () => {
      const names = ["circulating", "escrow", "pending", "uncovered"];
      return Promise.all(names.map((what) => value(`openledger_bridge_open\\{what="${what}"\\}`)));
    };
    await expect.poll(books, { timeout: 60_000, interval: 500 }).toEqual([25.5, 25.5, 0, 0]);
  });
});
