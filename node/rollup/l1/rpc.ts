import { createClient, type EIP1193RequestFn, http } from "viem";
import type { CodedError } from "../../base/errors.ts";
import { rollupError } from "../errors.ts";

/** One JSON-RPC call to L1; the answer is untyped and must be parsed. */
export type L1Rpc = (method: string, params: readonly unknown[]) => Promise<unknown>;

export interface L1RpcOptions {
  /** HTTP address of the L1 node. */
  url: string;
  /** Milliseconds a call may take. */
  timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 20_000;

/** Connects to an L1 node. Its calls fail with `L1_UNAVAILABLE` (no answer) or `L1_RPC_ERROR` (an error answer). */
export function createL1Rpc(options: L1RpcOptions): L1Rpc {
  const transport = http(options.url, { retryCount: 0, timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS });
  const request = createClient({ transport }).request as EIP1193RequestFn;
  return async (method, params) => {
    try {
      return await request({ method, params } as never);
    } catch (cause) {
      throw rpcError(options.url, method, cause);
    }
  };
}

/** What JSON-RPC says in an error answer; viem wraps it in several layers. */
export interface RpcErrorFacts {
  method: string;
  /** JSON-RPC's error code. */
  rpcCode: number | undefined;
  reason: string;
}

function rpcError(url: string, method: string, cause: unknown): CodedError {
  const facts: RpcErrorFacts = { method, rpcCode: answeredCode(cause), reason: reasonOf(cause) };
  if (facts.rpcCode === undefined) {
    return rollupError("L1_UNAVAILABLE", {
      message: `The L1 node does not answer ${method}: ${facts.reason}`,
      fix: "Check that the L1 node runs and that --l1-url is right; this node tries again by itself.",
      facts: { ...facts, url: withoutSecrets(url) },
      cause,
    });
  }
  return rollupError("L1_RPC_ERROR", {
    message: `The L1 node answers ${method} with an error: ${facts.reason}`,
    fix: "Read the L1 node's reason; a node without eth_getBlockReceipts can't serve a rollup.",
    facts: { ...facts },
    cause,
  });
}

/** The code of a JSON-RPC error answer somewhere in the chain of causes; HTTP failures have none. */
function answeredCode(error: unknown): number | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    const { name, code } = current as Error & { code?: unknown };
    if (name === "RpcRequestError" && typeof code === "number") return code;
  }
  return undefined;
}

function reasonOf(error: unknown): string {
  let reason = String(error);
  for (let current = error; current instanceof Error; current = current.cause) {
    const { details, message } = current as Error & { details?: unknown };
    reason = typeof details === "string" && details !== "" ? details : message;
  }
  return reason.split("\n")[0] ?? reason;
}

/** The address without path and query: there hosted L1 nodes carry keys. */
export function withoutSecrets(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : "(not an address)";
}
