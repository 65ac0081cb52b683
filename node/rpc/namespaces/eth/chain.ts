import type { RollupConfig } from "../../../chain/types/rollup.ts";
import { RPC_CODE } from "../../errors.ts";
import { quantity } from "../../format/quantity.ts";
import { type ChainReader, RpcError, type RpcMethods } from "../../types.ts";
import { forkConfig } from "./fork-config.ts";

/** A part of the history that is kept whole. */
const WHOLE = { disabled: false, oldestBlock: "0x0" };

/** What chain this is, what its rules are, and what a node without keys has to say about itself. */
export function chainMethods(chain: ChainReader, rollup: RollupConfig): RpcMethods {
  return {
    eth_chainId: () => quantity(rollup.l2ChainId),
    eth_syncing: () => false,
    eth_accounts: () => [],
    eth_config: async () => {
      const found = await chain.headerByNumber(chain.head("unsafe").number);
      if (found === undefined) throw new RpcError(RPC_CODE.server, "header not found");
      return forkConfig(rollup, found.header.timestamp);
    },
    eth_capabilities: () => {
      const { hash, number } = chain.head("unsafe");
      return {
        head: { number: quantity(number), hash },
        state: WHOLE,
        tx: WHOLE,
        logs: WHOLE,
        receipts: WHOLE,
        blocks: WHOLE,
        stateproofs: WHOLE,
      };
    },
  };
}
