import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Registry } from "prom-client";
import { z } from "zod";
import type { ProtocolAddresses } from "../ai/client/chain.ts";
import { measureAi } from "../ai/metrics.ts";
import type { AiService } from "../ai/serve/service.ts";
import { createLogger, type Logger } from "../base/logger.ts";
import { packageRoot } from "../base/paths.ts";
import { createStateReader } from "../execution/evm/state-reader.ts";
import { createSimulationPool, type SimulationPool } from "../execution/simulation/simulation-pool.ts";
import type { Page } from "../rpc/door/protocol.ts";
import { measureAnswers } from "../rpc/metrics.ts";
import { withModules } from "../rpc/namespaces/modules.ts";
import { nodeRpcMethods } from "../rpc/node-methods.ts";
import { createRpcServer, type RpcServer, rpcPart } from "../rpc/server.ts";
import type { RpcMethods } from "../rpc/types.ts";
import type { ChainStore } from "../store/chain-store.ts";
import { openContentStore } from "../store/content/content-store.ts";
import { type ChainNode, createChainNode } from "./chain-node.ts";
import type { NodeConfig } from "./config/node-config.ts";
import { type Health, healthOf } from "./health.ts";
import { createNodeMetrics, measureParts, type NodeMetrics } from "./metrics.ts";
import { admissionRules } from "./node-pool.ts";
import { type ChainDefinition, chainFolder, openChain, readChainDefinition } from "./open-chain.ts";
import { readProtocolFile } from "./protocol-file.ts";
import { createChainReader, createRollupReader } from "./readers.ts";

export interface RunningNode {
  readonly rpcUrl: string;
  readonly wsUrl: string;
  /** Resolves when the node has stopped, rejects when it had to stop. */
  readonly done: Promise<void>;
  /** Stops it; resolves when everything is closed. */
  stop(): Promise<void>;
}

/**
 * Runs one node until it is stopped: chain, JSON-RPC on one port over HTTP and WebSocket, and the AI services where the
 * protocol's addresses are given. @throws CodedError of whatever keeps it from starting; nothing stays open then.
 */
export async function startNode(config: NodeConfig, logger?: Logger): Promise<RunningNode> {
  const log = logger ?? createLogger({ level: config.logLevel, format: config.logFormat });
  const definition = readChainDefinition(config);
  const store = await openChain(config, definition, log);
  const controller = new AbortController();
  try {
    const metrics = createNodeMetrics();
    const chain = createChainNode({ config, definition, store, logger: log, controller, metrics });
    const services = await openServices({ config, definition, store, chain, metrics, logger: log });
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
}

interface Parts {
  config: NodeConfig;
  definition: ChainDefinition;
  store: ChainStore;
  chain: ChainNode;
  metrics: NodeMetrics;
  logger: Logger;
}

async function openServices(parts: Parts): Promise<Services> {
  const { config, chain, metrics, logger } = parts;
  const { registry } = metrics;
  const { mempool } = chain;
  const calls = startCalls(parts);
  try {
    // The AI services ask for the address of the server that serves their methods.
    let rpc: RpcServer | undefined;
    const ai = await createAi(config, () => rpc?.httpUrl ?? "", logger);
    const allParts = () => [...chain.parts(), ...(ai?.parts() ?? [])];
    rpc = await createRpcServer({
      host: config.rpcHost,
      port: config.rpcPort,
      methods: withModules({ ...chainMethods(parts, calls), ...ai?.methods }),
      onInternalError: (method, error) => logger.error({ module: "rpc", method, error }, "A request failed"),
      constants: ["eth_chainId", "net_version", "web3_clientVersion"],
      origins: config.rpcCors,
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
    });
    measureParts(registry, allParts);
    measureAi(registry, () => ai?.queue());
    return { rpc, ai, calls };
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

function chainMethods({ config, definition, store, chain }: Parts, calls: SimulationPool): RpcMethods {
  const { rollup } = definition;
  const manifest = z.object({ version: z.string() });
  const { version } = manifest.parse(JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")));
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
    version: `openledger/${version}`,
  });
}

async function createAi(
  config: NodeConfig,
  rpcUrl: () => string,
  logger: Logger,
): Promise<AiService | undefined> {
  const { protocol } = config;
  if (protocol === undefined) return undefined;
  const { createAiService } = await import("../ai/serve/service.ts");
  return createAiService({
    rpcUrl,
    store: await openContentStore(join(config.dataDir, "content")),
    folder: join(config.dataDir, "ai"),
    addresses: protocolAddresses(protocol),
    hostKey: config.hostKey,
    watcherKey: config.watcherKey,
    peers: config.sequencerUrl === undefined ? [] : [config.sequencerUrl],
    threads: config.threads,
    logger: logger.child({ module: "ai" }),
  });
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
  { rpc, ai, calls }: Services,
  controller: AbortController,
  logger: Logger,
): RunningNode {
  const { hash, number } = chain.engine.heads().unsafe;
  logger.info({ rpc: rpc.httpUrl, data: config.dataDir, number, hash }, "Node started");
  ai?.start();
  const close = async () => {
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
    done,
    async stop() {
      controller.abort();
      await done;
    },
  };
}

/** 200 when all parts run and derivation has checked the chain, else 503. */
function healthPage(health: Health): Page {
  const status = health.status === "ok" ? 200 : 503;
  return { status, type: "application/json", body: JSON.stringify(health) };
}

/** In Prometheus's text format. */
async function metricsPage(registry: Registry): Promise<Page> {
  return { status: 200, type: registry.contentType, body: await registry.metrics() };
}
