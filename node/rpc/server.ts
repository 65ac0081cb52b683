import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import { createDispatcher, type Dispatcher, type DispatchLimits, type OnInternalError } from "./dispatch.ts";
import { serverError } from "./errors.ts";
import type { RpcConnection, RpcMethods } from "./types.ts";

export interface RpcLimits extends DispatchLimits {
  /** Bytes of one request. */
  maxRequestBytes: number;
  maxConnections: number;
}

export const DEFAULT_RPC_LIMITS: RpcLimits = {
  maxRequestBytes: 5 * 1024 * 1024,
  maxResponseBytes: 64 * 1024 * 1024,
  maxBatch: 1000,
  maxBatchCallMs: 10_000,
  maxBatchCallGas: 500_000_000n,
  maxConnections: 512,
};

export interface RpcServerOptions {
  methods: RpcMethods;
  host: string;
  /** 0 takes a free one. */
  port: number;
  limits?: Partial<RpcLimits>;
  onInternalError?: OnInternalError;
  /** Answers GET requests, for example /health; gives false where the path is not its own. */
  onGet?: (path: string, response: ServerResponse) => boolean;
}

export interface RpcServer {
  readonly host: string;
  readonly port: number;
  /** http:// and ws:// of the same port. */
  readonly httpUrl: string;
  readonly wsUrl: string;
  close(): Promise<void>;
}

const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "POST, GET, OPTIONS",
  "access-control-allow-headers": "*",
  "access-control-max-age": "86400",
};

/**
 * How long an idle connection stays open, in milliseconds, as in geth. With Node's five seconds a busy process closes
 * connections on which a request has arrived that it did not yet get to.
 */
const IDLE_MS = 120_000;

class BodyTooLarge extends Error {}

/** The body as text. @throws BodyTooLarge; rejects when the connection ends before the body. */
function readBody(request: IncomingMessage, limit: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Uint8Array[] = [];
    let size = 0;
    request.on("data", (part: Uint8Array) => {
      size += part.length;
      if (size > limit) reject(new BodyTooLarge());
      else parts.push(part);
    });
    request.on("end", () => {
      const whole = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
      resolve(Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength).toString("utf8"));
    });
    request.on("error", reject);
    request.on("close", () => reject(new Error("the connection ended before the request")));
  });
}

/** With its length, so that the answer goes out as it is in one piece. */
function reply(response: ServerResponse, status: number, body: string, type = "application/json"): void {
  const length = Buffer.byteLength(body);
  response.writeHead(status, { ...CORS, "content-type": type, "content-length": length }).end(body);
}

async function onPost(
  request: IncomingMessage,
  response: ServerResponse,
  dispatcher: Dispatcher,
  limits: RpcLimits,
): Promise<void> {
  try {
    const body = await readBody(request, limits.maxRequestBytes);
    const answer = await dispatcher.handle(body, { connection: undefined });
    reply(response, 200, answer ?? "");
  } catch (error) {
    if (!(error instanceof BodyTooLarge)) throw error;
    response.setHeader("connection", "close");
    reply(response, 413, "request too large\n", "text/plain");
    request.destroy();
  }
}

function httpHandler(dispatcher: Dispatcher, limits: RpcLimits, onGet: RpcServerOptions["onGet"]) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    response.on("error", () => {});
    if (request.method === "OPTIONS") {
      response.writeHead(204, CORS).end();
      return;
    }
    if (request.method === "POST") {
      onPost(request, response, dispatcher, limits).catch(() => response.destroy());
      return;
    }
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    if (request.method === "GET" && onGet?.(path, response)) return;
    reply(response, 405, "POST JSON-RPC 2.0 requests here\n", "text/plain");
  };
}

function onSocket(socket: WebSocket, dispatcher: Dispatcher): void {
  const closers: (() => void)[] = [];
  const connection: RpcConnection = {
    notify(method, params) {
      if (socket.readyState === WebSocket.OPEN)
        socket.send(JSON.stringify({ jsonrpc: "2.0", method, params }));
    },
    onClose: (listener) => closers.push(listener),
  };
  let queue = Promise.resolve();
  socket.on("message", (data, isBinary) => {
    if (isBinary) return socket.close(1003, "text only");
    // In order: a client that subscribes and then reads expects its answers in that order.
    queue = queue.then(async () => {
      const answer = await dispatcher.handle(data.toString(), { connection });
      if (answer !== undefined && socket.readyState === WebSocket.OPEN) socket.send(answer);
    });
    queue.catch(() => socket.terminate());
  });
  socket.on("error", () => socket.terminate());
  socket.on("close", () => {
    for (const close of closers) close();
  });
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) =>
      reject(
        serverError(cause.code === "EADDRINUSE" ? "RPC_PORT_BUSY" : "RPC_LISTEN_FAILED", {
          message: `Can't listen on ${host}:${port}: ${cause.message}.`,
          fix: "Stop the other program, or choose another port.",
          facts: { host, port },
          cause,
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
}

/**
 * Serves JSON-RPC over HTTP and WebSocket on one port.
 * @throws CodedError `RPC_PORT_BUSY`, `RPC_LISTEN_FAILED`.
 */
export async function createRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const limits: RpcLimits = { ...DEFAULT_RPC_LIMITS, ...options.limits };
  const dispatcher = createDispatcher(options.methods, limits, options.onInternalError ?? (() => {}));
  const server = createServer(httpHandler(dispatcher, limits, options.onGet));
  server.maxConnections = limits.maxConnections;
  server.keepAliveTimeout = IDLE_MS;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: limits.maxRequestBytes });
  server.on("upgrade", (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (ws) => onSocket(ws, dispatcher));
  });
  await listen(server, options.host, options.port);
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return {
    host: options.host,
    port,
    httpUrl: `http://${host}:${port}`,
    wsUrl: `ws://${host}:${port}`,
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
