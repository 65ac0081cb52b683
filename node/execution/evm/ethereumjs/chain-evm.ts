import { createEVM, type EVM, type EVMMockBlockchainInterface } from "@ethereumjs/evm";
import { activePrecompiles } from "../../../../precompiles/active.ts";
import type { ChainRules } from "../executor.ts";
import { attributionPrecompiles, installFrameCapture } from "./attribution-precompiles.ts";
import type { ChainState } from "./chain-state.ts";
import { chainCommon } from "./hardfork.ts";
import { rollupPrecompiles } from "./precompiles.ts";

function chainOf(hashOf: (number: bigint) => Uint8Array | undefined): EVMMockBlockchainInterface {
  const chain: EVMMockBlockchainInterface = {
    getBlock: async (number) => {
      const hash = hashOf(BigInt(number)) ?? new Uint8Array(32);
      return { hash: () => hash };
    },
    putBlock: async () => {},
    shallowCopy: () => chain,
  };
  return chain;
}

/**
 * The EVM of the chain for one block at `time`: every execution, also of calls, gets its EVM here.
 * `hashOf` gives the hashes of the block's ancestors.
 */
export async function createChainEvm(
  rules: ChainRules,
  state: ChainState,
  hashOf: (number: bigint) => Uint8Array | undefined,
  time: bigint,
): Promise<EVM> {
  const own = activePrecompiles(rules.openledger, time);
  const evm = await createEVM({
    common: chainCommon(rules.rollup, time),
    stateManager: state,
    blockchain: chainOf(hashOf),
    customPrecompiles: [...rollupPrecompiles(rules.rollup, time), ...attributionPrecompiles(own)],
  });
  if (own.length > 0) installFrameCapture(evm);
  return evm;
}
