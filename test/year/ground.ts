import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { privateKeyToAccount } from "viem/accounts";
import { devAccounts, type Role } from "../../devnet/accounts.ts";
import { ensureAgents } from "../../devnet/agents.ts";
import { createNodes, ensureProtocol, prepareDevnetChain } from "../../devnet/chain.ts";
import type { Child } from "../../devnet/child.ts";
import { ensureCircle } from "../../devnet/circle.ts";
import { CliRunner } from "../../devnet/cli-runner.ts";
import { ensureGovernance } from "../../devnet/governance.ts";
import { Journal } from "../../devnet/journal.ts";
import { type Layout, openLayout } from "../../devnet/layout.ts";
import { PARTS_ALONE } from "../../devnet/options.ts";
import { freePort } from "../../devnet/ports.ts";
import { verifierDaemon } from "../../devnet/verifier.ts";
import type { AgentAddresses } from "../../node/agents/addresses.ts";
import { type ChainClient, connectChain, type ProtocolAddresses } from "../../node/ai/client/chain.ts";
import { rpcSink } from "../../node/ai/client/content.ts";
import { uploadsOf } from "../../node/ai/content/upload-order.ts";
import type { CircleAddresses } from "../../node/circle/addresses.ts";
import type { PreparedChain } from "../../node/deploy/chain-files.ts";
import type { GovernanceAddresses } from "../../node/governance/addresses.ts";
import { type Anvil, startAnvil } from "../harness/anvil.ts";
import { Calendar } from "./calendar.ts";
import { AGENTS, CHAIN, CIRCLE, GOVERNANCE, protocolPlan } from "./plans.ts";

export const OPEN = 10n ** 18n;
/** Who signs by name. */
const ACTORS: readonly Role[] = [
  ...(["treasury", "governor", "host", "olga", "rita"] as const),
  ...(["stan", "paula", "alba", "edda", "vera"] as const),
];
/** L1's first second: the first of January 2026. */
const GENESIS_S = Date.UTC(2026, 0, 1) / 1_000;

/** A chain with all its contracts, two nodes, and a calendar that moves it. */
export interface Ground {
  calendar: Calendar;
  l1: ChainClient;
  client: ChainClient;
  second: ChainClient;
  chain: PreparedChain;
  at: ProtocolAddresses;
  governance: GovernanceAddresses;
  circle: CircleAddresses;
  agents: AgentAddresses;
  cli: CliRunner;
  layout: Layout;
  journal: Journal;
  sink: ReturnType<typeof rpcSink>;
  dev(role: Role): ReturnType<typeof privateKeyToAccount>;
  say(line: string): void;
  /** Ends the second node, so that its database can be read. */
  stopSecond(): Promise<void>;
  /** Ends the commands that run, where it is aborted. */
  signal: AbortSignal;
  stop(): Promise<void>;
}

/** Starts everything in a temporary folder. @param signal ends the commands that run. */
export async function openGround(say: (line: string) => void, signal: AbortSignal): Promise<Ground> {
  const root = await mkdtemp(join(tmpdir(), "year-"));
  const layout = openLayout(join(root, "data"), false);
  const children: Child[] = [];
  const l1 = await startL1();
  const calendar = new Calendar(l1.rpc);
  const stop = async () => {
    await calendar.stop();
    for (const child of children.reverse()) await child.stop();
    await l1.kill();
    await rm(root, { recursive: true, force: true });
  };
  try {
    return await start(layout, { l1, calendar, children, say, stop, signal });
  } catch (error) {
    await stop();
    throw error;
  }
}

function startL1(): Promise<Anvil> {
  const accounts = ["--accounts", "20", "--balance", "100000"];
  // Old states would fill the memory.
  const pruned = ["--slots-in-an-epoch", "4", "--prune-history", "256"];
  return startAnvil({ extra: [...accounts, ...pruned, "--timestamp", String(GENESIS_S)] });
}

interface Parts {
  l1: Anvil;
  calendar: Calendar;
  children: Child[];
  say: (line: string) => void;
  stop: () => Promise<void>;
  signal: AbortSignal;
}

async function start(layout: Layout, parts: Parts): Promise<Ground> {
  const { l1, calendar, children, say, stop, signal } = parts;
  const [sequencerPort, verifierPort] = [await freePort(), await freePort()];
  const options = {
    dataDir: layout.root,
    l1Port: l1.port,
    sequencerPort,
    verifierPort,
    ...PARTS_ALONE,
    agent: true,
  };
  say("an L1, two nodes, and the contracts of chain, protocol, governance, OpenCircle and agents");
  await calendar.start();
  const chain = await prepareDevnetChain(layout, options, signal, CHAIN);
  const events = {
    onDeath: (name: string) => say(`${name} died`),
    onRestart: (name: string) => say(`${name} is up again`),
  };
  const nodes = createNodes(layout, options, chain, events);
  children.push(nodes.sequencer, nodes.verifier);
  await nodes.sequencer.start(signal);
  await nodes.verifier.start(signal);
  const [rpcUrl, secondUrl] = [`http://127.0.0.1:${sequencerPort}`, `http://127.0.0.1:${verifierPort}`];
  calendar.follow({ first: rpcUrl, second: secondUrl });
  const at = await ensureProtocol(layout, options, () => undefined, protocolPlan);
  const governance = await ensureGovernance(layout, options, at, GOVERNANCE);
  const circle = await ensureCircle(layout, options, at, governance, CIRCLE);
  const agents = await ensureAgents(layout, options, at, AGENTS);
  const judge = verifierOf(layout, { rpcUrl, l1RpcUrl: l1.url }, events);
  children.push(judge);
  await judge.start(signal);
  const client = await connectChain(rpcUrl);
  const dev = (role: Role) => privateKeyToAccount(devAccounts()[role].privateKey);
  const cli = new CliRunner({ dataDir: layout.root, rpcUrl, l1RpcUrl: l1.url, signal });
  for (const role of ACTORS) await cli.json(["account", "import", role, devAccounts()[role].privateKey]);
  return {
    ...{ calendar, client, chain, at, governance, circle, agents, cli, layout, dev, say, signal, stop },
    ...{ l1: await connectChain(l1.url), second: await connectChain(secondUrl) },
    journal: new Journal(layout.job),
    sink: rpcSink(client, uploadsOf(client.chain, dev("treasury"))),
    stopSecond: () => nodes.verifier.stop(),
  };
}

/** vera's daemon, which judges what chance has audited. */
function verifierOf(
  layout: Layout,
  urls: { rpcUrl: string; l1RpcUrl: string },
  events: { onDeath: (name: string) => void; onRestart: (name: string) => void },
): Child {
  const name = "verifier";
  return verifierDaemon({
    ...{ name, ...urls, key: devAccounts().vera.privateKey, dataDir: layout.root },
    logFile: layout.log("verifier-daemon"),
    onDeath: () => events.onDeath(name),
    onRestart: () => events.onRestart(name),
  });
}
