import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesToHex } from "viem";
import { mnemonicToAccount, privateKeyToAccount } from "viem/accounts";
import { devAccounts, type Role } from "../../devnet/accounts.ts";
import { ensureAgents } from "../../devnet/agents.ts";
import { createAnvil, L1_BLOCK_TIME, MNEMONIC } from "../../devnet/anvil.ts";
import { ensureProtocol, prepareDevnetChain } from "../../devnet/chain.ts";
import { Child } from "../../devnet/child.ts";
import { ensureCircle } from "../../devnet/circle.ts";
import { CliRunner } from "../../devnet/cli-runner.ts";
import { ensureGovernance } from "../../devnet/governance.ts";
import { jsonRpc } from "../../devnet/json-rpc.ts";
import { type Layout, openLayout } from "../../devnet/layout.ts";
import { PARTS_ALONE } from "../../devnet/options.ts";
import { freePort } from "../../devnet/ports.ts";
import type { AgentAddresses } from "../../node/agents/addresses.ts";
import { type ChainClient, connectChain, type ProtocolAddresses } from "../../node/ai/client/chain.ts";
import { devnetPlan, type ProtocolPlan } from "../../node/ai/client/deploy.ts";
import { NODE_FLAGS } from "../../node/base/node-flags.ts";
import { packageRoot } from "../../node/base/paths.ts";
import type { Address, Hex } from "../../node/chain/types/primitives.ts";
import type { CircleAddresses } from "../../node/circle/addresses.ts";
import { type CirclePlan, DEVNET_CIRCLE } from "../../node/circle/plan.ts";
import type { PreparedChain } from "../../node/deploy/chain-files.ts";
import { type GovernanceAddresses, readGovernanceFile } from "../../node/governance/addresses.ts";
import { DEVNET_GOVERNANCE } from "../../node/governance/plan.ts";
import { withSlowL1 } from "../harness/slow-l1.ts";

/** A funded account of L1 that has no role yet. */
const NEXT_BATCHER = 18;
/** Who signs by name in the tests. */
const ACTORS: readonly Role[] = [
  "treasury",
  "governor",
  "council",
  "stan",
  "paula",
  "bruno",
  "alba",
  "rita",
  "vera",
  "edda",
];
const READY_MS = 240_000;
/** Wall seconds for an L1 block while something has to be done in a window. */
const SLOW_S = 6;

/** A devnet of its own without AI: L1, one node, the protocol's contracts and governance. */
export interface Ground {
  l1: ChainClient;
  l2: ChainClient;
  chain: PreparedChain;
  protocol: ProtocolAddresses;
  circle: CircleAddresses;
  agents: AgentAddresses;
  /** As governance.json has it now. */
  at(): GovernanceAddresses;
  cli: CliRunner;
  dev(role: Role): ReturnType<typeof privateKeyToAccount>;
  nextBatcher: Address;
  /** Starts the node again with the key of `nextBatcher`. */
  changeBatcher(): Promise<void>;
  /** The chain's time goes slower while `work` goes on: what has to be done in a window is then. */
  slowly<T>(work: () => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

/** The devnet's plan with windows so short that a change of code waits three minutes only. */
function quickPlan(treasury: Address): ProtocolPlan {
  const plan = devnetPlan(treasury);
  const windows = { claimTimeout: 30, challengeWindow: 8, demandWindow: 8 };
  return {
    ...plan,
    settings: { ...plan.settings, ...windows },
    verification: { ...plan.verification, seedDelay: 1n },
  };
}

/** Panels that are over in three quarters of a minute. */
const QUICK_CIRCLE: CirclePlan = {
  ...DEVNET_CIRCLE,
  ...{ conflictPeriod: 4, drawPeriod: 60, commitPeriod: 20, revealPeriod: 20, exitDelay: 200 },
};

export async function openGround(): Promise<Ground> {
  const root = await mkdtemp(join(tmpdir(), "governance-"));
  const layout = openLayout(join(root, "data"), false);
  const children: Child[] = [];
  const stop = async () => {
    for (const child of children.reverse()) await child.stop();
    await rm(root, { recursive: true, force: true });
  };
  try {
    return await start(layout, children, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(layout: Layout, children: Child[], stop: () => Promise<void>): Promise<Ground> {
  const { signal } = new AbortController();
  const [l1Port, sequencerPort, verifierPort] = [await freePort(), await freePort(), await freePort()];
  const options = { dataDir: layout.root, l1Port, sequencerPort, verifierPort, ...PARTS_ALONE };
  const ignore = () => undefined;
  const files = { stateFile: layout.l1State, logFile: layout.log("l1") };
  const anvil = createAnvil({ port: l1Port, ...files, onRepair: ignore, onDeath: ignore, onRestart: ignore });
  children.push(anvil);
  await anvil.start(signal);
  const chain = await prepareDevnetChain(layout, options, signal);
  const first = nodeOf(layout, chain, l1Port, sequencerPort, devAccounts().batcher.privateKey);
  children.push(first);
  await first.start(signal);
  const protocol = await ensureProtocol(layout, options, ignore, quickPlan);
  const plan = { ...DEVNET_GOVERNANCE, upgradesDelay: 190 };
  const governance = await ensureGovernance(layout, options, protocol, plan);
  const circle = await ensureCircle(layout, options, protocol, governance, QUICK_CIRCLE);
  const agents = await ensureAgents(layout, options, protocol);
  const l1RpcUrl = `http://127.0.0.1:${l1Port}`;
  const rpcUrl = `http://127.0.0.1:${sequencerPort}`;
  const cli = new CliRunner({ dataDir: layout.root, rpcUrl, l1RpcUrl, signal });
  for (const role of ACTORS) await cli.json(["account", "import", role, devAccounts()[role].privateKey]);
  const next = mnemonicToAccount(MNEMONIC, { addressIndex: NEXT_BATCHER });
  const l1 = await connectChain(l1RpcUrl);
  return {
    ...{ chain, protocol, circle, agents, cli, stop, l1, l2: await connectChain(rpcUrl) },
    slowly: (work) => withSlowL1(l1, { pace: L1_BLOCK_TIME, slow: SLOW_S }, work),
    at: () => readGovernanceFile(layout.governance)!,
    dev: (role) => privateKeyToAccount(devAccounts()[role].privateKey),
    nextBatcher: next.address.toLowerCase() as Address,
    async changeBatcher() {
      await first.stop();
      const key = bytesToHex(next.getHdKey().privateKey!);
      const second = nodeOf(layout, chain, l1Port, sequencerPort, key);
      children.push(second);
      await second.start(signal);
    },
  };
}

/** Sequencer, batcher and proposer in one process. */
function nodeOf(layout: Layout, chain: PreparedChain, l1Port: number, port: number, batcherKey: Hex): Child {
  const { contracts } = chain.deployment;
  return new Child({
    name: "node",
    command: process.execPath,
    args: [...NODE_FLAGS, join(packageRoot(), "dist", "node", "main.js"), "node"],
    env: {
      OPENLEDGER_CHAIN_DIR: layout.chain,
      OPENLEDGER_L1_URL: `http://127.0.0.1:${l1Port}`,
      OPENLEDGER_L1_POLL_MS: "250",
      OPENLEDGER_OUTPUT_ORACLE: contracts.l2OutputOracle,
      OPENLEDGER_OPEN_BRIDGE: contracts.openBridge,
      OPENLEDGER_PROPOSER_ALLOW_NON_FINALIZED: "true",
      OPENLEDGER_DATA_DIR: layout.sequencer,
      OPENLEDGER_RPC_PORT: String(port),
      OPENLEDGER_PROTOCOL: layout.protocol,
      OPENLEDGER_WEB: "off",
      OPENLEDGER_SEQUENCER: "true",
      OPENLEDGER_CLOCK: "l1",
      OPENLEDGER_L1_CONFIRMATIONS: "1",
      OPENLEDGER_BATCHER_KEY: batcherKey,
      OPENLEDGER_PROPOSER_KEY: devAccounts().proposer.privateKey,
    },
    logFile: layout.log("sequencer"),
    ready: async (signal) => {
      await jsonRpc(`http://127.0.0.1:${port}`, "eth_chainId", [], signal);
    },
    readyTimeoutMs: READY_MS,
    onDeath: () => undefined,
    onRestart: () => undefined,
  });
}
