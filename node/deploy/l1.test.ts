import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  createPublicClient,
  createWalletClient,
  decodeFunctionData,
  getAddress,
  type Hex,
  http,
  parseEventLogs,
  publicActions,
} from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { foundry } from "viem/chains";
import { getL2Output, getPortalVersion } from "viem/op-stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sleep } from "../base/clock.ts";
import { aliasAddress } from "../chain/codec/deposit.ts";
import { readRollupConfig } from "../chain/config/rollup-config.ts";
import { OPEN_MINTER } from "../chain/constants.ts";
import {
  l1CrossDomainMessengerAbi,
  l2CrossDomainMessengerAbi,
  l2OutputOracleAbi,
  openAbi,
  openBridgeAbi,
  openMinterAbi,
  optimismPortalAbi,
  proxyAdminAbi,
  systemConfigAbi,
} from "../chain/generated/abi.ts";
import type { Address } from "../chain/types/primitives.ts";
import { L2_CROSS_DOMAIN_MESSENGER, MULTICALL3, OPEN_SUPPLY } from "./addresses.ts";
import { type PreparedChain, prepareChain } from "./chain-files.ts";
import { genesisCirculation, parseChainPlan } from "./plan.ts";

const MNEMONIC = "test test test test test test test test test test test junk";

function account(index: number) {
  return mnemonicToAccount(MNEMONIC, { addressIndex: index });
}

function addressOf(index: number): Address {
  return account(index).address.toLowerCase() as Address;
}

function keyOf(index: number): Hex {
  return `0x${Buffer.from(account(index).getHdKey().privateKey!).toString("hex")}`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function startAnvil(): Promise<{ url: string; process: ChildProcess }> {
  const port = await freePort();
  const bin = join(
    dirname(createRequire(import.meta.url).resolve("@foundry-rs/anvil/package.json")),
    "bin.mjs",
  );
  const args = [bin, "--port", String(port), "--chain-id", "900", "--block-time", "1", "--silent"];
  const child = spawn(process.execPath, args, { stdio: "ignore", detached: true });
  const url = `http://127.0.0.1:${port}`;
  const client = createPublicClient({ transport: http(url, { retryCount: 0 }) });
  for (let tries = 0; tries < 100; tries++) {
    if (await client.getChainId().catch(() => undefined)) return { url, process: child };
    await sleep(100);
  }
  throw new Error("anvil did not start");
}

/** The whole group, because npm's launcher starts the program as its child. */
function stop(child: ChildProcess): void {
  process.kill(-child.pid!, "SIGTERM");
}

const plan = parseChainPlan({
  attributionTime: 0,
  roles: {
    owner: addressOf(1),
    batcher: addressOf(2),
    proposer: addressOf(3),
    challenger: addressOf(1),
    sequencer: addressOf(4),
    feeRecipient: addressOf(1),
  },
  prefunds: [{ address: addressOf(5), balance: 10n ** 21n }].map((item) => ({
    ...item,
    balance: item.balance.toString(),
  })),
});

describe("L1 deployment on anvil", () => {
  const folder = mkdtempSync(join(tmpdir(), "openledger-genesis-"));
  let anvil: Awaited<ReturnType<typeof startAnvil>>;
  let chain: PreparedChain;
  const client = () => createPublicClient({ chain: { ...foundry, id: 900 }, transport: http(anvil.url) });
  const walletOf = (index: number) =>
    createWalletClient({
      chain: { ...foundry, id: 900 },
      transport: http(anvil.url),
      account: account(index),
      pollingInterval: 200,
    }).extend(publicActions);

  beforeAll(async () => {
    anvil = await startAnvil();
    chain = await prepareChain({ folder, l1Url: anvil.url, deployerKey: keyOf(0), plan });
  });
  afterAll(() => {
    stop(anvil.process);
    rmSync(folder, { recursive: true, force: true });
  });

  it("wires the contracts and sets the rollup's settings", async () => {
    const { contracts, startBlock } = chain.deployment;
    const systemConfig = { address: contracts.systemConfig, abi: systemConfigAbi } as const;
    const l1 = client();
    expect(await l1.readContract({ ...systemConfig, functionName: "gasLimit" })).toBe(30_000_000n);
    expect(await l1.readContract({ ...systemConfig, functionName: "owner" })).toBe(account(1).address);
    const admin = { address: contracts.proxyAdmin, abi: proxyAdminAbi } as const;
    expect(getAddress(contracts.timelock)).toBe(await l1.readContract({ ...admin, functionName: "owner" }));
    const portal = [contracts.optimismPortal] as const;
    const portalAdmin = await l1.readContract({ ...admin, functionName: "getProxyAdmin", args: portal });
    expect(portalAdmin.toLowerCase()).toBe(contracts.proxyAdmin);
    const signer = await l1.readContract({ ...systemConfig, functionName: "unsafeBlockSigner" });
    expect(signer).toBe(account(4).address);
    const rollup = readRollupConfig(chain.files.rollup);
    expect(rollup.genesis.l1).toEqual({ hash: startBlock.hash, number: startBlock.number });
    const scalar = await l1.readContract({ ...systemConfig, functionName: "scalar" });
    expect(rollup.genesis.systemConfig.scalar).toBe(scalar);
    expect(await l1.getCode({ address: MULTICALL3 })).toHaveLength(2 + 2 * 3808);
  });

  it("serves viem's op-stack reads: portal version and outputs", async () => {
    const { contracts, startBlock } = chain.deployment;
    const portalAddress = contracts.optimismPortal;
    const version = await getPortalVersion(client(), { portalAddress } as never);
    expect([version.major, version.minor]).toEqual([2, 8]);
    const oracle = { address: contracts.l2OutputOracle, abi: l2OutputOracleAbi } as const;
    expect(await client().readContract({ ...oracle, functionName: "startingTimestamp" })).toBe(
      startBlock.timestamp,
    );
    expect(await client().readContract({ ...oracle, functionName: "nextBlockNumber" })).toBe(10n);
    const missing = getL2Output(client(), {
      l2BlockNumber: 10n,
      l2OutputOracleAddress: contracts.l2OutputOracle,
      portalAddress,
    } as never);
    await expect(missing).rejects.toThrow(/Output|output/);
  });

  it("locks the prefunds and gives the rest of OPEN to the owner", async () => {
    const { contracts, prefundsLocked } = chain.deployment;
    const open = { address: contracts.open, abi: openAbi } as const;
    const balanceOf = (address: Address) =>
      client().readContract({ ...open, functionName: "balanceOf", args: [address] });
    const escrow = { address: contracts.openBridge, abi: openBridgeAbi, functionName: "escrow" } as const;
    expect(prefundsLocked).toBe(10n ** 21n + 256n);
    expect(await client().readContract(escrow)).toBe(prefundsLocked);
    expect(await balanceOf(contracts.openBridge)).toBe(prefundsLocked);
    expect(await balanceOf(addressOf(1))).toBe(OPEN_SUPPLY - prefundsLocked);
  });

  it("refuses ether: at the portal, at the messenger; and OPEN at the portal", async () => {
    const { contracts } = chain.deployment;
    const user = walletOf(6);
    const portal = {
      address: contracts.optimismPortal,
      abi: optimismPortalAbi,
      account: account(6),
    } as const;
    await expect(
      user.estimateGas({ account: account(6), to: contracts.optimismPortal, value: 1n }),
    ).rejects.toThrow(/0xb221f18b|NoValue|revert/i);
    const deposit = [addressOf(6), 0n, 100_000n, false, "0x"] as const;
    await expect(
      user.simulateContract({ ...portal, functionName: "depositTransaction", args: deposit, value: 1n }),
    ).rejects.toThrow(/NoValue/);
    await expect(
      user.simulateContract({
        address: contracts.l1CrossDomainMessenger,
        abi: l1CrossDomainMessengerAbi,
        functionName: "sendMessage",
        args: [addressOf(6), "0x", 100_000],
        account: account(6),
        value: 1n,
      }),
    ).rejects.toThrow(/cannot send value with custom gas token/);
    await expect(
      user.simulateContract({
        ...portal,
        functionName: "depositERC20Transaction",
        args: [addressOf(6), 0n, 0n, 100_000n, false, "0x"],
      }),
    ).rejects.toThrow(/revert/);
    await expect(
      user.simulateContract({ ...portal, functionName: "depositTransaction", args: deposit }),
    ).resolves.toBeDefined();
  });

  it("sends an OPEN deposit as a message that mints on L2, and counts it into the escrow", async () => {
    const { contracts } = chain.deployment;
    const owner = walletOf(1);
    const amount = 7n * 10n ** 18n;
    const approve = { address: contracts.open, abi: openAbi, functionName: "approve" } as const;
    const approval = await owner.writeContract({ ...approve, args: [contracts.openBridge, amount] });
    await owner.waitForTransactionReceipt({ hash: approval });
    const hash = await owner.writeContract({
      address: contracts.openBridge,
      abi: openBridgeAbi,
      functionName: "deposit",
      args: [addressOf(7), amount],
    });
    const receipt = await owner.waitForTransactionReceipt({ hash });
    const logs = parseEventLogs({
      abi: optimismPortalAbi,
      logs: receipt.logs,
      eventName: "TransactionDeposited",
    });
    expect(logs).toHaveLength(1);
    const { from, to, opaqueData } = logs[0]!.args;
    expect(from.toLowerCase()).toBe(aliasAddress(contracts.l1CrossDomainMessenger));
    expect(to).toBe(L2_CROSS_DOMAIN_MESSENGER);
    // mint u256 and value u256 are 0; gas u64, isCreation u8, then the calldata.
    expect(BigInt(opaqueData.slice(0, 130))).toBe(0n);
    const relay = decodeFunctionData({ abi: l2CrossDomainMessengerAbi, data: `0x${opaqueData.slice(148)}` });
    expect(relay.functionName).toBe("relayMessage");
    const [, sender, target, value, , message] = relay.args as readonly [
      bigint,
      Hex,
      Hex,
      bigint,
      bigint,
      Hex,
    ];
    expect([sender.toLowerCase(), target.toLowerCase(), value]).toEqual([
      contracts.openBridge,
      OPEN_MINTER,
      0n,
    ]);
    expect(decodeFunctionData({ abi: openMinterAbi, data: message }).args).toEqual([
      account(1).address,
      account(7).address,
      amount,
    ]);
    const escrow = { address: contracts.openBridge, abi: openBridgeAbi, functionName: "escrow" } as const;
    expect(await owner.readContract(escrow)).toBe(genesisCirculation(plan) + amount);
  });

  it("finds the chain again, makes lost genesis files anew, and notices a foreign L1", async () => {
    const options = { folder, l1Url: anvil.url, deployerKey: keyOf(0), plan };
    const nonce = await client().getTransactionCount({ address: addressOf(0) });
    const before = readFileSync(chain.files.genesis);
    rmSync(chain.files.genesis);
    const again = await prepareChain(options);
    expect(again.deployment).toEqual(chain.deployment);
    expect(readFileSync(chain.files.genesis).equals(before)).toBe(true);
    expect(await client().getTransactionCount({ address: addressOf(0) })).toBe(nonce);

    const other = await startAnvil();
    try {
      await expect(prepareChain({ ...options, l1Url: other.url })).rejects.toMatchObject({
        code: "L1_DEPLOYMENT_LOST",
      });
    } finally {
      stop(other.process);
    }
    writeFileSync(chain.files.deployment, "{");
    await expect(prepareChain(options)).rejects.toMatchObject({ code: "CONFIG_FILE_UNREADABLE" });
    writeFileSync(chain.files.deployment, "{}");
    await expect(prepareChain(options)).rejects.toMatchObject({ code: "DEPLOYMENT_INVALID" });
  });

  it("says when nobody answers and when the deployer has no ether", async () => {
    const port = await freePort();
    const options = {
      folder: join(folder, "none"),
      l1Url: `http://127.0.0.1:${port}`,
      deployerKey: keyOf(0),
      plan,
    };
    await expect(prepareChain(options)).rejects.toMatchObject({ code: "L1_UNAVAILABLE" });
    const poor = { ...options, l1Url: anvil.url, deployerKey: `0x${"42".repeat(32)}` as Hex };
    await expect(prepareChain(poor)).rejects.toMatchObject({ code: "L1_DEPLOY_FAILED" });
  });
});
