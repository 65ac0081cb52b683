import { CodedError } from "../../base/errors.ts";
import { aiError } from "../errors.ts";

interface Answer {
  result?: unknown;
  error?: { code: number; message: string; data?: unknown };
}

/**
 * One JSON-RPC request over HTTP.
 * @throws CodedError `RPC_URL_INVALID`, `RPC_UNREACHABLE`, `RPC_ANSWER_INVALID` when something else than a node answers there,
 * `RPC_ERROR` or the node's own code.
 */
export async function rpcRequest<T>(
  url: string,
  method: string,
  params: readonly unknown[],
  timeoutMs: number,
): Promise<T> {
  requireHttp(url);
  const { status, type, text } = await post(url, method, params, timeoutMs);
  const answer = parseAnswer(text);
  if (answer === undefined) {
    throw aiError("RPC_ANSWER_INVALID", {
      message: `what answers at ${url} is no JSON-RPC node (HTTP status ${status}, ${type})`,
      fix: "check host, port and path of the URL: another service is there",
      facts: { url, method, status, type },
    });
  }
  if (answer.error) throw nodeError(url, method, answer.error);
  return answer.result as T;
}

/** @throws CodedError `RPC_URL_INVALID` for what no request over HTTP can go to. */
function requireHttp(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed && /^https?:$/.test(parsed.protocol) && parsed.username === "" && parsed.password === "") return;
  throw aiError("RPC_URL_INVALID", {
    message: "the node's URL is not one of HTTP without a user's name in it",
    fix: "give one like http://127.0.0.1:9545; WebSocket URLs serve subscriptions alone",
  });
}

async function post(url: string, method: string, params: readonly unknown[], timeoutMs: number) {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const type = response.headers.get("content-type") ?? "no content type";
    return { status: response.status, type, text: await response.text() };
  } catch (error) {
    // What fetch says itself is "fetch failed"; its cause names the refused connection or the unknown host.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw aiError("RPC_UNREACHABLE", {
      message: `the node at ${url} does not answer ${method}`,
      fix: "start the node, or give another URL with --rpc",
      facts: { url, method },
      cause,
    });
  }
}

function parseAnswer(text: string): Answer | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) return undefined;
  if ("result" in json) return { result: json.result };
  const error = "error" in json ? json.error : undefined;
  if (typeof error !== "object" || error === null) return undefined;
  const { code, message, data } = error as Record<string, unknown>;
  return typeof code === "number" && typeof message === "string"
    ? { error: { code, message, data } }
    : undefined;
}

/** A node's error keeps its code, message and fix on this side. */
function nodeError(url: string, method: string, error: NonNullable<Answer["error"]>): CodedError {
  const data = (error.data ?? {}) as { code?: unknown; fix?: unknown; facts?: unknown };
  return new CodedError(typeof data.code === "string" ? data.code : "RPC_ERROR", "input", {
    message: error.message,
    fix: typeof data.fix === "string" ? data.fix : undefined,
    facts: { url, method, rpcCode: error.code, ...(typeof data.facts === "object" ? data.facts : {}) },
  });
}
