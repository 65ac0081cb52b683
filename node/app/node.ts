import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Registry } from "prom-client";
import { privateKeyToAccount } from "viem/accounts";
import { z } from "zod";
import type { ProtocolAddresses } from "../ai/client/chain.ts";
import { measureAi, measureMirror } from "../ai/metrics.ts";
import type { AiService } from "../ai/serve/service.ts";
import type { WorkerLink } from "../ai/worker/link.ts";
import type { WebServer } from "../api/web-server.ts";
import type { LogTail } from "../base/log-tail.ts";
import type { Logger } from "../base/logger.ts";
import { packageRoot } from "../base/paths.ts";
import type { Address, Hex } from "../chain/types/primitives.ts";
import { createStateReader } from "../execution/evm/state-reader.ts";
import { createSimulationPool, type SimulationPool } from "../execution/simulation/simulation-pool.ts";
import type { Page } from "../rpc/door/protocol.ts";
import { measureAnswers } from "../rpc/metrics.ts";
import { withModules } from "../rpc/namespaces/modules.ts";
import { nodeRpcMethods } from "../rpc/node-methods.ts";
import { createRpcServer, type RpcServer, rpcPart } from "../rpc/server.ts";
import type { RpcMethods } from "../rpc/types.ts";
import type { ChainStore } from "../store/chain-store.ts";
import { type ContentStore, openContentStore } from "../store/content/content-store.ts";
import { agentMethods } from "./agent-methods.ts";
import { type ChainNode, createChainNode } from "./chain-node.ts";
import { circleMethods } from "./circle-methods.ts";
import type { NodeConfig } from "./config/node-config.ts";
import { governanceMethods } from "./governance-methods.ts";
import { type Health, healthOf, isServing } from "./health.ts";
import { createNodeMetrics, measureParts, type NodeMetrics } from "./metrics.ts";
import { admissionRules } from "./node-pool.ts";
import { type ChainDefinition, chainFolder, openChain, readChainDefinition } from "./open-chain.ts";
import { readProtocolFile } from "./protocol-file.ts";
import { createChainReader, createRollupReader } from "./readers.ts";
import { rpcOrigins, startWeb } from "./web.ts";

export interface RunningNode {
  readonly rpcUrl: string;
  readonly wsUrl: string;
  /** Where its pages are; undefined without the web. */
  readonly webUrl: string | undefined;
  /** Resolves when the node has stopped, rejects when it had to stop. */
  readonly done: Promise<void>;
  /** Stops it; resolves when everything is closed. */
  stop(): Promise<void>;
}

/**
 * Runs one node until it is stopped: chain, JSON-RPC on one port over HTTP and WebSocket, and the AI services where the
 * protocol's addresses are given. @param tail keeps the log's newest lines, for whoever runs the node. @throws CodedError of whatever keeps it from starting; nothing stays open then.
 */
export async function startNode(config: NodeConfig, log: Logger, tail: LogTail): Promise<RunningNode> {
  const definition = readChainDefinition(config);
  const store = await openChain(config, definition, log);
  const controller = new AbortController();
  try {
    const metrics = createNodeMetrics();
    const chain = createChainNode({ config, definition, store, logger: log, controller, metrics });
    const services = await openServices({ config, definition, store, chain, metrics, logger: log, tail });
    return run(config, store, chain, services, controller, log);
  } catch (error) {
    await store.close();
    throw error;
  }
}

interface Services {
  rpc: RpcServer;
  ai: AiService | undefined;
  calls: SimulationPool;
  web: WebServer | undefined;
}

interface Parts {
  config: NodeConfig;
  definition: ChainDefinition;
  store: ChainStore;
  chain: ChainNode;
  metrics: NodeMetrics;
  logger: Logger;
  tail: LogTail;
}

async function openServices(parts: Parts): Promise<Services> {
  const { config, chain, metrics, logger } = parts;
  const { registry } = metrics;
  const { mempool } = chain;
  const calls = startCalls(parts);
  try {
    // The AI services ask for the address of the server that serves their methods.
    let rpc: RpcServer | undefined;
    const shared = await openShared(config);
    const ai = shared && (await createAi(config, shared, () => rpc?.httpUrl ?? "", logger));
    const allParts = () => [...chain.parts(), ...(ai?.parts() ?? [])];
    rpc = await createRpcServer({
      host: config.rpcHost,
      port: config.rpcPort,
      methods: withModules({
        ...chainMethods(parts, calls),
        ...ai?.methods,
        ...governanceMethods(config.protocol),
        ...circleMethods(config.protocol),
        ...agentMethods(config.protocol),
      }),
      onInternalError: (method, error) => logger.error({ module: "rpc", method, error }, "A request failed"),
      constants: ["eth_chainId", "net_version", "web3_clientVersion"],
      origins: rpcOrigins(config),
      hosts: config.rpcHosts,
      limits: {
        maxConnections: config.rpcMaxConnections,
        maxConnectionsPerAddress: config.rpcMaxConnectionsPerAddress,
      },
      intake: mempool && {
        rules: admissionRules(parts),
        addBatch: (candidates) => mempool.addBatch(candidates),
      },
      pages: {
        "/health": () => healthPage(healthOf(chain, allParts())),
        ...(config.metrics && { "/metrics": () => metricsPage(registry) }),
      },
      onAnswer: measureAnswers(registry),
      upstream: ai?.worker && { prefix: "/v1/", address: ai.worker },
    });
    measureParts(registry, allParts);
    measureAi(
      registry,
      () => ai?.queue(),
      () => ai?.figures(),
    );
    measureMirror(registry, () => ai?.contents());
    const web = await openWeb(parts, rpc, shared, ai?.link);
    return { rpc, ai, calls, web };
  } catch (error) {
    await calls.close();
    throw error;
  }
}

/** Calls run on threads of their own, over the database that this one writes. */
function startCalls({ config, definition, logger }: Parts): SimulationPool {
  return createSimulationPool({
    folder: chainFolder(config),
    rollup: definition.rollup,
    openledger: definition.openledger,
    executor: config.executor,
    deadlineMs: config.rpcEvmTimeout,
    logger: logger.child({ module: "rpc" }),
  });
}

function versionText(): string {
  const manifest = z.object({ version: z.string() });
  const { version } = manifest.parse(JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")));
  return `openledger/${version}`;
}

function chainMethods({ config, definition, store, chain }: Parts, calls: SimulationPool): RpcMethods {
  const { rollup } = definition;
  const state = createStateReader(store.state);
  return nodeRpcMethods({
    chain: createChainReader(store, chain.engine, config.addressIndex),
    state,
    simulator: calls,
    rollup,
    gasCap: config.rpcGasCap,
    pool: chain.mempool ?? chain.relay,
    logLimits: { maxRange: config.rpcLogRange },
    rollupReader: createRollupReader({ store, state, rollup, ...chain }),
    version: versionText(),
  });
}

/** What the AI services and the web's doors both read. */
interface Shared {
  store: ContentStore;
  addresses: () => ProtocolAddresses | undefined;
}

async function openShared({ protocol, dataDir }: NodeConfig): Promise<Shared | undefined> {
  if (protocol === undefined) return undefined;
  return { store: await openContentStore(join(dataDir, "content")), addresses: protocolAddresses(protocol) };
}

async function createAi(
  config: NodeConfig,
  { store, addresses }: Shared,
  rpcUrl: () => string,
  logger: Logger,
): Promise<AiService> {
  const { createAiService } = await import("../ai/serve/service.ts");
  const { openNodeWorker } = await import("./ai-worker.ts");
  const log = logger.child({ module: "ai" });
  return createAiService({
    rpcUrl,
    store,
    addresses,
    hostAddress: config.hostKey && addressOf(config.hostKey),
    worker: await openNodeWorker(config, rpcUrl, log),
    peers: config.sequencerUrl === undefined ? [] : [config.sequencerUrl],
    uploads: { folder: config.dataDir, maxBytes: config.contentUnnamedBytes },
    logger: log,
  });
}

function addressOf(key: Hex): Address {
  return privateKeyToAccount(key).address.toLowerCase() as Address;
}

async function openWeb(
  { config, definition, logger, tail }: Parts,
  rpc: RpcServer,
  shared: Shared | undefined,
  worker: WorkerLink | undefined,
): Promise<WebServer | undefined> {
  try {
    return await startWeb({
      ...{ config, logger, tail, version: versionText(), rpcPort: rpc.port, rpcUrl: rpc.httpUrl },
      chainId: Number(definition.rollup.l2ChainId),
      ai: shared && {
        addresses: shared.addresses,
        worker,
        content: { get: (hash) => shared.store.getContent(hash) },
      },
    });
  } catch (error) {
    await rpc.close();
    throw error;
  }
}

/** The file appears when the contracts are deployed, which may be after the node's start. */
function protocolAddresses(file: string): () => ProtocolAddresses | undefined {
  let known: ProtocolAddresses | undefined;
  return () => {
    if (known === undefined && existsSync(file)) known = readProtocolFile(file);
    return known;
  };
}

function run(
  config: NodeConfig,
  store: ChainStore,
  chain: ChainNode,
  { rpc, ai, calls, web }: Services,
  controller: AbortController,
  logger: Logger,
): RunningNode {
  const { hash, number } = chain.engine.heads().unsafe;
  logger.info({ rpc: rpc.httpUrl, web: web?.url, data: config.dataDir, number, hash }, "Node started");
  ai?.start();
  const close = async () => {
    await web?.close();
    await ai?.stop();
    await rpc.close();
    await calls.close();
    await store.close();
    logger.info({ number: chain.engine.heads().unsafe.number }, "Node stopped");
  };
  const serving = chain.supervise(rpcPart(rpc));
  const done = chain.run().finally(() => serving.finally(close));
  return {
    rpcUrl: rpc.httpUrl,
    wsUrl: rpc.wsUrl,
    webUrl: web?.url,
    done,
    async stop() {
      controller.abort();
      await done;
    },
  };
}

/** 200 when derivation has checked the chain and all parts run, L1's answers aside; else 503. */
function healthPage(health: Health): Page {
  const status = isServing(health) ? 200 : 503;
  return { status, type: "application/json", body: JSON.stringify(health) };
}

/** In Prometheus's text format. */
async function metricsPage(registry: Registry): Promise<Page> {
  return { status: 200, type: registry.contentType, body: await registry.metrics() };
}
