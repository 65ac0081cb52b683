import { unlink } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { aiError } from "../errors.ts";
import { readBody } from "../http-body.ts";
import { MAX_CALL_BYTES, type WorkerAddress, type WorkerAnswer, type WorkerFailure } from "./protocol.ts";

/** One method of a worker: positional parameters in, a JSON value out. */
export type WorkerMethod = (params: readonly unknown[]) => unknown;

export interface WorkerServerOptions {
  methods: Readonly<Record<string, WorkerMethod>>;
  /** Answers what comes for a path below `/v1/`; absent: nothing does. */
  openAi?: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  logger: Logger;
}

const NO_OPEN_AI = JSON.stringify({
  error: {
    message: "This node does not serve /v1: its operator has set no API keys, and lets nobody make some.",
    ...{ type: "invalid_request_error", param: null, code: "not_served" },
  },
});
const MAX_CONNECTIONS = 1_024;
const HEAD_MS = 10_000;
const BODY_MS = 30_000;

/** Takes the calls of nodes; see {@link WorkerAddress}. */
export class WorkerServer {
  private readonly options: WorkerServerOptions;
  private readonly server: Server;

  constructor(options: WorkerServerOptions) {
    this.options = options;
    this.server = createServer(
      { headersTimeout: HEAD_MS, requestTimeout: BODY_MS, noDelay: true },
      (request, response) => {
        this.answer(request, response).catch(() => response.destroy());
      },
    );
    this.server.maxConnections = MAX_CONNECTIONS;
  }

  /** Listens; gives the address with the port that it has. @throws the system's error. */
  async listen(address: WorkerAddress): Promise<WorkerAddress> {
    // What a killed worker left behind.
    if ("socketPath" in address) await unlink(address.socketPath).catch(() => undefined);
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", reject);
      if ("socketPath" in address) this.server.listen(address.socketPath, resolve);
      else this.server.listen(address.port, address.host, resolve);
    });
    const bound = this.server.address();
    return typeof bound === "object" && bound !== null && "host" in address
      ? { host: address.host, port: bound.port }
      : address;
  }

  /** Takes no more calls, and cuts those that are under way. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await closed;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => {});
    const { openAi } = this.options;
    if (request.url?.startsWith("/v1/")) {
      if (openAi !== undefined) return openAi(request, response);
      return void response.writeHead(404, { "content-type": "application/json" }).end(NO_OPEN_AI);
    }
    const answer = await this.call(request);
    const body = JSON.stringify(answer, plainValue);
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    response.writeHead(200, headers).end(body);
  }

  private async call(request: IncomingMessage): Promise<WorkerAnswer> {
    const { methods, logger } = this.options;
    let method = "";
    try {
      const body = await readBody(request, MAX_CALL_BYTES);
      if (body === undefined) throw noCall(`a call has at most ${MAX_CALL_BYTES} bytes`);
      const call = readCall(body);
      method = call.method;
      if (!Object.hasOwn(methods, method)) throw noCall(`there is no method ${method.slice(0, 100)}`);
      return { result: (await methods[method]!(call.params)) ?? null };
    } catch (error) {
      if (!isCodedError(error)) logger.error({ method, error }, "A call of the AI worker failed");
      return { error: failureOf(error) };
    }
  }
}

function readCall(body: string): { method: string; params: readonly unknown[] } {
  let call: unknown;
  try {
    call = JSON.parse(body);
  } catch {
    throw noCall("a call is a JSON object");
  }
  const { method, params } = (typeof call === "object" && call !== null ? call : {}) as Record<
    string,
    unknown
  >;
  if (typeof method !== "string" || !Array.isArray(params))
    throw noCall("a call has a method and a list params");
  return { method, params };
}

function noCall(message: string) {
  return aiError("INVALID_PARAMS", { message, fix: "call the node, which speaks to its worker" });
}

/** An error that is none of the project's own tells nothing of the worker's inside. */
function failureOf(error: unknown): WorkerFailure {
  if (isCodedError(error)) {
    const { code, severity, message, fix, facts } = error;
    return { code, severity, message, fix, facts };
  }
  return { code: "AI_WORKER_FAILED", severity: "temporary", message: "the AI worker failed", facts: {} };
}

function plainValue(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
