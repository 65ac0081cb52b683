import { existsSync } from "node:fs";
import { join } from "node:path";
import { privateKeyToAccount } from "viem/accounts";
import { fillAudits } from "../node/ai/client/audits.ts";
import { connectChain, type ProtocolAddresses } from "../node/ai/client/chain.ts";
import { deployProtocol, devnetPlan, type ProtocolPlan } from "../node/ai/client/deploy.ts";
import { readProtocolFile } from "../node/app/protocol-file.ts";
import { NODE_FLAGS } from "../node/base/node-flags.ts";
import { packageRoot } from "../node/base/paths.ts";
import { startProgress } from "../node/base/progress.ts";
import type { Address } from "../node/chain/types/primitives.ts";
import { ownArtifact } from "../node/deploy/artifacts.ts";
import { type PreparedChain, prepareChain } from "../node/deploy/chain-files.ts";
import { type ChainPlanInput, parseChainPlan } from "../node/deploy/plan.ts";
import { devAccounts, PREFUND } from "./accounts.ts";
import { Child } from "./child.ts";
import { jsonRpc } from "./json-rpc.ts";
import { type Layout, writeJson } from "./layout.ts";
import type { DevnetOptions } from "./options.ts";

/** Free, and no secret: a devnet is for trying. */
const DEVNET_API_KEY = "sk-devnet";
const NODE_READY_MS = 120_000;
/** What panels of audits are paid from at first, in wei: of claims, and of epochs. */
const AUDIT_FUND = 100n * 10n ** 18n;

/**
 * Deploys the chain's contracts on L1 and writes its files, or finds both.
 * @param other what is planned otherwise than on a devnet.
 */
export async function prepareDevnetChain(
  layout: Layout,
  options: DevnetOptions,
  signal: AbortSignal,
  other: Partial<ChainPlanInput> = {},
): Promise<PreparedChain> {
  const { treasury, batcher, proposer, ...others } = devAccounts();
  const plan = parseChainPlan({
    devnet: true,
    ...(options.stock ? {} : { attributionTime: 0, spanVerifierTime: 0 }),
    roles: {
      owner: treasury.address,
      council: others.council.address,
      batcher: batcher.address,
      proposer: proposer.address,
      challenger: others.council.address,
      sequencer: treasury.address,
      feeRecipient: treasury.address,
    },
    prefunds: [treasury, ...Object.values(others)].map(({ address }) => ({
      address,
      balance: PREFUND.toString(),
    })),
    // Output roots are posted by the block, so that a short run sees some.
    oracle: { submissionInterval: 10, finalizationPeriod: 12 },
    upgradeDelay: 12,
    ...other,
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
  const { batcher, proposer, council, host, watcher } = devAccounts();
  const shared = {
    OPENLEDGER_CHAIN_DIR: layout.chain,
    OPENLEDGER_L1_URL: `http://127.0.0.1:${options.l1Port}`,
    OPENLEDGER_L1_POLL_MS: "250",
    OPENLEDGER_OUTPUT_ORACLE: chain.deployment.contracts.l2OutputOracle,
    OPENLEDGER_OPEN_BRIDGE: chain.deployment.contracts.openBridge,
    // Anvil's blocks are final later than its outputs.
    OPENLEDGER_PROPOSER_ALLOW_NON_FINALIZED: "true",
    // Pages that are being made are served from anywhere; the keys here are public.
    OPENLEDGER_RPC_CORS: "*",
    // For explorers: transactions by address.
    OPENLEDGER_ADDRESS_INDEX: "true",
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
      ...webSettings(layout, options),
      OPENLEDGER_SEQUENCER: "true",
      OPENLEDGER_CLOCK: "l1",
      OPENLEDGER_OPERATOR_ACCOUNTS: "any",
      OPENLEDGER_L1_CONFIRMATIONS: "1",
      OPENLEDGER_BATCHER_KEY: batcher.privateKey,
      OPENLEDGER_PROPOSER_KEY: proposer.privateKey,
      ...(options.stock
        ? {}
        : {
            ...protocol,
            OPENLEDGER_HOST_KEY: host.privateKey,
            // Nobody waits an hour for a devnet's epoch.
            OPENLEDGER_HOST_EPOCH_SECONDS: "60",
            OPENLEDGER_OPENAI_KEYS: DEVNET_API_KEY,
            OPENLEDGER_OPENAI_ACCOUNTS: "any",
            OPENLEDGER_WEB_FREE_KEY: DEVNET_API_KEY,
            OPENLEDGER_FACTORY_ACCOUNTS: "any",
          }),
    }),
    verifier: node("verifier", options.verifierPort, {
      OPENLEDGER_WEB: "off",
      OPENLEDGER_SEQUENCER_URL: `http://127.0.0.1:${options.sequencerPort}`,
      // The plan's challenger.
      OPENLEDGER_CHALLENGER_KEY: council.privateKey,
      ...(options.stock ? {} : { ...protocol, OPENLEDGER_WATCHER_KEY: watcher.privateKey }),
    }),
  };
}

/** Pages with the devnet's accounts, whose keys are public, to sign with. */
function webSettings(layout: Layout, { webPort, l1Port }: DevnetOptions): Record<string, string> {
  if (webPort === undefined) return { OPENLEDGER_WEB: "off" };
  writeJson(layout.webAccounts, Object.values(devAccounts()));
  return {
    OPENLEDGER_WEB: "on",
    OPENLEDGER_WEB_PORT: String(webPort),
    OPENLEDGER_WEB_L1_URL: `http://127.0.0.1:${l1Port}`,
    OPENLEDGER_WEB_ACCOUNTS: layout.webAccounts,
    // Where the command line leaves them.
    OPENLEDGER_WEB_REPORTS: join(layout.root, "attribution"),
  };
}

/** Deploys the protocol's contracts on L2 once; their addresses go where the nodes look for them. */
export async function ensureProtocol(
  layout: Layout,
  options: DevnetOptions,
  say: (line: string) => void,
  planOf: (treasury: Address) => ProtocolPlan = devnetPlan,
): Promise<ProtocolAddresses> {
  if (existsSync(layout.protocol)) return readProtocolFile(layout.protocol);
  const { governor } = devAccounts();
  const progress = startProgress({ label: "protocol contracts" });
  const client = await connectChain(`http://127.0.0.1:${options.sequencerPort}`);
  const plan = planOf(governor.address);
  const { seedDelay } = plan.verification;
  say(
    `draws use the L1 block ${seedDelay} after the current origin: a live chain waits for its sequencing window and one`,
  );
  const account = privateKeyToAccount(governor.privateKey);
  const addresses = await deployProtocol(client, account, plan, (contract) => {
    progress.update(0, contract);
    return ownArtifact(contract).bytecode;
  });
  for (const audits of [addresses.audits, addresses.epochAudits])
    await fillAudits(client, { audits }, account, AUDIT_FUND);
  writeJson(layout.protocol, addresses);
  progress.finish();
  return addresses;
}
