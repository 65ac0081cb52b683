import type { SiteDescription } from "../../api/site.ts";
import { CodedError } from "../../base/errors.ts";
import { webError } from "../errors.ts";

const TIMEOUT_MS = 20_000;

/** What the page's own server says of the node. @throws CodedError `NODE_OFFLINE`. */
export async function readSite(): Promise<SiteDescription> {
  try {
    const response = await fetch("/site.json", { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return (await response.json()) as SiteDescription;
  } catch (cause) {
    throw webError("NODE_OFFLINE", {
      message: "The node that serves this page does not answer.",
      fix: "Start it again (npm start); this page goes on by itself.",
      cause,
    });
  }
}

/** Addresses of the node's JSON-RPC, seen from this page. */
export function rpcAddresses({ rpc }: SiteDescription, here: Location): { http: string; ws: string } {
  const http = "url" in rpc ? rpc.url : `${here.protocol}//${here.hostname}:${rpc.port}`;
  return { http, ws: http.replace(/^http/, "ws") };
}

export interface ApiOrder {
  method?: "GET" | "POST" | "DELETE";
  body?: unknown;
  /** Of a sign-in. */
  token?: string;
  signal?: AbortSignal;
  timeoutMs?: number;
}

/** Asks one of the doors made for pages. @throws CodedError with the door's code; `NODE_OFFLINE` where none answers. */
export async function askApi<T>(path: string, order: ApiOrder = {}): Promise<T> {
  const { method = "GET", body, token, signal, timeoutMs = TIMEOUT_MS } = order;
  const limit = AbortSignal.timeout(timeoutMs);
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: {
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw webError("NODE_OFFLINE", {
      message: "The node that serves this page does not answer.",
      fix: "Start it again; what it had begun goes on, and so does this page.",
      cause,
    });
  }
  const answer = (await response.json().catch(() => ({}))) as {
    error?: { code: string; message: string; fix?: string };
  };
  if (response.ok) return answer as T;
  const { code = "NODE_OFFLINE", message = `status ${response.status}`, fix } = answer.error ?? {};
  throw new CodedError(code, response.status >= 500 ? "temporary" : "input", { message, fix });
}
