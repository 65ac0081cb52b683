import { existsSync } from "node:fs";
import { join } from "node:path";
import { privateKeyToAccount } from "viem/accounts";
import { connectChain, type ProtocolAddresses } from "../node/ai/client/chain.ts";
import { deployProtocol, devnetPlan } from "../node/ai/client/deploy.ts";
import { readProtocolFile } from "../node/app/protocol-file.ts";
import { NODE_FLAGS } from "../node/base/node-flags.ts";
import { packageRoot } from "../node/base/paths.ts";
import { startProgress } from "../node/base/progress.ts";
import { ownArtifact } from "../node/deploy/artifacts.ts";
import { type PreparedChain, prepareChain } from "../node/deploy/chain-files.ts";
import { parseChainPlan } from "../node/deploy/plan.ts";
import { devAccounts, PREFUND } from "./accounts.ts";
import { Child } from "./child.ts";
import { jsonRpc } from "./json-rpc.ts";
import { type Layout, writeJson } from "./layout.ts";
import type { DevnetOptions } from "./options.ts";

const NODE_READY_MS = 120_000;

/** Deploys the chain's contracts on L1 and writes its files, or finds both. */
export async function prepareDevnetChain(
  layout: Layout,
  options: DevnetOptions,
  signal: AbortSignal,
): Promise<PreparedChain> {
  const { treasury, batcher, proposer, ...others } = devAccounts();
  const plan = parseChainPlan({
    attributionTime: options.stock ? undefined : 0,
    roles: {
      owner: treasury.address,
      batcher: batcher.address,
      proposer: proposer.address,
      challenger: treasury.address,
      sequencer: treasury.address,
      feeRecipient: treasury.address,
    },
    prefunds: [treasury, ...Object.values(others)].map(({ address }) => ({
      address,
      balance: PREFUND.toString(),
    })),
    // Output roots are posted by the block, so that a short run sees some.
    oracle: { submissionInterval: 10, finalizationPeriod: 12 },
  });
  const progress = startProgress({ label: "L1 contracts", unit: "transactions" });
  const prepared = await prepareChain({
    folder: layout.chain,
    l1Url: `http://127.0.0.1:${options.l1Port}`,
    deployerKey: treasury.privateKey,
    plan,
    signal,
    onProgress: (done, total) => progress.update(done, `of ${total}`),
  });
  progress.finish();
  return prepared;
}

/** The two nodes as child processes; neither is started yet. */
export function createNodes(
  layout: Layout,
  options: DevnetOptions,
  chain: PreparedChain,
  events: { onDeath: (name: string, status: string) => void; onRestart: (name: string) => void },
): { sequencer: Child; verifier: Child } {
  const { batcher, proposer, host, watcher } = devAccounts();
  const shared = {
    OPENLEDGER_CHAIN_DIR: layout.chain,
    OPENLEDGER_L1_URL: `http://127.0.0.1:${options.l1Port}`,
    OPENLEDGER_L1_POLL_MS: "250",
  };
  const protocol: Record<string, string> = options.stock ? {} : { OPENLEDGER_PROTOCOL: layout.protocol };
  const node = (name: "sequencer" | "verifier", port: number, env: Record<string, string>) =>
    new Child({
      name: `${name} node`,
      command: process.execPath,
      args: [...NODE_FLAGS, join(packageRoot(), "dist", "node", "main.js"), "node"],
      env: { ...shared, ...env, OPENLEDGER_DATA_DIR: layout[name], OPENLEDGER_RPC_PORT: String(port) },
      logFile: layout.log(name),
      ready: async (signal) => {
        await jsonRpc(`http://127.0.0.1:${port}`, "eth_chainId", [], signal);
      },
      readyTimeoutMs: NODE_READY_MS,
      onDeath: (status) => events.onDeath(`${name} node`, status),
      onRestart: () => events.onRestart(`${name} node`),
    });
  return {
    sequencer: node("sequencer", options.sequencerPort, {
      OPENLEDGER_SEQUENCER: "true",
      OPENLEDGER_CLOCK: "l1",
      OPENLEDGER_L1_CONFIRMATIONS: "1",
      OPENLEDGER_BATCHER_KEY: batcher.privateKey,
      OPENLEDGER_PROPOSER_KEY: proposer.privateKey,
      OPENLEDGER_PROPOSER_ALLOW_NON_FINALIZED: "true",
      OPENLEDGER_OUTPUT_ORACLE: chain.deployment.contracts.l2OutputOracle,
      ...(options.stock ? {} : { ...protocol, OPENLEDGER_HOST_KEY: host.privateKey }),
    }),
    verifier: node("verifier", options.verifierPort, {
      OPENLEDGER_SEQUENCER_URL: `http://127.0.0.1:${options.sequencerPort}`,
      ...(options.stock ? {} : { ...protocol, OPENLEDGER_WATCHER_KEY: watcher.privateKey }),
    }),
  };
}

/** Deploys the protocol's contracts on L2 once; their addresses go where the nodes look for them. */
export async function ensureProtocol(layout: Layout, options: DevnetOptions): Promise<ProtocolAddresses> {
  if (existsSync(layout.protocol)) return readProtocolFile(layout.protocol);
  const { governor } = devAccounts();
  const progress = startProgress({ label: "protocol contracts" });
  const client = await connectChain(`http://127.0.0.1:${options.sequencerPort}`);
  const addresses = await deployProtocol(
    client,
    privateKeyToAccount(governor.privateKey),
    devnetPlan(governor.address),
    (contract) => {
      progress.update(0, contract);
      return ownArtifact(contract).bytecode;
    },
  );
  writeJson(layout.protocol, addresses);
  progress.finish();
  return addresses;
}
