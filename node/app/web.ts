import { existsSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { type ChainClient, connectChain, type ProtocolAddresses } from "../ai/client/chain.ts";
import type { ContentSource } from "../ai/content/source.ts";
import type { WorkerLink } from "../ai/worker/link.ts";
import { factoryRoutes } from "../api/factory-routes.ts";
import { keyRoutes } from "../api/key-routes.ts";
import { operatorRoutes } from "../api/operator-routes.ts";
import { promptRoute } from "../api/prompt-route.ts";
import { reportRoute } from "../api/report-route.ts";
import type { ApiRoute } from "../api/routes.ts";
import { Sessions } from "../api/sessions.ts";
import { readPublicAccounts } from "../api/site.ts";
import { readStaticSite } from "../api/static-files.ts";
import { startWebServer, type WebServer } from "../api/web-server.ts";
import { isCodedError } from "../base/errors.ts";
import type { LogTail } from "../base/log-tail.ts";
import type { Logger } from "../base/logger.ts";
import { packageRoot } from "../base/paths.ts";
import type { Address } from "../chain/types/primitives.ts";
import { agentsFile } from "./agent-methods.ts";
import { circleFile } from "./circle-methods.ts";
import type { NodeConfig } from "./config/node-config.ts";
import { shownSettings } from "./config/shown-settings.ts";
import { webPortOf } from "./config/web-settings.ts";
import { governanceFile } from "./governance-methods.ts";

/** What the doors reach of the AI services. */
export interface WebAi {
  addresses: () => ProtocolAddresses | undefined;
  content: ContentSource;
  /** Absent where this node has no AI worker. */
  worker: WorkerLink | undefined;
}

export interface WebParts {
  config: NodeConfig;
  version: string;
  /** Of JSON-RPC, as it listens. */
  rpcPort: number;
  rpcUrl: string;
  chainId: number;
  /** The newest lines of the node's log. */
  tail: LogTail;
  /** Absent where the node knows no protocol. */
  ai: WebAi | undefined;
  logger: Logger;
}

/**
 * Starts the web where the settings ask for it. Pages that were not built, and a port beside JSON-RPC's that is taken, are told in
 * the log and hold no node up; a port that the settings name has to be free.
 * @throws CodedError `WEB_PORT_BUSY`, `WEB_LISTEN_FAILED`, `WEB_ACCOUNTS_INVALID`.
 */
export async function startWeb(parts: WebParts): Promise<WebServer | undefined> {
  const { config, logger } = parts;
  if (config.web === "off") return undefined;
  try {
    return await openWeb(parts);
  } catch (error) {
    const isTold =
      isCodedError(error, "WEB_NOT_BUILT") ||
      (isCodedError(error, "WEB_PORT_BUSY") && config.webPort === undefined);
    if (!isTold) throw error;
    logger.warn({ module: "web", error }, "The node runs without its web pages");
    return undefined;
  }
}

/** Pages that may call JSON-RPC: those that the settings name, and the node's own under its names, also behind a proxy. */
export function rpcOrigins(config: NodeConfig): string[] {
  if (config.web === "off") return config.rpcCors;
  const port = webPortOf(config);
  const own = config.webHosts.flatMap((name) => [
    `https://${name}`,
    `http://${name}`,
    `http://${name}:${port}`,
  ]);
  return [...config.rpcCors, ...own];
}

function openWeb(parts: WebParts): Promise<WebServer> {
  const { config, version, rpcPort, ai, logger } = parts;
  const accounts = config.webAccounts === undefined ? [] : readPublicAccounts(config.webAccounts);
  const rpc = config.webRpcUrl === undefined ? { port: rpcPort } : { url: config.webRpcUrl };
  const names = new Set(["localhost", ...config.webHosts]);
  const { protocol } = config;
  const isDeployed = (fileOf: (protocolFile: string) => string) =>
    protocol !== undefined && existsSync(fileOf(protocol));
  return startWebServer({
    host: config.webHost,
    port: webPortOf(config),
    pages: readStaticSite(join(packageRoot(), "dist", "web")),
    site: () => ({
      version,
      rpc,
      l1Url: config.webL1Url,
      accounts,
      hasFactory: config.factoryAccounts !== undefined && ai?.worker !== undefined,
      hasKeys: config.openaiAccounts !== undefined && ai?.worker !== undefined,
      freeKey: config.webFreeKey,
      hasGovernance: isDeployed(governanceFile),
      hasCircle: isDeployed(circleFile),
      hasAgents: isDeployed(agentsFile),
      hasOperator: config.operatorAccounts !== undefined,
    }),
    // Nobody can make an IP address mean another machine.
    isHostAllowed: (name) => names.has(name) || isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0,
    routes: [...operatorDoors(parts), ...(ai === undefined ? [] : routesOf(ai, parts))],
    sessions: sessionsOf(parts),
    onInternalError: (path, error) => logger.error({ module: "web", path, error }, "A request failed"),
  });
}

function operatorDoors({ config, tail }: WebParts): ApiRoute[] {
  const { operatorAccounts } = config;
  if (operatorAccounts === undefined) return [];
  const parts = { settings: () => shownSettings(config), log: (count: number) => tail.newest(count) };
  return operatorRoutes(parts, oneOf(operatorAccounts));
}

function routesOf(ai: WebAi, { rpcUrl, config }: WebParts): ApiRoute[] {
  const { factoryAccounts, openaiAccounts } = config;
  const { worker } = ai;
  const routes = [
    promptRoute({ chain: chainOf(rpcUrl, ai.addresses), content: ai.content }),
    reportRoute(config.webReports ?? join(config.dataDir, "attribution")),
  ];
  if (worker === undefined) return routes;
  if (factoryAccounts !== undefined) routes.push(...factoryRoutes(worker, oneOf(factoryAccounts)));
  if (openaiAccounts !== undefined) routes.push(...keyRoutes(worker, oneOf(openaiAccounts)));
  return routes;
}

/** Who may sign in: whom the settings name for anything. */
function sessionsOf({ chainId, config, ai }: WebParts): Sessions | undefined {
  const { factoryAccounts = [], openaiAccounts = [], operatorAccounts = [] } = config;
  const named = [...(ai === undefined ? [] : [...factoryAccounts, ...openaiAccounts]), ...operatorAccounts];
  return named.length === 0 ? undefined : new Sessions({ chainId, isAllowed: oneOf(named) });
}

/** Whether an account is among those, or any account is. */
function oneOf(accounts: readonly string[]): (account: Address) => boolean {
  const named = new Set(accounts);
  return (account) => named.has("any") || named.has(account);
}

function chainOf(rpcUrl: string, addresses: () => ProtocolAddresses | undefined) {
  let client: Promise<ChainClient> | undefined;
  return async () => {
    const at = addresses();
    if (at === undefined) return undefined;
    client ??= connectChain(rpcUrl);
    client.catch(() => {
      client = undefined;
    });
    return { client: await client, at };
  };
}
