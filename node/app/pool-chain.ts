import { hexToBytes } from "../base/bytes.ts";
import { l1Cost, operatorFee } from "../chain/rules/rollup-fees.ts";
import type { RollupConfig } from "../chain/types/rollup.ts";
import { readFeeContext } from "../execution/evm/block/fee-context.ts";
import type { PoolChain } from "../execution/mempool/mempool.ts";
import { NodeStore } from "../execution/state/node-store.ts";
import { TrieView } from "../execution/state/state-view.ts";
import type { Engine } from "../rollup/forkchoice/engine.ts";
import type { ChainStore } from "../store/chain-store.ts";

/** What the mempool asks, answered from the state of the unsafe head. */
export function createPoolChain(store: ChainStore, engine: Engine, rollup: RollupConfig): PoolChain {
  const nodes = new NodeStore(store.state);
  const head = () => {
    const header = store.header(engine.heads().unsafe.hash);
    if (header === undefined) throw new Error("the unsafe head is not stored");
    return header;
  };
  const state = () => new TrieView(nodes, hexToBytes(head().stateRoot));
  return {
    account: async (address) => state().account(hexToBytes(address)),
    gasLimit: () => head().gasLimit,
    async extraCost(transaction) {
      const { timestamp } = head();
      const view = state();
      const fees = readFeeContext((account, slot) => view.storage(account, slot), rollup, timestamp);
      const l1 = l1Cost(rollup, timestamp, fees, transaction);
      return l1.fee + operatorFee(rollup, timestamp, fees, transaction.gasLimit);
    },
  };
}
