import { readModelFolder } from "../node/ai/model/files.ts";
import { checkModelFiles } from "../node/ai/model/load.ts";
import { createAnvil } from "./anvil.ts";
import { bannerLines, type DevnetDescription, describeDevnet } from "./banner.ts";
import { createNodes, ensureProtocol, prepareDevnetChain } from "./chain.ts";
import type { Child } from "./child.ts";
import { type Layout, layoutOf, leftOverProcesses, openLayout, releaseLayout, writeJson } from "./layout.ts";
import type { DevnetOptions } from "./options.ts";
import { requireFreePort } from "./ports.ts";
import { runAndReport } from "./report.ts";

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
  const protocol = options.stock ? undefined : await ensureProtocol(layout, options);
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
  const held = await runAndReport(options, layout, chain, say, signal);
  if (options.once) return held ? 0 : 1;
  const devnet = describeNow();
  writeJson(layout.devnet, devnet);
  process.stdout.write(`${bannerLines(devnet).join("\n")}\n`);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  say("stopping");
  return held ? 0 : 1;
}
