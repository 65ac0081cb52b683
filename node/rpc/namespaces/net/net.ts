import type { RollupConfig } from "../../../chain/types/rollup.ts";
import type { RpcMethods } from "../../types.ts";

/** The network, of which a node without peers knows itself. */
export function netMethods(rollup: RollupConfig): RpcMethods {
  return {
    net_version: () => rollup.l2ChainId.toString(),
    net_listening: () => true,
    net_peerCount: () => "0x0",
  };
}
