import type { AgentAddresses } from "../node/agents/addresses.ts";
import type { ProtocolAddresses } from "../node/ai/client/chain.ts";
import { readModelFolder } from "../node/ai/model/files.ts";
import { checkModelFiles } from "../node/ai/model/load.ts";
import type { PreparedChain } from "../node/deploy/chain-files.ts";
import { devAccounts } from "./accounts.ts";
import { prepareAgent, runAgentOnce, startAgent } from "./agent-demo.ts";
import { ensureAgents } from "./agents.ts";
import { createAnvil } from "./anvil.ts";
import { bannerLines, type DevnetDescription, describeDevnet, webLines } from "./banner.ts";
import { createNodes, ensureProtocol, prepareDevnetChain } from "./chain.ts";
import type { Child } from "./child.ts";
import { ensureCircle } from "./circle.ts";
import { ensureGovernance } from "./governance.ts";
import { type Layout, layoutOf, leftOverProcesses, openLayout, releaseLayout, writeJson } from "./layout.ts";
import { standReady, startMainJob } from "./main-job.ts";
import type { DevnetOptions } from "./options.ts";
import { requireFreePort } from "./ports.ts";
import { jobOf, runAndReport } from "./report.ts";
import { verifierDaemon } from "./verifier.ts";

const say = (line: string) => process.stderr.write(`${line}\n`);

/**
 * The whole devnet: L1, contracts, two nodes, the main job with its checks; then it stays up until `signal`.
 * Resolves to the exit status: 0 unless a check failed.
 */
export async function runDevnet(options: DevnetOptions, signal: AbortSignal): Promise<number> {
  const leftOver = leftOverProcesses(layoutOf(options.dataDir));
  await requireFreePort(options.l1Port, "L1", "--l1-port", leftOver);
  await requireFreePort(options.sequencerPort, "the first node", "--port", leftOver);
  await requireFreePort(options.verifierPort, "the second node", "--second-port", leftOver);
  if (options.webPort !== undefined)
    await requireFreePort(options.webPort, "the web", "--web-port", leftOver);
  if (options.base !== undefined) checkModelFiles(await readModelFolder(options.base));
  const layout = openLayout(options.dataDir, options.reset);
  const children: Child[] = [];
  try {
    return await run(options, layout, children, signal);
  } catch (error) {
    if (signal.aborted) return 0;
    throw error;
  } finally {
    // Nodes first: L1 keeps what they posted last.
    for (const child of children.reverse()) await child.stop();
    releaseLayout(layout);
  }
}

/** Vera's daemon, which judges what chance or a payer has audited. */
function createVerifier(
  options: DevnetOptions,
  layout: Layout,
  events: { onDeath: (name: string, status: string) => void; onRestart: (name: string) => void },
): Child {
  const name = "verifier";
  return verifierDaemon({
    name,
    key: devAccounts().vera.privateKey,
    dataDir: layout.root,
    rpcUrl: `http://127.0.0.1:${options.sequencerPort}`,
    l1RpcUrl: `http://127.0.0.1:${options.l1Port}`,
    logFile: layout.log("verifier-daemon"),
    onDeath: (status) => events.onDeath(name, status),
    onRestart: () => events.onRestart(name),
  });
}

/** The protocol's contracts, while the main job begins with what needs none of them. */
async function deployAndStart(
  layout: Layout,
  options: DevnetOptions,
  signal: AbortSignal,
): Promise<ProtocolAddresses | undefined> {
  if (options.stock) return undefined;
  const job = jobOf(options, layout, say, signal);
  const [protocol] = await Promise.all([ensureProtocol(layout, options, say), startMainJob(job)]);
  return protocol;
}

/** Governance, and what it owns. */
async function ensureGoverned(
  layout: Layout,
  options: DevnetOptions,
  protocol: ProtocolAddresses,
): Promise<void> {
  const governance = await ensureGovernance(layout, options, protocol);
  await ensureCircle(layout, options, protocol, governance);
}

/** An agent that trades, where it is asked for; with `once` it does one round only. */
async function createTrader(
  options: DevnetOptions,
  layout: Layout,
  { protocol, agents }: { protocol: ProtocolAddresses | undefined; agents: AgentAddresses | undefined },
  signal: AbortSignal,
): Promise<{ stop(): Promise<void> } | undefined> {
  if (!options.agent || protocol === undefined || agents?.pool === undefined) return undefined;
  const job = jobOf(options, layout, say, signal);
  const demo = await prepareAgent(job, { pool: agents.pool, market: protocol.market });
  if (!options.once) return startAgent(demo, job);
  await runAgentOnce(job, demo);
  return undefined;
}

/** The main job with its checks, or only what others' work needs; true if all holds. */
async function work(
  options: DevnetOptions,
  layout: Layout,
  chain: PreparedChain,
  signal: AbortSignal,
): Promise<boolean> {
  if (options.job || options.stock) return runAndReport(options, layout, chain, say, signal);
  await standReady(jobOf(options, layout, say, signal));
  return true;
}

async function run(
  options: DevnetOptions,
  layout: Layout,
  children: Child[],
  signal: AbortSignal,
): Promise<number> {
  const onDeath = (name: string, status: string) => say(`${name} ended (${status}); starting it again`);
  let describe: (() => DevnetDescription) | undefined;
  const onRestart = (name: string) => {
    say(`${name} is up again`);
    // With its new process id.
    if (describe) writeJson(layout.devnet, describe());
  };
  const anvil = createAnvil({
    port: options.l1Port,
    stateFile: layout.l1State,
    logFile: layout.log("l1"),
    onRepair: () => say("anvil (L1): its last state is half written; going on from the one before"),
    onDeath: (status) => onDeath("anvil (L1)", status),
    onRestart: () => onRestart("anvil (L1)"),
  });
  children.push(anvil);
  say("starting L1 (anvil)");
  await anvil.start(signal);
  const chain = await prepareDevnetChain(layout, options, signal);
  const { sequencer, verifier } = createNodes(layout, options, chain, { onDeath, onRestart });
  children.push(sequencer, verifier);
  say("starting both nodes");
  await sequencer.start(signal);
  await verifier.start(signal);
  let agents: AgentAddresses | undefined;
  const protocol = await deployAndStart(layout, options, signal);
  if (protocol) {
    const judge = createVerifier(options, layout, { onDeath, onRestart });
    children.push(judge);
    [agents] = await Promise.all([
      ensureAgents(layout, options, protocol),
      judge.start(signal),
      ensureGoverned(layout, options, protocol),
    ]);
  }
  const describeNow = (): DevnetDescription =>
    describeDevnet(
      options,
      chain,
      protocol,
      { l1: anvil.pid, sequencer: sequencer.pid, verifier: verifier.pid },
      layout,
    );
  describe = describeNow;
  writeJson(layout.devnet, describeNow());
  const held = await work(options, layout, chain, signal);
  const trader = await createTrader(options, layout, { protocol, agents }, signal);
  if (options.once) {
    process.stdout.write(`${webLines(describeNow()).join("\n")}\n`);
    return held ? 0 : 1;
  }
  const devnet = describeNow();
  writeJson(layout.devnet, devnet);
  process.stdout.write(`${bannerLines(devnet).join("\n")}\n`);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  say("stopping");
  await trader?.stop();
  return held ? 0 : 1;
}
