import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { WorkerLink } from "../ai/worker/link.ts";
import { WorkerServer } from "../ai/worker/server.ts";
import { createAiWorker } from "../ai/worker/worker.ts";
import { sleep } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { WORKER_FLAGS } from "../base/node-flags.ts";
import { packageRoot } from "../base/paths.ts";
import type { Part } from "../base/supervisor.ts";
import { hostLimits, hostSettings, type WorkerConfig } from "./config/ai-settings.ts";
import type { NodeConfig } from "./config/node-config.ts";
import { variableName } from "./config/settings.ts";
import { appError } from "./errors.ts";
import { l1Headers } from "./l1-headers.ts";

/** The worker as its node sees it. */
export interface NodeWorker {
  link: WorkerLink;
  /** Keeps it alive, or looks whether it is there. */
  part: Part;
  /** Removes what the connection took on this machine. */
  close(): Promise<void>;
}

/** Between two questions for the worker's state, in ms. */
const STATUS_MS = 1_000;
/** Without an answer for so long, a worker that runs is ended and started again, in ms. */
const SILENT_MS = 120_000;
/** For a worker to end by itself, in ms; then it is killed. */
const END_MS = 6_000;

/** The worker that the settings ask for; undefined where nothing is for it to do. */
export async function openNodeWorker(
  config: NodeConfig,
  rpcUrl: () => string,
  logger: Logger,
): Promise<NodeWorker | undefined> {
  const { aiWorkerUrl, hostKey, watcherKey, openaiKeys, openaiAccounts, factoryAccounts } = config;
  if (aiWorkerUrl !== undefined) return elsewhere(aiWorkerUrl);
  const work = [hostKey, watcherKey, openaiKeys, openaiAccounts, factoryAccounts];
  if (work.every((part) => part === undefined)) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "openledger-ai-"));
  const socketPath = join(folder, "socket");
  const link = new WorkerLink({ socketPath });
  const run = (signal: AbortSignal) => runProcess(config, socketPath, rpcUrl(), link, logger, signal);
  const watch = { hasWork: () => true, progress: () => link.beats(), stallMs: SILENT_MS, restarts: true };
  return {
    link,
    part: { name: "ai-worker", run, watch },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

function elsewhere(url: string): NodeWorker {
  const { hostname, port } = new URL(url);
  const link = new WorkerLink({ host: hostname, port: Number(port || 80) });
  const run = async (signal: AbortSignal) => {
    while (!signal.aborted) {
      await link.refresh();
      await sleep(STATUS_MS, signal).catch(() => undefined);
    }
  };
  return { link, part: { name: "ai-worker", run }, close: async () => undefined };
}

/** Runs one life of the process. Rejects with how it ended; on abort it is ended first. */
async function runProcess(
  config: NodeConfig,
  socketPath: string,
  rpcUrl: string,
  link: WorkerLink,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const child = spawn(process.execPath, [...WORKER_FLAGS, program(), "ai-worker"], {
    env: {
      PATH: process.env.PATH ?? "",
      HOME: process.env.HOME ?? "",
      ...workerEnvironment(config, socketPath, rpcUrl),
    },
    // The channel tells the worker when this process is gone, however it went.
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, killedBy) => resolve(killedBy ?? `status ${code}`));
  });
  logger.info({ pid: child.pid }, "AI worker started");
  const polling = new AbortController();
  const polled = poll(link, polling.signal);
  try {
    const status = await Promise.race([ended, aborted(signal)]);
    if (status !== undefined) throw workerEnded(status);
    await endProcess(child, ended);
  } finally {
    polling.abort();
    await polled;
  }
}

async function poll(link: WorkerLink, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await link.refresh().catch(() => undefined);
    await sleep(STATUS_MS, signal).catch(() => undefined);
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

async function endProcess(child: ChildProcess, ended: Promise<string>): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), END_MS);
  await ended;
  clearTimeout(timer);
}

function workerEnded(status: string) {
  return appError("AI_WORKER_ENDED", {
    message: `the AI worker ended with ${status}`,
    fix: "it starts again by itself; its last lines in the log say why it ended",
    facts: { status },
  });
}

/** The compiled program: beside this file, or in dist/ where this is the source. */
function program(): string {
  const beside = fileURLToPath(new URL("../main.js", import.meta.url));
  return existsSync(beside)
    ? beside
    : join(packageRoot(), process.env.OPENLEDGER_DIST ?? "dist", "node", "main.js");
}

/** Its settings. They hold keys, so they go neither by flag nor by file. */
function workerEnvironment(config: NodeConfig, socketPath: string, rpcUrl: string): Record<string, string> {
  const settings: Record<string, unknown> = {
    node: rpcUrl,
    dataDir: join(config.dataDir, "ai"),
    contentDir: resolve(config.dataDir, "content"),
    workerSocket: socketPath,
    l1Url: config.l1Url,
    hostKey: config.hostKey,
    watcherKey: config.watcherKey,
    openaiKeys: config.openaiKeys,
    openaiAccounts: config.openaiAccounts,
    openaiDailyTokens: config.openaiDailyTokens,
    openaiAdapterBytes: config.openaiAdapterBytes,
    openaiCacheBytes: config.openaiCacheBytes,
    openaiDiskBytes: config.openaiDiskBytes,
    factoryAccounts: config.factoryAccounts,
    factoryModels: config.factoryModels,
    threads: config.threads,
    logLevel: config.logLevel,
    logFormat: config.logFormat,
  };
  for (const name of Object.keys(hostSettings) as (keyof typeof hostSettings)[])
    settings[name] = config[name];
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  const own = Object.entries(process.env).filter(([name]) => PASSED_ON.has(name));
  return Object.fromEntries([
    ...own.map(([name, value]) => [name, value ?? ""]),
    ...given.map(([name, value]) => [variableName(name), String(value)]),
  ]);
}

/** What the native core, the loader and Node read themselves. */
const PASSED_ON: ReadonlySet<string> = new Set([
  ...[
    "OPENLEDGER_ISA",
    "OPENLEDGER_DEVICE",
    "CUDA_VISIBLE_DEVICES",
    "LD_LIBRARY_PATH",
    "NODE_OPTIONS",
    "TMPDIR",
  ],
]);

/** Runs an AI worker until the signal. @throws the system's error when it can't listen. */
export async function runAiWorker(config: WorkerConfig, logger: Logger, signal: AbortSignal): Promise<void> {
  const { hostKey, watcherKey, threads, openaiKeys: apiKeys } = config;
  const worker = createAiWorker({
    nodeUrl: config.node,
    folder: config.dataDir,
    contentFolder: config.contentDir,
    hostLimits: hostLimits(config),
    l1Headers: config.l1Url && l1Headers(config.l1Url),
    logger: logger.child({ module: "ai" }),
    factory: config.factoryAccounts && { models: config.factoryModels },
    ...{ hostKey, watcherKey, threads, apiKeys },
    madeKeys: config.openaiAccounts && { dailyTokens: config.openaiDailyTokens },
    adapterBytes: config.openaiAdapterBytes,
    cacheBytes: config.openaiCacheBytes,
    diskBytes: config.openaiDiskBytes,
  });
  const { methods, openAi } = worker;
  const server = new WorkerServer({ methods, openAi: openAi?.answer.bind(openAi), logger });
  const address = config.workerSocket
    ? { socketPath: config.workerSocket }
    : { host: config.workerHost, port: config.workerPort };
  const bound = await server.listen(address);
  logger.info({ node: config.node, ...bound }, "AI worker listens");
  worker.start();
  await aborted(signal);
  await worker.stop();
  await server.close();
}
