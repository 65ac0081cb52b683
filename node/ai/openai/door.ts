import type { IncomingMessage, ServerResponse } from "node:http";
import { monotonicMs, sleep } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Catalogue, HeldModel, ModelCard } from "../engine/catalogue.ts";
import { readBody } from "../http-body.ts";
import { answerStream, answerWhole, type Order } from "./answers.ts";
import { ApiError, asApiError, modelNotFound, shuttingDown } from "./api-error.ts";
import { chatOrder } from "./chat.ts";
import { completionOrder } from "./completions.ts";
import { answerEmbeddings } from "./embeddings.ts";
import { type ChatRequest, chatSchema, completionSchema, embeddingSchema, parseFields } from "./fields.ts";
import type { ApiKeys, Holder } from "./keys.ts";
import { type PurseHost, paidStream, paidWhole } from "./paid.ts";

export interface OpenAiDoorOptions {
  catalogue: () => Catalogue | undefined;
  keys: ApiKeys;
  /** Answers for accounts that signed a limit for their keys; absent or undefined: nobody does. */
  purses?: () => PurseHost | undefined;
  logger: Logger;
}

/** Bytes of one request. */
const MAX_BODY = 4 * 1024 * 1024;
/** Bytes of a request that is refused already. */
const MAX_UNASKED = 65_536;
/** For a client to take what is sent, in ms. */
const SEND_MS = 30_000;

/** What one request may look at and write to. */
interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  catalogue: Catalogue;
  holder: Holder;
  purses: PurseHost | undefined;
  /** The client is gone, or the door closes. */
  signal: AbortSignal;
}

/** OpenAI's HTTP API for the models of a catalogue: `/v1/models`, `/v1/chat/completions`, `/v1/completions`, `/v1/embeddings`. */
export class OpenAiDoor {
  private readonly options: OpenAiDoorOptions;
  private readonly open = new Set<AbortController>();
  private isDraining = false;

  constructor(options: OpenAiDoorOptions) {
    this.options = options;
  }

  /** Answers a request whose path begins with `/v1/`. Never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const ending = new AbortController();
    this.open.add(ending);
    response.on("error", () => {});
    const onClose = () => ending.abort(new ApiError(499, "The client closed the request."));
    response.once("close", onClose);
    try {
      if (this.isDraining) throw shuttingDown();
      const holder = this.options.keys.holder(request.headers.authorization);
      const catalogue = this.options.catalogue();
      if (catalogue === undefined) throw shuttingDown();
      const purses = this.options.purses?.();
      await route({ request, response, catalogue, holder, purses, signal: ending.signal });
    } catch (error) {
      await this.refuse(request, response, error).catch(() => response.destroy());
    } finally {
      response.off("close", onClose);
      this.open.delete(ending);
    }
  }

  /** Takes nothing new, waits for what is under way, then cuts what is left. */
  async drain(timeoutMs: number): Promise<void> {
    this.isDraining = true;
    const start = monotonicMs();
    while (this.open.size > 0 && monotonicMs() - start < timeoutMs) await sleep(20);
    for (const ending of this.open) ending.abort(shuttingDown());
    await sleep(0);
  }

  private async refuse(request: IncomingMessage, response: ServerResponse, error: unknown): Promise<void> {
    const told = asApiError(error);
    if (told.status === 500)
      this.options.logger.error({ url: request.url, error }, "A request to /v1 failed");
    if (response.destroyed) return;
    // In a stream the status is said already: the error is its last event.
    if (response.headersSent) return void response.end(`data: ${JSON.stringify(told.body())}\n\n`);
    const headers: Record<string, string> = {};
    if (told.retryAfter !== undefined) headers["retry-after"] = String(told.retryAfter);
    // Whoever passes a request on loses the answer where the connection ends before all of it was sent.
    if (!request.readableDidRead) await readBody(request, MAX_UNASKED).catch(() => undefined);
    // A body that nobody reads: the connection can't be used again.
    if (!request.complete) response.setHeader("connection", "close");
    sendJson(response, told.status, told.body(), headers);
  }
}

async function route(exchange: Exchange): Promise<void> {
  const { request, response, catalogue } = exchange;
  const path = (request.url ?? "").split("?")[0]!;
  const { method = "" } = request;
  switch (`${method} ${path}`) {
    case "GET /v1/models":
      return sendJson(response, 200, { object: "list", data: (await catalogue.list()).map(cardJson) });
    case "POST /v1/chat/completions": {
      const fields = parseFields(chatSchema, await readJson(request));
      if (await isPaid(exchange, fields)) return;
      return withModel(exchange, fields.model, async (model) =>
        complete(exchange, fields, await chatOrder(fields, model, exchange.holder)),
      );
    }
    case "POST /v1/completions": {
      const fields = parseFields(completionSchema, await readJson(request));
      return withModel(exchange, fields.model, async (model) =>
        complete(exchange, fields, await completionOrder(fields, model, exchange.holder)),
      );
    }
    case "POST /v1/embeddings": {
      const fields = parseFields(embeddingSchema, await readJson(request));
      return withModel(exchange, fields.model, async (model) =>
        sendJson(response, 200, await answerEmbeddings(fields, model, exchange.holder, exchange.signal)),
      );
    }
  }
  if (method === "GET" && path.startsWith("/v1/models/")) {
    const id = decoded(path.slice("/v1/models/".length));
    const card = (await catalogue.list()).find((one) => one.id === id);
    if (card === undefined) throw modelNotFound(id);
    return sendJson(response, 200, cardJson(card));
  }
  throw new ApiError(404, `Invalid URL (${method} ${path.slice(0, 200)})`);
}

/** Text of a path; what is no proper one stays as it is, and names no model. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function cardJson({ id, created, ownedBy }: ModelCard) {
  return { id, object: "model", created, owned_by: ownedBy };
}

async function withModel(
  { catalogue, holder }: Exchange,
  id: string,
  use: (model: HeldModel) => Promise<void>,
): Promise<void> {
  // The body is read by now: whoever passes it on sees a refusal, and no broken connection.
  holder.begin();
  const model = await catalogue.open(id);
  if (model === undefined) throw modelNotFound(id);
  try {
    await use(model);
  } finally {
    model.release();
  }
}

/** Answers a chat out of the purse of the key's account, where that signed a limit and the model is a registered one. */
async function isPaid(exchange: Exchange, fields: ChatRequest): Promise<boolean> {
  const { catalogue, holder, purses: host, response, signal } = exchange;
  const { payer } = holder;
  const limit = payer && host?.limitOf(payer);
  if (payer === undefined || host === undefined || limit === undefined) return false;
  const model = await catalogue.open(fields.model);
  if (model === undefined) throw modelNotFound(fields.model);
  try {
    const { modelId } = model;
    if (modelId === undefined) return false;
    requireStreamOptions(fields);
    holder.pay?.();
    const paid = { request: fields, model: { ...model, modelId }, payer, host, limit };
    if (fields.stream !== true) sendJson(response, 200, await paidWhole(paid, signal));
    else
      await stream(exchange, (begin, send) =>
        paidStream(paid, fields.stream_options?.include_usage === true, begin, send, signal),
      );
    return true;
  } finally {
    model.release();
  }
}

/** The fields of a stream. */
interface Streamed {
  stream?: boolean | null;
  stream_options?: { include_usage?: boolean | null } | null;
}

function requireStreamOptions(fields: Streamed): void {
  if (fields.stream_options && fields.stream !== true)
    throw new ApiError(400, "The 'stream_options' parameter is only allowed when 'stream' is enabled.", {
      param: "stream_options",
    });
}

/** Sends what `run` tells as events. */
async function stream(
  { response, signal }: Exchange,
  run: (begin: () => void, send: (event: object) => Promise<void>) => Promise<void>,
): Promise<void> {
  const begin = () =>
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
    });
  await run(begin, (event) => write(response, `data: ${JSON.stringify(event)}\n\n`, signal));
  response.end("data: [DONE]\n\n");
}

async function complete(exchange: Exchange, fields: Streamed, order: Order): Promise<void> {
  const { response, signal } = exchange;
  requireStreamOptions(fields);
  if (fields.stream !== true) return sendJson(response, 200, await answerWhole(order, signal));
  const includeUsage = fields.stream_options?.include_usage === true;
  await stream(exchange, (begin, send) => answerStream(order, includeUsage, begin, send, signal));
}

/** Resolves when the client has taken so much that more may be written. */
async function write(response: ServerResponse, text: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (response.write(text)) return;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => response.destroy(), SEND_MS);
    const done = () => {
      clearTimeout(timer);
      response.off("drain", done);
      response.off("close", done);
      if (response.destroyed) reject(new ApiError(499, "The client closed the request."));
      else resolve();
    };
    response.once("drain", done);
    response.once("close", done);
  });
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(body);
  const length = Buffer.byteLength(text);
  response.writeHead(status, { ...headers, "content-type": "application/json", "content-length": length });
  response.end(text);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const body = await readBody(request, MAX_BODY);
  if (body === undefined) throw new ApiError(413, `The request is larger than ${MAX_BODY} bytes.`);
  try {
    return JSON.parse(body) as unknown;
  } catch {
    const message =
      "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. The API expects a JSON payload.)";
    throw new ApiError(400, message);
  }
}
