import type { RollupConfig } from "../../../chain/types/rollup.ts";
import { quantity } from "../../format/quantity.ts";
import type { RpcMethods } from "../../types.ts";

/** What chain this is, and what a node without keys has to say about itself. */
export function chainMethods(rollup: RollupConfig): RpcMethods {
  return {
    eth_chainId: () => quantity(rollup.l2ChainId),
    eth_syncing: () => false,
    eth_accounts: () => [],
  };
}
