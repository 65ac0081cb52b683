import { join } from "node:path";
import { privateKeyToAccount } from "viem/accounts";
import { Session } from "../../../native/js/index.ts";
import { sleep } from "../../base/clock.ts";
import { isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { Hash, Hex } from "../../chain/types/primitives.ts";
import type { ContentStore } from "../../store/content/content-store.ts";
import { type ChainClient, connectChain, type ProtocolAddresses } from "../client/chain.ts";
import { rpcSource } from "../client/content.ts";
import { Mirror, type MirrorStore } from "../content/mirror.ts";
import { Uploads } from "../content/upload.ts";
import { aiError } from "../errors.ts";
import { Watcher } from "../watch/watcher.ts";
import { Host } from "./host.ts";
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
  /** RPC URLs of nodes whose content is copied. */
  peers?: readonly string[];
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
  /** Begins once the node's RPC answers. */
  start(): void;
  stop(): Promise<void>;
}

const RETRY_MS = 500;
/** How far back a watcher looks when it starts: a day of blocks, longer than any challenge window. */
const WATCHED_BLOCKS = 43_200n;

/** Makes the services; nothing runs before `start`. */
export function createAiService(options: AiServiceOptions): AiService {
  const { logger } = options;
  const ending = new AbortController();
  const tasks: Promise<void>[] = [];
  let host: Host | undefined;
  const methods = aiRpcMethods({
    store: options.store,
    uploads: new Uploads({ put: (bytes) => options.store.putContent(bytes) }),
    addresses: options.addresses,
    host: () => host,
    hostAddress: options.hostKey ? privateKeyToAccount(options.hostKey).address.toLowerCase() : undefined,
    signal: ending.signal,
  });
  const launch = async () => {
    const ready = await awaitProtocol(options, ending.signal);
    if (!ready) return;
    const { client, at } = ready;
    const content = mirrorStore(options.store);
    if (options.hostKey) {
      host = await startHost(options, client, at, content);
      tasks.push(host.run(ending.signal));
    }
    if (options.watcherKey) {
      const account = privateKeyToAccount(options.watcherKey);
      const watcher = new Watcher({ client, at, account, content, logger });
      const head = await client.public.getBlockNumber();
      tasks.push(watcher.run(head > WATCHED_BLOCKS ? head - WATCHED_BLOCKS : 0n, ending.signal));
    }
    if (options.peers && options.peers.length > 0) {
      const peers = options.peers.map((url) => lazyPeer(url));
      tasks.push(new Mirror({ client, at, store: content, peers, logger }).run(0n, ending.signal));
    }
  };
  return {
    methods,
    start() {
      const launched = launch().catch((error: unknown) => {
        if (!ending.signal.aborted) logger.error({ error }, "the AI services could not start");
      });
      tasks.push(launched);
    },
    async stop() {
      ending.abort(aiError("SERVICE_STOPPED", { message: "the node is stopping" }));
      // Launching adds tasks: wait for it before the list is complete.
      await tasks[0];
      await Promise.allSettled(tasks);
    },
  };
}

async function startHost(
  options: AiServiceOptions,
  client: ChainClient,
  at: ProtocolAddresses,
  content: MirrorStore,
): Promise<Host> {
  const session = new Session({ threads: options.threads });
  const host = new Host({
    client,
    at,
    account: privateKeyToAccount(options.hostKey!),
    content,
    session,
    folder: join(options.folder, "receipts"),
    proved: options.proved ?? true,
    logger: options.logger,
  });
  await host.open();
  return host;
}

/** Waits until the node answers and the protocol's contracts are known. */
async function awaitProtocol(
  options: AiServiceOptions,
  signal: AbortSignal,
): Promise<{ client: ChainClient; at: ProtocolAddresses } | undefined> {
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
function lazyPeer(url: string) {
  return {
    async get(hash: Hash) {
      return rpcSource(await connectChain(url)).get(hash);
    },
  };
}
