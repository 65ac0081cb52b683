import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { LocalAccount } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { Session } from "../../../native/js/index.ts";
import { sleep } from "../../base/clock.ts";
import { isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { createSupervisor, type Part } from "../../base/supervisor.ts";
import type { Hex } from "../../chain/types/primitives.ts";
import { type ContentStore, openContentStore } from "../../store/content/content-store.ts";
import { IndexFiles } from "../attribution/index-files.ts";
import { type ChainClient, connectChain, type ProtocolAddresses } from "../client/chain.ts";
import { rpcSink, rpcSource } from "../client/content.ts";
import { DiskCache } from "../content/disk-cache.ts";
import { folderSource } from "../content/folder-source.ts";
import type { ContentSink, ContentSource } from "../content/source.ts";
import { uploadsOf } from "../content/upload-order.ts";
import { readPins } from "../engine/pins.ts";
import { RegisteredModels } from "../engine/registered-models.ts";
import { aiError } from "../errors.ts";
import { BaseModels } from "../factory/bases.ts";
import { Factory } from "../factory/factory.ts";
import { JobFiles } from "../factory/job-files.ts";
import type { WorkerFigures } from "../metrics.ts";
import { SharedBases } from "../model/shared-bases.ts";
import { OpenAiDoor } from "../openai/door.ts";
import { KeyBook } from "../openai/key-book.ts";
import { ApiKeys } from "../openai/keys.ts";
import { Host } from "../serve/host.ts";
import { DEFAULT_HOST_LIMITS, type HostLimits } from "../serve/host-limits.ts";
import type { L1Headers } from "../verify/seed-recorder.ts";
import { Watcher } from "../watch/watcher.ts";
import { factoryMethods } from "./factory-methods.ts";
import { keyMethods } from "./key-methods.ts";
import { workerMethods } from "./methods.ts";
import type { WorkerStatus } from "./protocol.ts";
import type { WorkerMethod } from "./server.ts";

export interface AiWorkerOptions {
  /** JSON-RPC of the node that it works for: it speaks to the chain as any client does. */
  nodeUrl: string;
  /** For receipts. */
  folder: string;
  /** The node's content store, where it lies on this machine; absent: contents come over JSON-RPC. */
  contentFolder?: string;
  /** Answers requests for this account; absent: no host. */
  hostKey?: Hex;
  /** Checks claims and challenges false ones for this account; absent: no watcher. */
  watcherKey?: Hex;
  /** What the host takes on itself at most. */
  hostLimits?: Partial<HostLimits>;
  /** Claims carry their records and paths; default true. */
  proved?: boolean;
  /** Of L1, for draws whose block was missed. */
  l1Headers?: L1Headers;
  /** Keys of OpenAI's API, each free of charge and without a limit. */
  apiKeys?: readonly string[];
  /** Keeps keys that accounts make for themselves. `dailyTokens`: what all keys of one may take a day. Without any keys `/v1` is not served. */
  madeKeys?: { dailyTokens: number };
  /** Bytes of adapters in memory for `/v1`, and of keys and values of one base model's requests; default 1 GiB each. */
  adapterBytes?: number;
  cacheBytes?: number;
  /** Bytes of contents kept on this machine's disk where they come over JSON-RPC; default 8 GiB. */
  diskBytes?: number;
  /** Trains models for accounts that ask for it; absent: it does not. `models`: a folder of base models beside the shipped one. */
  factory?: { models?: string };
  /** Threads of the native session; default all cores. */
  threads?: number;
  logger: Logger;
}

/** A host and a watcher, in a process that makes no blocks. */
export interface AiWorker {
  methods: Readonly<Record<string, WorkerMethod>>;
  /** Present where there are or may be API keys. */
  openAi?: OpenAiDoor;
  /** Begins once the node answers and the protocol's contracts are known. */
  start(): void;
  /** Ends the parts; what is under way is asked for again after the next start. */
  stop(): Promise<void>;
}

const RETRY_MS = 500;
/** Longest wait for the parts at the end, in ms. */
const STOP_MS = 5_000;
/** For answers to `/v1` that are under way at the end, in ms. */
const DRAIN_MS = 4_000;
const DEFAULT_ADAPTER_BYTES = 2 ** 30;
const DEFAULT_CACHE_BYTES = 2 ** 30;
const DEFAULT_DISK_BYTES = 2 ** 33;
/** How far back a watcher looks when it starts: a day of blocks, longer than any challenge window. */
const WATCHED_BLOCKS = 43_200n;

/** What the methods look at. */
interface Running {
  host: Host | undefined;
  watcher: Watcher | undefined;
  models: RegisteredModels | undefined;
  factory: Factory | undefined;
}

/** What all parts compute with. */
interface Shared {
  session: Session;
  bases: SharedBases;
  indexes: IndexFiles;
}

/** Makes the worker; nothing runs before `start`. */
export function createAiWorker(options: AiWorkerOptions): AiWorker {
  const ending = new AbortController();
  const supervisor = createSupervisor({ logger: options.logger, signal: ending.signal });
  const ended: Promise<void>[] = [];
  const running: Running = { host: undefined, watcher: undefined, models: undefined, factory: undefined };
  const session = new Session({ threads: options.threads });
  const shared: Shared = {
    session,
    bases: new SharedBases(),
    indexes: new IndexFiles(join(options.folder, "indexes"), undefined, session),
  };
  const { apiKeys = [], madeKeys, logger } = options;
  const book = madeKeys && new KeyBook({ file: join(options.folder, "keys.json"), ...madeKeys });
  const openAi = servesOpenAi(options)
    ? new OpenAiDoor({
        catalogue: () => running.models,
        keys: new ApiKeys(apiKeys, book),
        purses: () => running.host?.prepaid,
        logger,
      })
    : undefined;
  const status = (): WorkerStatus => ({
    pid: process.pid,
    parts: supervisor.status(),
    queue: running.host?.queue() ?? null,
    figures: figuresOf(running, shared),
  });
  return {
    methods: {
      ...workerMethods({
        host: () => running.host,
        watcher: () => running.watcher,
        adapters: () => running.models?.resident(),
        hostAddress: options.hostKey && accountOf(options.hostKey).address.toLowerCase(),
        signal: ending.signal,
      }),
      ...(options.factory && factoryMethods({ factory: () => running.factory, signal: ending.signal })),
      ...(book && keyMethods(book)),
      worker_status: status,
    },
    openAi,
    start: () => void ended.push(...partsOf(options, shared, running).map((part) => supervisor.run(part))),
    async stop() {
      await openAi?.drain(DRAIN_MS);
      book?.close();
      ending.abort(aiError("SERVICE_STOPPED", { message: "the AI worker is stopping" }));
      // An answer that is being computed can't hold the end up.
      await Promise.race([Promise.allSettled(ended), sleep(STOP_MS)]);
    },
  };
}

const NO_ADAPTERS = { count: 0, pinned: 0, used: 0, bytes: 0, maxBytes: 0 };

function figuresOf({ models, factory }: Running, { bases }: Shared): WorkerFigures {
  const { rss, heapTotal } = process.memoryUsage();
  return {
    memory: { process: rss, javascript: heapTotal, weights: bases.bytes },
    ...(models?.figures() ?? { engines: [], adapters: NO_ADAPTERS, tokens: 0 }),
    jobs: factory?.counts() ?? {},
  };
}

function servesOpenAi({ apiKeys, madeKeys }: AiWorkerOptions): boolean {
  return apiKeys !== undefined || madeKeys !== undefined;
}

function accountOf(key: Hex): LocalAccount {
  return privateKeyToAccount(key);
}

/** The host and the watcher, as the settings have them. */
function partsOf(options: AiWorkerOptions, shared: Shared, running: Running): Part[] {
  const { hostKey, watcherKey } = options;
  const parts: Part[] = [];
  const add = (name: string, run: (protocol: Protocol, signal: AbortSignal) => Promise<void>) =>
    parts.push({
      name,
      async run(signal) {
        const protocol = await awaitProtocol(options.nodeUrl, signal);
        if (protocol !== undefined) await run(protocol, signal);
      },
    });
  if (hostKey !== undefined)
    add("host", async (protocol, signal) => {
      const host = await startHost(options, shared, hostKey, protocol);
      running.host = host;
      await host.run(signal).finally(() => {
        running.host = undefined;
      });
    });
  if (servesOpenAi(options))
    add("openai", async ({ client, at }, signal) => {
      const models = new RegisteredModels({
        ...{ client, at, logger: options.logger, ...shared, ...(await nearContent(options, client)) },
        allowed: options.hostLimits?.models,
        maxModelBytes: options.hostLimits?.maxModelBytes ?? DEFAULT_HOST_LIMITS.maxModelBytes,
        maxAdapterBytes: options.adapterBytes ?? DEFAULT_ADAPTER_BYTES,
        cacheBytes: options.cacheBytes ?? DEFAULT_CACHE_BYTES,
        pinned: () => readPins(options.folder),
      });
      running.models = models;
      await models.follow(signal);
      running.models = undefined;
      models.close();
    });
  if (options.factory !== undefined)
    add("factory", async (protocol, signal) => {
      const factory = makeFactory(options, shared, protocol);
      await factory.open();
      running.factory = factory;
      await factory.run(signal).finally(() => {
        running.factory = undefined;
      });
    });
  if (watcherKey !== undefined)
    add("watcher", async ({ client, at }, signal) => {
      const head = await client.public.getBlockNumber();
      const from = head > WATCHED_BLOCKS ? head - WATCHED_BLOCKS : 0n;
      const content = contentOf(options, client);
      const watcher = new Watcher({
        ...{ client, at, content, l1Headers: options.l1Headers, logger: options.logger },
        ...{ account: accountOf(watcherKey), epochs: at, indexes: shared.indexes },
      });
      running.watcher = watcher;
      await watcher.run(from, signal).finally(() => {
        running.watcher = undefined;
      });
    });
  return parts;
}

/** Training has a session of its own: a job that takes hours holds no answer up. */
function makeFactory(options: AiWorkerOptions, { bases }: Shared, { client, at }: Protocol): Factory {
  const { folder, factory, threads = availableParallelism(), logger } = options;
  return new Factory({
    ...{ client, at, logger, content: contentOf(options, client) },
    session: new Session({ threads: Math.max(1, Math.floor(threads / 2)) }),
    bases: new BaseModels(factory?.models),
    shared: bases,
    files: new JobFiles(join(folder, "jobs")),
  });
}

async function startHost(
  options: AiWorkerOptions,
  shared: Shared,
  hostKey: Hex,
  { client, at }: Protocol,
): Promise<Host> {
  const host = new Host({
    ...{ client, at, account: accountOf(hostKey), logger: options.logger },
    content: contentOf(options, client),
    ...shared,
    folder: join(options.folder, "receipts"),
    bookFolder: join(options.folder, "epochs"),
    proved: options.proved ?? true,
    limits: { ...DEFAULT_HOST_LIMITS, ...options.hostLimits },
    l1Headers: options.l1Headers,
  });
  await host.open();
  return host;
}

interface Protocol {
  client: ChainClient;
  at: ProtocolAddresses;
}

/** Waits until the node answers and knows the protocol's contracts. */
async function awaitProtocol(nodeUrl: string, signal: AbortSignal): Promise<Protocol | undefined> {
  while (!signal.aborted) {
    try {
      const client = await connectChain(nodeUrl);
      const at = await client.rpc<ProtocolAddresses | null>("openledger_protocol", []);
      if (at !== null) return { client, at };
    } catch (error) {
      if (!isCodedError(error, "RPC_UNREACHABLE")) throw error;
    }
    await sleep(RETRY_MS, signal).catch(() => undefined);
  }
  return undefined;
}

/** Contents for `/v1`: those that come from afar stay on the disk, as far as there is room for them. */
async function nearContent(
  options: AiWorkerOptions,
  client: ChainClient,
): Promise<{ content: ContentSource; disk?: DiskCache }> {
  const content = contentOf(options, client);
  if (options.contentFolder !== undefined) return { content };
  const { folder, diskBytes = DEFAULT_DISK_BYTES } = options;
  const disk = await DiskCache.open(content, join(folder, "contents"), diskBytes);
  return { content: disk, disk };
}

/** The node's contents: in its folder where that is here, else by its RPC, with room by the worker's own account. */
function contentOf(options: AiWorkerOptions, client: ChainClient): ContentSource & ContentSink {
  const { contentFolder, hostKey, watcherKey } = options;
  if (contentFolder === undefined) {
    const key = hostKey ?? watcherKey;
    const sign = key && uploadsOf(client.chain, accountOf(key));
    return { get: rpcSource(client).get, put: rpcSink(client, sign).put };
  }
  let store: Promise<ContentStore> | undefined;
  return {
    ...folderSource(contentFolder),
    async put(bytes) {
      store ??= openContentStore(contentFolder, { isShared: true });
      return (await store).putContent(bytes);
    },
  };
}
