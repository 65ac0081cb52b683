import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { RPC_CODE } from "../errors.ts";
import { answerBody } from "./answer-body.ts";
import { failureText } from "./answer-text.ts";
import type { ChainLink } from "./chain-link.ts";
import type { Connections } from "./connections.ts";
import type { HeldBytes } from "./held-bytes.ts";
import type { DoorLimits } from "./limits.ts";
import { corsHeaders, isHostAllowed, isOriginAllowed, preflightHeaders } from "./origins.ts";
import type { Reception } from "./reception.ts";
import { JSON_TYPES } from "./request-head.ts";
import { sendPieces, WHOLE } from "./slow-send.ts";
import { passOn, type Upstream } from "./upstream.ts";

/** What HTTP requests are answered from. */
export interface HttpParts {
  reception: Reception;
  link: ChainLink;
  connections: Connections;
  held: HeldBytes;
  limits: DoorLimits;
  origins: readonly string[];
  hosts: readonly string[];
  pages: readonly string[];
  upstream: Upstream | undefined;
}

/** Requests that one connection may send before it has its answers. */
const MAX_PIPELINED = 64;
const TEXT = "text/plain; charset=utf-8";
/** Path of a request line: no absolute form, which is for proxies, and nothing that browsers would not send. */
const PATH = /^\/(?:[^/?#][^?#]*)?(?:\?[^#]*)?$/;
const WELCOME = "POST JSON-RPC 2.0 requests here\n";

/** Answers one request. Never rejects. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export function httpHandler(parts: HttpParts): HttpHandler {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    try {
      await new Exchange(parts, request, response).answer();
    } catch {
      response.destroy();
    }
  };
  return async (request, response) => {
    response.on("error", () => {});
    const connection = parts.connections.of(request.socket);
    if (connection === undefined || connection.requests >= MAX_PIPELINED) {
      request.socket.destroy();
      return;
    }
    parts.connections.asked(connection);
    connection.requests++;
    // One at a time, so that no client has more calls under way than it has connections.
    const before = connection.turn;
    connection.turn = (
      connection.requests === 1 ? answer(request, response) : before.then(() => answer(request, response))
    ).finally(() => {
      connection.requests--;
    });
    await connection.turn;
  };
}

class Exchange {
  private readonly parts: HttpParts;
  private readonly request: IncomingMessage;
  private readonly response: ServerResponse;
  private readonly headers: OutgoingHttpHeaders;

  constructor(parts: HttpParts, request: IncomingMessage, response: ServerResponse) {
    this.parts = parts;
    this.request = request;
    this.response = response;
    this.headers = corsHeaders(request.headers, parts.origins);
  }

  async answer(): Promise<void> {
    const { method = "", url = "", headers } = this.request;
    if (!isHostAllowed(headers.host, this.parts.hosts)) return this.plain(403, "invalid host specified\n");
    if (!PATH.test(url)) return this.plain(400, "bad request target\n");
    const path = url.split("?")[0]!;
    const { upstream } = this.parts;
    if (upstream !== undefined && path.startsWith(upstream.prefix) && (method === "GET" || method === "POST"))
      return this.passOn(upstream);
    switch (method) {
      case "OPTIONS":
        this.response.writeHead(204, preflightHeaders(this.request, this.parts.origins)).end();
        return;
      case "GET":
      case "HEAD":
        return this.page(path);
      case "POST":
        return path === "/" ? this.post() : this.plain(404, "not found\n");
      default:
        this.headers.allow = "GET, HEAD, POST, OPTIONS";
        return this.plain(405, "method not allowed\n");
    }
  }

  private async passOn(upstream: Upstream): Promise<void> {
    const refusal = this.refusal();
    if (refusal !== undefined) return this.refuse(...refusal);
    await passOn(this.request, this.response, upstream, this.headers);
  }

  private async page(path: string): Promise<void> {
    const { pages, link, limits } = this.parts;
    if (path === "/") return this.plain(200, WELCOME);
    if (!pages.includes(path)) return this.plain(404, "not found\n");
    const page = await link.page(path, limits.pageMs);
    if (page === undefined)
      return this.whole(503, '{"status":"unresponsive"}', "application/json", { "retry-after": "1" });
    return this.whole(page.status, page.body, page.type);
  }

  private async post(): Promise<void> {
    const refusal = this.refusal();
    if (refusal !== undefined) return this.refuse(...refusal);
    const { held, limits } = this.parts;
    const body = await readBody(this.request, limits.maxRequestBytes, held);
    if (body === "too large") return this.refuse(413, "request too large\n");
    if (body === "busy")
      return this.whole(503, failureText(undefined, RPC_CODE.limit, "server busy"), "application/json");
    try {
      await this.rpc(body);
    } finally {
      held.release(body.length);
    }
  }

  /** What can be said before the body is read. */
  private refusal(): [status: number, text: string] | undefined {
    const { headers } = this.request;
    if (!isOriginAllowed(headers, this.parts.origins)) return [403, "origin not allowed\n"];
    const type = headers["content-type"];
    if (type !== undefined && !JSON_TYPES.test(type))
      return [415, "invalid content type, only application/json is supported\n"];
    const encoding = headers["content-encoding"] ?? "identity";
    if (encoding.trim().toLowerCase() !== "identity")
      return [
        415,
        `content encoding ${JSON.stringify(encoding.slice(0, 40))} is not supported: send the body as it is\n`,
      ];
    const length = Number(headers["content-length"] ?? 0);
    const most = this.parts.limits.maxRequestBytes;
    return length > most ? [413, `content length too large (${length}>${most})\n`] : undefined;
  }

  private async rpc(body: Uint8Array): Promise<void> {
    const { reception, limits, connections } = this.parts;
    const address = connections.of(this.request.socket)?.address ?? "";
    const { answerCall, end } = reception.body({ address, connection: 0 });
    try {
      let whole = "";
      for await (const piece of answerBody(body, limits, answerCall)) {
        if (this.response.destroyed) return;
        // Answers of a batch go out in one piece with their length up to here, longer ones as they come, without; the answer to a
        // single request has its length always.
        if (this.response.headersSent) await this.send(piece);
        else if (whole.length + piece.length <= WHOLE || piece.startsWith("{")) whole += piece;
        else {
          this.response.writeHead(200, { ...this.headers, "content-type": "application/json" });
          await this.send(whole + piece);
        }
      }
      if (this.response.headersSent) this.response.end();
      else await this.whole(200, whole, "application/json");
    } finally {
      end();
    }
  }

  private send(text: string): Promise<void> {
    const { held, limits } = this.parts;
    return sendPieces(this.response, text, held, limits.sendMs);
  }

  private plain(status: number, text: string): Promise<void> {
    return this.whole(status, text, TEXT);
  }

  /** An answer to a request whose body nobody reads: the connection can't be used again. */
  private refuse(status: number, text: string): void {
    this.headers.connection = "close";
    void this.plain(status, text);
    // What the client still sends is thrown away for a moment, so that it gets to read the answer.
    this.request.resume();
    setTimeout(() => this.request.destroy(), REFUSED_MS).unref();
  }

  /** With its length, so that a small answer goes out as it is in one piece. */
  private async whole(
    status: number,
    body: string,
    type: string,
    more: OutgoingHttpHeaders = {},
  ): Promise<void> {
    const { response, headers } = this;
    const length = Buffer.byteLength(body);
    response.writeHead(status, { ...headers, ...more, "content-type": type, "content-length": length });
    if (length <= WHOLE || this.request.method === "HEAD") {
      response.end(this.request.method === "HEAD" ? undefined : body);
      return;
    }
    await this.send(body);
    response.end();
  }
}

/** How long a refused body may still come in, in ms. */
const REFUSED_MS = 1_000;

/** The body; rejects when the connection ends before it. */
function readBody(
  request: IncomingMessage,
  limit: number,
  held: HeldBytes,
): Promise<Uint8Array | "too large" | "busy"> {
  return new Promise((resolve, reject) => {
    const parts: Uint8Array[] = [];
    let size = 0;
    let isDone = false;
    const stop = (outcome: () => void) => {
      if (isDone) return;
      isDone = true;
      held.release(size);
      outcome();
    };
    request.on("data", (part: Uint8Array) => {
      if (isDone) return;
      if (size + part.length > limit) return stop(() => resolve("too large"));
      if (!held.tryTake(part.length)) return stop(() => resolve("busy"));
      size += part.length;
      parts.push(part);
    });
    request.on("end", () => {
      if (isDone) return;
      isDone = true;
      resolve(parts.length === 1 ? parts[0]! : Buffer.concat(parts));
    });
    request.on("error", (error) => stop(() => reject(error)));
    request.on("close", () => stop(() => reject(new Error("the connection ended before the request"))));
  });
}
