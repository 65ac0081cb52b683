import type { IncomingMessage, ServerResponse } from "node:http";
import type { z } from "zod";
import { type CodedError, isCodedError } from "../base/errors.ts";
import { apiError } from "./errors.ts";
import { COMMON_HEADERS, isOwnOrigin } from "./headers.ts";
import { openApi } from "./openapi.ts";
import type { RateLimit } from "./rate.ts";
import { type ApiRoute, matchPath } from "./routes.ts";
import type { Sessions } from "./sessions.ts";

/** Bytes of a body, unless its route says otherwise. */
const MAX_BODY = 262_144;

export interface ApiParts {
  routes: readonly ApiRoute[];
  rate: RateLimit;
  /** Absent where nobody can sign in. */
  sessions: Sessions | undefined;
  onInternalError: (path: string, error: unknown) => void;
}

/** Answers a request to one of the doors: JSON in, JSON out, an error as `{error: {code, message, fix, facts}}`. */
export async function answerApi(
  parts: ApiParts,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { routes, rate, onInternalError } = parts;
  if (path === "/openapi.json" && request.method === "GET") return json(response, 200, openApi(routes));
  const here = routes.filter((route) => matchPath(route.path, path) !== undefined);
  if (here.length === 0) return fail(response, 404, notFound(`There is no ${path}.`));
  // A path without braces goes before one with them.
  const route = here
    .filter(({ method }) => method === request.method)
    .sort((a, b) => Number(a.path.includes("{")) - Number(b.path.includes("{")))[0];
  if (route === undefined) {
    response.setHeader("allow", [...new Set(here.map(({ method }) => method))].join(", "));
    return fail(response, 405, notFound(`${path} is not asked that way.`));
  }
  if (!isOwnOrigin(request)) return fail(response, 403, foreign());
  const wait = rate.take(request.socket.remoteAddress ?? "");
  if (wait !== undefined) {
    response.setHeader("retry-after", String(Math.ceil(wait / 1_000)));
    return fail(response, 429, busy());
  }
  const ending = new AbortController();
  response.once("close", () => ending.abort());
  try {
    json(response, 200, await runRoute(parts, route, path, request, ending.signal));
  } catch (error) {
    if (ending.signal.aborted) return;
    if (!isCodedError(error)) throw error;
    if (error.severity === "fatal") onInternalError(path, error);
    fail(response, statusOf(error), error);
  }
}

async function runRoute(
  { sessions }: ApiParts,
  route: ApiRoute,
  path: string,
  request: IncomingMessage,
  signal: AbortSignal,
): Promise<unknown> {
  const { authorization } = request.headers;
  const account = route.needsSignIn ? requireSessions(sessions).account(authorization) : "0x";
  if (route.isAllowed?.(account) === false) throw notAllowed();
  const body =
    route.method === "POST"
      ? parse(route.body, await readJson(request, route.maxBytes ?? MAX_BODY))
      : undefined;
  const query = new URL(request.url ?? "/", "http://localhost").searchParams;
  return route.run(body, { signal, account, query, request, params: matchPath(route.path, path)! });
}

function requireSessions(sessions: Sessions | undefined): Sessions {
  if (sessions !== undefined) return sessions;
  throw apiError("API_NOT_SIGNED_IN", {
    message: "Nobody can sign in on this node.",
    fix: "Its operator names who may: --factory-accounts, --openai-accounts, --operator-accounts.",
  });
}

function notAllowed() {
  return apiError("API_ACCOUNT_REFUSED", {
    message: "This node's operator lets other accounts do this.",
    fix: "Ask its operator: --factory-accounts, --openai-accounts and --operator-accounts name them.",
  });
}

function notFound(message: string) {
  return apiError("API_NOT_FOUND", { message, fix: "See /openapi.json." });
}

const STATUS: Readonly<Record<string, number>> = {
  API_ACCOUNT_REFUSED: 403,
  API_BODY_TOO_LARGE: 413,
  API_NOT_SIGNED_IN: 401,
  SIGN_IN_REFUSED: 403,
  JOB_UNKNOWN: 404,
  KEYS_FULL: 429,
  KEY_UNKNOWN: 404,
  JOB_STATE: 409,
  JOBS_FULL: 429,
};

function statusOf({ code, severity }: CodedError): number {
  if (code in STATUS) return STATUS[code]!;
  return severity === "input" ? 400 : 503;
}

/** @throws CodedError `API_BODY_TOO_LARGE`, `API_BODY_INVALID`. */
async function readJson(request: IncomingMessage, most: number): Promise<unknown> {
  const type = request.headers["content-type"] ?? "";
  if (!/^application\/json\s*(?:;|$)/i.test(type)) throw badBody("its type is not application/json");
  if (Number(request.headers["content-length"] ?? 0) > most) throw tooLarge(request, most);
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of request as AsyncIterable<Uint8Array>) {
    size += piece.length;
    if (size > most) throw tooLarge(request, most);
    pieces.push(piece);
  }
  try {
    return JSON.parse(Buffer.concat(pieces).toString("utf8"));
  } catch {
    throw badBody("it is not JSON");
  }
}

function parse(schema: z.ZodType, body: unknown): unknown {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw badBody(`${issue.path.join(".") || "the whole"}: ${issue.message}`);
}

function badBody(what: string) {
  return apiError("API_BODY_INVALID", {
    message: `The request's body is not valid: ${what}.`,
    fix: "See /openapi.json.",
  });
}

/** The rest is not read: the connection ends with the answer. */
function tooLarge(request: IncomingMessage, most: number) {
  request.pause();
  return apiError("API_BODY_TOO_LARGE", {
    message: `The request's body has more than ${most} bytes.`,
    fix: "Send less at once.",
    facts: { limit: most },
  });
}

function foreign() {
  return apiError("API_ORIGIN_REFUSED", {
    message: "Another site's page asked for this.",
    fix: "Use this server's own pages, or a program that sends no Origin.",
  });
}

function busy() {
  return apiError("API_BUSY", {
    message: "This address asks too often.",
    fix: "Wait as long as Retry-After says.",
  });
}

function fail(response: ServerResponse, status: number, error: CodedError): void {
  const { code, message, fix, facts } = error;
  if (status === 413) response.setHeader("connection", "close");
  json(response, status, { error: { code, message, fix, facts } });
}

function json(response: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value, (_, item) => (typeof item === "bigint" ? item.toString() : item));
  response.writeHead(status, {
    ...COMMON_HEADERS,
    "content-type": "application/json",
    "cache-control": "no-store",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}
