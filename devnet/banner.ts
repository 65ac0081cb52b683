import type { ProtocolAddresses } from "../node/ai/client/chain.ts";
import type { PreparedChain } from "../node/deploy/chain-files.ts";
import { INFLUENCE_VERIFIER_ADDRESS, REWARD_SPLITTER_ADDRESS } from "../precompiles/addresses.ts";
import { devAccounts } from "./accounts.ts";
import { L1_CHAIN_ID } from "./anvil.ts";
import type { DevnetOptions } from "./options.ts";

/** devnet.json: the banner for programs. */
export interface DevnetDescription {
  l1: {
    chainId: number;
    rpc: string;
    pid: number | undefined;
    contracts: PreparedChain["deployment"]["contracts"];
  };
  l2: { chainId: number; protocol: ProtocolAddresses | undefined; precompiles: Record<string, string> };
  nodes: { name: string; rpc: string; ws: string; pid: number | undefined; dataDir: string }[];
  /** Address of the pages; undefined without them. */
  web: string | undefined;
  accounts: { name: string; purpose: string; address: string; privateKey: string }[];
  dataDir: string;
  pid: number;
}

export const L2_CHAIN_ID = 901;

export function describeDevnet(
  options: DevnetOptions,
  chain: PreparedChain,
  protocol: ProtocolAddresses | undefined,
  pids: { l1?: number; sequencer?: number; verifier?: number },
  folders: { sequencer: string; verifier: string },
): DevnetDescription {
  const node = (name: "sequencer" | "verifier", port: number) => ({
    name,
    rpc: `http://127.0.0.1:${port}`,
    ws: `ws://127.0.0.1:${port}`,
    pid: pids[name],
    dataDir: folders[name],
  });
  return {
    l1: {
      chainId: L1_CHAIN_ID,
      rpc: `http://127.0.0.1:${options.l1Port}`,
      pid: pids.l1,
      contracts: chain.deployment.contracts,
    },
    l2: {
      chainId: L2_CHAIN_ID,
      protocol,
      precompiles: options.stock
        ? {}
        : { influenceVerifier: INFLUENCE_VERIFIER_ADDRESS, rewardSplitter: REWARD_SPLITTER_ADDRESS },
    },
    nodes: [node("sequencer", options.sequencerPort), node("verifier", options.verifierPort)],
    web: options.webPort === undefined ? undefined : `http://127.0.0.1:${options.webPort}/`,
    accounts: Object.values(devAccounts()),
    dataDir: options.dataDir,
    pid: process.pid,
  };
}

export function bannerLines(devnet: DevnetDescription): string[] {
  const table = (entries: Record<string, string>) =>
    Object.entries(entries).map(([name, value]) => `  ${name.padEnd(24)} ${value}`);
  return [
    "",
    "OpenLedger devnet",
    "",
    "Accounts (public test keys: never send them anything of value)",
    ...devnet.accounts.map(
      ({ name, address, privateKey }) => `  ${name.padEnd(9)} ${address}  ${privateKey}`,
    ),
    "",
    "Contracts on L1",
    ...table(devnet.l1.contracts),
    ...(devnet.l2.protocol ? ["", "Contracts on L2", ...table({ ...devnet.l2.protocol })] : []),
    ...(Object.keys(devnet.l2.precompiles).length > 0
      ? ["", "Precompiles", ...table(devnet.l2.precompiles)]
      : []),
    "",
    `L1         ${devnet.l1.rpc}  chain ${devnet.l1.chainId}  pid ${devnet.l1.pid}`,
    ...devnet.nodes.map(
      ({ name, rpc, ws, pid }) => `${name.padEnd(10)} ${rpc}  ${ws}  chain ${devnet.l2.chainId}  pid ${pid}`,
    ),
    ...webLines(devnet),
    `data       ${devnet.dataDir} (kept; --reset begins anew, then clear the activity tab of your wallet)`,
    "",
    "Ctrl-C stops all of it; the next start goes on where it stopped.",
    "",
  ];
}

/** Where a person without a terminal goes on. */
export function webLines({ web }: Pick<DevnetDescription, "web">): string[] {
  return web === undefined ? [] : [`web        ${web}`];
}
