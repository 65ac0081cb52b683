import { createEVM, type EVM, type EVMMockBlockchainInterface } from "@ethereumjs/evm";
import { bigIntToBytes, hexToBytes, setLengthLeft } from "@ethereumjs/util";
import { HISTORY_STORAGE } from "../../../chain/constants.ts";
import { isActive, isAttributionActive } from "../../../chain/rules/forks.ts";
import type { BlockHeader } from "../../../chain/types/block.ts";
import type { ChainRules } from "../executor.ts";
import { attributionPrecompiles, installFrameCapture } from "./attribution-precompiles.ts";
import type { ChainState } from "./chain-state.ts";
import { chainCommon } from "./hardfork.ts";
import { rollupPrecompiles } from "./precompiles.ts";

/** EIP-2935: ring buffer of block hashes in the state. */
const HISTORY_WINDOW = 8191n;
const historyAddress = hexToBytes(HISTORY_STORAGE);

function blockHashes(
  rules: ChainRules,
  state: ChainState,
  parent: BlockHeader,
  time: bigint,
): EVMMockBlockchainInterface {
  const lookUp = async (number: bigint): Promise<Uint8Array> => {
    if (isActive(rules.rollup, "isthmus", time)) {
      const slot = setLengthLeft(bigIntToBytes(number % HISTORY_WINDOW), 32);
      const stored = state.storage(historyAddress, slot);
      if (stored.length > 0) return setLengthLeft(stored, 32);
    }
    const hash = rules.ancestorHash?.(number, parent);
    return hash === undefined ? new Uint8Array(32) : hexToBytes(hash);
  };
  const chain: EVMMockBlockchainInterface = {
    getBlock: async (number) => {
      const hash = await lookUp(BigInt(number));
      return { hash: () => hash };
    },
    putBlock: async () => {},
    shallowCopy: () => chain,
  };
  return chain;
}

/** The EVM of the chain for one block at `time`: every execution, also of calls, gets its EVM here. */
export async function createChainEvm(
  rules: ChainRules,
  state: ChainState,
  parent: BlockHeader,
  time: bigint,
): Promise<EVM> {
  const attribution = isAttributionActive(rules.openledger, time);
  const evm = await createEVM({
    common: chainCommon(rules.rollup, time),
    stateManager: state,
    blockchain: blockHashes(rules, state, parent, time),
    customPrecompiles: [
      ...rollupPrecompiles(rules.rollup, time),
      ...(attribution ? attributionPrecompiles() : []),
    ],
  });
  if (attribution) installFrameCapture(evm);
  return evm;
}
