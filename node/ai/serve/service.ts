import { sleep } from "../../base/clock.ts";
import { isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { createSupervisor, type Part, type PartStatus } from "../../base/supervisor.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { ContentStore } from "../../store/content/content-store.ts";
import { connectChain, type ProtocolAddresses } from "../client/chain.ts";
import { rpcParts, rpcSink } from "../client/content.ts";
import { type AiRpcMethod, contentMethods } from "../content/methods.ts";
import { Mirror, type MirrorPeer, type MirrorStatus, type MirrorStore } from "../content/mirror.ts";
import { type UploadChain, Uploads } from "../content/upload.ts";
import { aiError } from "../errors.ts";
import type { HostQueue, WorkerFigures } from "../metrics.ts";
import type { WorkerLink } from "../worker/link.ts";
import type { WorkerAddress } from "../worker/protocol.ts";

export interface AiServiceOptions {
  /** This node's own RPC: the mirror speaks to the chain as any client does. */
  rpcUrl: () => string;
  store: ContentStore;
  /** The protocol's contracts, once they are known. */
  addresses: () => ProtocolAddresses | undefined;
  /** The account of the host whose key this node has; absent: the worker is asked for it. */
  hostAddress?: Address;
  /** The process that hosts and watches for this node, and what keeps it alive; absent: none does. */
  worker?: { link: WorkerLink; part: Part; close(): Promise<void> };
  /** RPC URLs of nodes whose content is copied, and that are given what only this node was handed. */
  peers?: readonly string[];
  /** Contents that somebody brought and no block names: where the list of them and unfinished uploads lie, and the bytes that all may have. */
  uploads: { folder: string; maxBytes: number };
  logger: Logger;
}

/** What a node itself does for AI: it keeps contents and passes questions on to its worker. */
export interface AiService {
  /** The `openledger_*` methods; they answer with coded errors until the worker runs. */
  methods: Readonly<Record<string, AiRpcMethod>>;
  /** Where the worker listens; it answers OpenAI's API there too. */
  worker: WorkerAddress | undefined;
  /** The connection to it, for what is not JSON-RPC's. */
  link: WorkerLink | undefined;
  /** How the worker with its host and watcher and the mirror are, where they run. */
  parts(): readonly PartStatus[];
  /** Undefined while no host runs. */
  queue(): HostQueue | undefined;
  /** What its worker has in memory and has done; undefined while none answers. */
  figures(): WorkerFigures | undefined;
  /** What the mirror has of what the chain names; undefined before it began. */
  contents(): MirrorStatus | undefined;
  /** Begins once the node's RPC answers. */
  start(): void;
  stop(): Promise<void>;
}

const RETRY_MS = 500;
/** Longest wait for the parts at the end, in ms. */
const STOP_MS = 10_000;

/** Methods that the worker answers, in the order of their descriptions there. */
const WORKER_METHODS = [
  "openledger_host",
  "openledger_ask",
  "openledger_getReceipt",
  "openledger_publishReceipt",
  "openledger_watcher",
  "openledger_adapters",
  "openledger_askByVoucher",
  "openledger_setKeyLimit",
  "openledger_purse",
  "openledger_getPrepaid",
] as const;

/** Makes the service; nothing runs before `start`. */
export function createAiService(options: AiServiceOptions): AiService {
  const { store, addresses, hostAddress, worker, logger } = options;
  const ending = new AbortController();
  const supervisor = createSupervisor({ logger, signal: ending.signal });
  const running: Promise<void>[] = [];
  let mirror: Mirror | undefined;
  const isNamed = (hash: Hash) => mirror?.names(hash);
  const chain = uploadChain(options.rpcUrl);
  const uploads = new Uploads({ ...options.uploads, store, isNamed, chain, logger });
  return {
    methods: {
      /** The contracts' addresses, or null while they are not known. */
      openledger_protocol: () => addresses() ?? null,
      ...Object.fromEntries(WORKER_METHODS.map((method) => [method, passedOn(method, worker?.link)])),
      ...(hostAddress && { openledger_host: () => hostAddress }),
      ...contentMethods(store, uploads),
    },
    worker: worker?.link.address,
    link: worker?.link,
    parts: () => [...supervisor.status(), ...(worker?.link.status()?.parts ?? [])],
    queue: () => worker?.link.status()?.queue ?? undefined,
    figures: () => worker?.link.status()?.figures,
    contents: () => mirror?.status(),
    start() {
      const mirroring = mirrorPart(options, (started) => {
        mirror = started;
      });
      const parts = [...(worker ? [worker.part] : []), mirroring];
      running.push(...parts.map((part) => supervisor.run(part)));
    },
    async stop() {
      ending.abort(aiError("SERVICE_STOPPED", { message: "the node is stopping" }));
      await Promise.race([Promise.allSettled(running), sleep(STOP_MS)]);
      await worker?.close();
    },
  };
}

/** What a node without a worker answers with null. */
const NOTHING_TO_TELL: ReadonlySet<string> = new Set([
  "openledger_host",
  "openledger_watcher",
  "openledger_adapters",
]);

/** Without a worker there is neither a host nor a watcher. */
function passedOn(method: (typeof WORKER_METHODS)[number], link: WorkerLink | undefined): AiRpcMethod {
  return (params) => {
    if (link !== undefined) return link.call(method, params);
    if (NOTHING_TO_TELL.has(method)) return null;
    throw aiError("HOST_ABSENT", {
      message: "this node answers no requests",
      fix: "ask the node of the host that the request names",
    });
  };
}

/** Also without peers: it knows which contents the chain names. */
function mirrorPart(
  { peers = [], rpcUrl, addresses, store, logger }: AiServiceOptions,
  onStart: (mirror: Mirror) => void,
): Part {
  const sources = peers.map((url) => lazyPeer(url));
  return {
    name: "mirror",
    async run(signal) {
      const chain = await awaitProtocol(rpcUrl, addresses, signal);
      if (chain === undefined) return;
      const mirror = new Mirror({ ...chain, store: mirrorStore(store), peers: sources, logger });
      onStart(mirror);
      await mirror.run(0n, signal);
    },
  };
}

/** Waits until the node answers and the protocol's contracts are known. */
async function awaitProtocol(
  rpcUrl: () => string,
  addresses: () => ProtocolAddresses | undefined,
  signal: AbortSignal,
) {
  while (!signal.aborted) {
    const at = addresses();
    if (at) {
      try {
        return { client: await connectChain(rpcUrl()), at };
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

/** What the node's own RPC tells about senders, once it answers. */
function uploadChain(rpcUrl: () => string): () => Promise<UploadChain> {
  let known: UploadChain | undefined;
  return async () => {
    if (known === undefined) {
      const client = await connectChain(rpcUrl());
      const balanceOf = (address: Address) => client.public.getBalance({ address });
      known = { chainId: client.chain.id, balanceOf };
    }
    return known;
  };
}

/** A peer may start later than this node. It takes what the chain names, from anybody. */
function lazyPeer(url: string): MirrorPeer {
  const connected = () => connectChain(url);
  return {
    name: url,
    part: async (hash, offset) => rpcParts(await connected()).part(hash, offset),
    put: async (bytes) => rpcSink(await connected()).put(bytes),
    has: async (hash) => (await connected()).rpc<boolean>("openledger_hasContent", [hash]),
  };
}
