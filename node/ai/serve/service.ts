import { join } from "node:path";
import { privateKeyToAccount } from "viem/accounts";
import { Session } from "../../../native/js/index.ts";
import { sleep } from "../../base/clock.ts";
import { isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { createSupervisor, type Part, type PartStatus } from "../../base/supervisor.ts";
import type { Hash, Hex } from "../../chain/types/primitives.ts";
import type { ContentStore } from "../../store/content/content-store.ts";
import { type ChainClient, connectChain, type ProtocolAddresses } from "../client/chain.ts";
import { rpcSink, rpcSource } from "../client/content.ts";
import { Mirror, type MirrorStore } from "../content/mirror.ts";
import { Uploads } from "../content/upload.ts";
import { aiError } from "../errors.ts";
import type { HostQueue } from "../metrics.ts";
import { Watcher } from "../watch/watcher.ts";
import { DEFAULT_HOST_LIMITS, Host, type HostLimits } from "./host.ts";
import { type AiRpcMethod, aiRpcMethods } from "./rpc-methods.ts";

export interface AiServiceOptions {
  /** This node's own RPC: the service speaks to the chain as any client does. */
  rpcUrl: () => string;
  store: ContentStore;
  /** For receipts. */
  folder: string;
  /** The protocol's contracts, once they are known. */
  addresses: () => ProtocolAddresses | undefined;
  /** Answers requests for this account; absent: no host. */
  hostKey?: Hex;
  /** Checks claims and challenges false ones for this account; absent: no watcher. */
  watcherKey?: Hex;
  /** RPC URLs of nodes whose content is copied, and that are given what only this node was handed. */
  peers?: readonly string[];
  /** What the host takes on itself at most. */
  hostLimits?: Partial<HostLimits>;
  /** Claims carry their records and paths; default true. */
  proved?: boolean;
  /** Threads of the native session; default all cores. */
  threads?: number;
  logger: Logger;
}

/** The AI services of one node. */
export interface AiService {
  /** The `openledger_*` methods; they answer with coded errors until the service runs. */
  methods: Readonly<Record<string, AiRpcMethod>>;
  /** How the host, the watcher and the mirror are, where they run. */
  parts(): readonly PartStatus[];
  /** Undefined while no host runs. */
  queue(): HostQueue | undefined;
  /** Begins once the node's RPC answers. */
  start(): void;
  stop(): Promise<void>;
}

const RETRY_MS = 500;
/** Longest wait for the parts at the end, in ms. */
const STOP_MS = 5_000;
/** How far back a watcher looks when it starts: a day of blocks, longer than any challenge window. */
const WATCHED_BLOCKS = 43_200n;

/** Makes the services; nothing runs before `start`. */
export function createAiService(options: AiServiceOptions): AiService {
  const ending = new AbortController();
  const supervisor = createSupervisor({ logger: options.logger, signal: ending.signal });
  const running: Promise<void>[] = [];
  let host: Host | undefined;
  let watcher: Watcher | undefined;
  const methods = aiRpcMethods({
    store: options.store,
    uploads: new Uploads({ put: (bytes) => options.store.putContent(bytes) }),
    addresses: options.addresses,
    host: () => host,
    watcher: () => watcher,
    hostAddress: options.hostKey ? privateKeyToAccount(options.hostKey).address.toLowerCase() : undefined,
    signal: ending.signal,
  });
  return {
    methods,
    parts: () => supervisor.status(),
    queue: () => host?.queue(),
    start() {
      const parts = aiParts(options, {
        onHost: (started) => {
          host = started;
        },
        onWatcher: (started) => {
          watcher = started;
        },
      });
      running.push(...parts.map((part) => supervisor.run(part)));
    },
    async stop() {
      ending.abort(aiError("SERVICE_STOPPED", { message: "the node is stopping" }));
      // An answer that is being computed is asked for again after the next start; it can't hold the node up.
      await Promise.race([Promise.allSettled(running), sleep(STOP_MS)]);
    },
  };
}

/** The host, the watcher and the mirror, as the settings have them. */
function aiParts(
  options: AiServiceOptions,
  {
    onHost,
    onWatcher,
  }: { onHost: (host: Host | undefined) => void; onWatcher: (watcher: Watcher | undefined) => void },
): Part[] {
  const { logger, hostKey, watcherKey, peers = [] } = options;
  const content = mirrorStore(options.store);
  const parts: Part[] = [];
  const add = (name: string, run: (chain: Protocol, signal: AbortSignal) => Promise<void>) =>
    parts.push({
      name,
      async run(signal) {
        const chain = await awaitProtocol(options, signal);
        if (chain !== undefined) await run(chain, signal);
      },
    });
  if (hostKey !== undefined)
    add("host", async ({ client, at }, signal) => {
      const host = await startHost(options, hostKey, client, at, content);
      onHost(host);
      await host.run(signal).finally(() => onHost(undefined));
    });
  if (watcherKey !== undefined)
    add("watcher", async ({ client, at }, signal) => {
      const account = privateKeyToAccount(watcherKey);
      const head = await client.public.getBlockNumber();
      const from = head > WATCHED_BLOCKS ? head - WATCHED_BLOCKS : 0n;
      const watcher = new Watcher({ client, at, account, content, logger });
      onWatcher(watcher);
      await watcher.run(from, signal).finally(() => onWatcher(undefined));
    });
  if (peers.length > 0)
    add("mirror", ({ client, at }, signal) => {
      const sources = peers.map((url) => lazyPeer(url));
      return new Mirror({ client, at, store: content, peers: sources, logger }).run(0n, signal);
    });
  return parts;
}

async function startHost(
  options: AiServiceOptions,
  hostKey: Hex,
  client: ChainClient,
  at: ProtocolAddresses,
  content: MirrorStore,
): Promise<Host> {
  const session = new Session({ threads: options.threads });
  const host = new Host({
    client,
    at,
    account: privateKeyToAccount(hostKey),
    content,
    session,
    folder: join(options.folder, "receipts"),
    proved: options.proved ?? true,
    limits: { ...DEFAULT_HOST_LIMITS, ...options.hostLimits },
    logger: options.logger,
  });
  await host.open();
  return host;
}

interface Protocol {
  client: ChainClient;
  at: ProtocolAddresses;
}

/** Waits until the node answers and the protocol's contracts are known. */
async function awaitProtocol(options: AiServiceOptions, signal: AbortSignal): Promise<Protocol | undefined> {
  while (!signal.aborted) {
    const at = options.addresses();
    if (at) {
      try {
        return { client: await connectChain(options.rpcUrl()), at };
      } catch (error) {
        if (!isCodedError(error, "RPC_UNREACHABLE")) throw error;
      }
    }
    await sleep(RETRY_MS, signal).catch(() => undefined);
  }
  return undefined;
}

function mirrorStore(store: ContentStore): MirrorStore {
  return {
    get: (hash) => store.getContent(hash),
    put: (bytes) => store.putContent(bytes),
    has: async (hash: Hash) => (await store.contentSize(hash)) !== undefined,
  };
}

/** A peer may start later than this node. */
function lazyPeer(url: string): MirrorStore {
  const connected = () => connectChain(url);
  return {
    get: async (hash) => rpcSource(await connected()).get(hash),
    put: async (bytes) => rpcSink(await connected()).put(bytes),
    has: async (hash) => (await connected()).rpc<boolean>("openledger_hasContent", [hash]),
  };
}
