import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { randomBytes } from "../base/clock.ts";
import { answerApi } from "./api-answer.ts";
import { apiError } from "./errors.ts";
import { COMMON_HEADERS, contentSecurityPolicy, hostName } from "./headers.ts";
import { RateLimit } from "./rate.ts";
import type { ApiRoute } from "./routes.ts";
import type { Sessions } from "./sessions.ts";
import { signInRoutes } from "./sign-in-routes.ts";
import type { SiteDescription } from "./site.ts";
import { NONCE_PLACE, type StaticFile, type StaticSite } from "./static-files.ts";

export interface WebServerOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  pages: StaticSite;
  site: () => SiteDescription;
  /** Whether the server answers to that name; names of strangers would let their pages in (DNS rebinding). */
  isHostAllowed: (name: string) => boolean;
  routes: readonly ApiRoute[];
  /** Absent where nobody can sign in. */
  sessions?: Sessions;
  onInternalError: (path: string, error: unknown) => void;
}

export interface WebServer {
  readonly url: string;
  close(): Promise<void>;
}

const MAX_CONNECTIONS = 512;
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
const MAX_HEADER_BYTES = 16_384;
/** Requests to /api of one address. */
const API_RATE = { burst: 60, everyMs: 250 };
const FOR_EVER = "public, max-age=31536000, immutable";

/** What each answer needs. */
interface Parts {
  options: WebServerOptions;
  routes: readonly ApiRoute[];
  rate: RateLimit;
}

/**
 * Serves the pages, what they have to know and the doors made for them, on a port of its own.
 * @throws CodedError `WEB_PORT_BUSY`, `WEB_LISTEN_FAILED`.
 */
export async function startWebServer(options: WebServerOptions): Promise<WebServer> {
  const { sessions } = options;
  const routes = [...options.routes, ...(sessions === undefined ? [] : signInRoutes(sessions))];
  const parts: Parts = { options, routes, rate: new RateLimit(API_RATE) };
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
    answer(parts, request, response).catch((error: unknown) => {
      options.onInternalError(request.url ?? "", error);
      if (!response.headersSent) plain(response, 500, "internal error\n");
      else response.destroy();
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.headersTimeout = HEADERS_MS;
  server.requestTimeout = REQUEST_MS;
  await listen(server, options);
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  const name = options.host.includes(":") ? `[${options.host}]` : options.host;
  return {
    url: `http://${name}:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, { host, port }: WebServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) =>
      reject(
        apiError(cause.code === "EADDRINUSE" ? "WEB_PORT_BUSY" : "WEB_LISTEN_FAILED", {
          message: `The web can't listen on ${host}:${port}: ${cause.message}.`,
          fix: "Choose another port with --web-port, or turn it off with --web off.",
          facts: { host, port },
          cause,
        }),
      ),
    );
    server.listen(port, host, () => {
      server.removeAllListeners("error");
      resolve();
    });
  });
}

async function answer(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { options, routes, rate } = parts;
  const name = hostName(request.headers.host);
  if (name === undefined || !options.isHostAllowed(name))
    return plain(response, 403, "this server does not answer to that name\n");
  const path = pathOf(request.url);
  if (path === undefined) return plain(response, 400, "bad request target\n");
  if (path.startsWith("/api/") || path === "/openapi.json")
    return answerApi(
      { routes, rate, sessions: options.sessions, onInternalError: options.onInternalError },
      path,
      request,
      response,
    );
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    return plain(response, 405, "method not allowed\n");
  }
  if (path === "/site.json") {
    const headers = { "content-type": "application/json", "cache-control": "no-store" };
    return send(request, response, 200, headers, JSON.stringify(options.site()));
  }
  const file = options.pages.files.get(path);
  if (file !== undefined) return sendFile(request, response, file);
  // What has an ending is a file, and this one is not there; all else is a page's address.
  if (/\.[a-z0-9]+$/i.test(path)) return plain(response, 404, "not found\n");
  return sendPage(request, response, options, name);
}

/** The path of a request target; undefined for one that no page or file has. */
function pathOf(target: string | undefined): string | undefined {
  if (target === undefined || !target.startsWith("/") || target.length > 2_048) return undefined;
  const raw = target.split(/[?#]/, 1)[0]!;
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined;
  }
}

function sendFile(request: IncomingMessage, response: ServerResponse, file: StaticFile): void {
  const headers: Record<string, string> = {
    "content-type": file.type,
    etag: file.etag,
    "cache-control": file.isImmutable ? FOR_EVER : "no-cache",
    vary: "Accept-Encoding",
  };
  if (request.headers["if-none-match"]?.includes(file.etag)) {
    response.writeHead(304, { ...COMMON_HEADERS, ...headers }).end();
    return;
  }
  const takesGzip = /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
  const gzip = takesGzip ? file.gzip : undefined;
  const encoded = gzip === undefined ? headers : { ...headers, "content-encoding": "gzip" };
  send(request, response, 200, encoded, gzip ?? file.bytes);
}

function sendPage(
  request: IncomingMessage,
  response: ServerResponse,
  { pages, site }: WebServerOptions,
  name: string,
): void {
  const nonce = Buffer.from(randomBytes(16)).toString("base64");
  const headers = {
    "content-type": "text/html; charset=utf-8",
    // The nonce is good for one answer only.
    "cache-control": "no-store",
    "content-security-policy": contentSecurityPolicy(nonce, reachable(site(), name)),
  };
  send(request, response, 200, headers, pages.index.replaceAll(NONCE_PLACE, nonce));
}

/** Origins that the page calls: JSON-RPC under the name by which the page was asked for, and L1. */
function reachable({ rpc, l1Url }: SiteDescription, name: string): string[] {
  const origins = [];
  if ("port" in rpc) origins.push(`http://${name}:${rpc.port}`, `ws://${name}:${rpc.port}`);
  else origins.push(new URL(rpc.url).origin, new URL(rpc.url).origin.replace(/^http/, "ws"));
  if (l1Url !== undefined) origins.push(new URL(l1Url).origin);
  return origins;
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array,
): void {
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
  response.writeHead(status, { ...COMMON_HEADERS, ...headers, "content-length": length });
  response.end(request.method === "HEAD" ? undefined : body);
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { ...COMMON_HEADERS, "content-type": "text/plain; charset=utf-8" });
  response.end(text);
}
