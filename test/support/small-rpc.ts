import { createStateReader } from "../../node/execution/evm/state-reader.ts";
import { nodeRpcMethods } from "../../node/rpc/node-methods.ts";
import { createRpcServer, type RpcServer } from "../../node/rpc/server.ts";
import { InstantPool } from "./instant-pool.ts";
import type { SmallChain } from "./small-chain.ts";

/** JSON-RPC over a chain in memory whose pool mines each transaction at once, on a free port. */
export function serveSmallChain(small: SmallChain): Promise<RpcServer> {
  return createRpcServer({
    host: "127.0.0.1",
    port: 0,
    methods: nodeRpcMethods({
      chain: small.chain,
      state: createStateReader(small.database),
      simulator: small.executor,
      rollup: small.rollup,
      pool: new InstantPool(small),
      version: "openledger/test",
    }),
  });
}
