import { createStateReader } from "../../node/execution/evm/state-reader.ts";
import { createDispatcher } from "../../node/rpc/dispatch.ts";
import { type NodeRpcOptions, nodeRpcMethods } from "../../node/rpc/node-methods.ts";
import { DEFAULT_RPC_LIMITS } from "../../node/rpc/server.ts";
import type { RpcConnection } from "../../node/rpc/types.ts";
import type { SmallChain } from "./small-chain.ts";

/** An answer of JSON-RPC; its result is typed as loosely as what a client parses. */
export interface RpcAnswer {
  result?: ReturnType<typeof JSON.parse>;
  error?: { code: number; message: string; data?: unknown };
}

export type Ask = (method: string, ...params: unknown[]) => Promise<RpcAnswer>;

/** Asks a node's methods over a small chain, through the dispatcher. */
export function askOf(
  small: SmallChain,
  options: Partial<NodeRpcOptions> = {},
  connection?: RpcConnection,
): Ask {
  const methods = nodeRpcMethods({
    chain: small.chain,
    state: createStateReader(small.database),
    simulator: small.executor,
    rollup: small.rollup,
    version: "test",
    ...options,
  });
  const dispatcher = createDispatcher(methods, DEFAULT_RPC_LIMITS, () => undefined);
  return async (method, ...params) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    return JSON.parse((await dispatcher.handle(body, { connection })) ?? "{}");
  };
}
