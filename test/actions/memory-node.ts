import type { Genesis } from "../../node/chain/config/genesis.ts";
import type { Block } from "../../node/chain/types/block.ts";
import type { PayloadAttributes, RollupConfig } from "../../node/chain/types/rollup.ts";
import { createExecutor } from "../../node/execution/evm/create-executor.ts";
import type { CandidateSource, ExecutedBlock, StateReader } from "../../node/execution/evm/executor.ts";
import { createStateReader } from "../../node/execution/evm/state-reader.ts";
import { makeGenesis } from "../../node/execution/state/genesis-state.ts";
import { MemoryDatabase } from "../../node/execution/state/memory-database.ts";
import { Ancestors } from "../support/ancestors.ts";
import { EXECUTOR } from "../support/executor-kind.ts";

/** The real executor over state in memory. */
export interface MemoryNode {
  genesis: Block;
  /** Builds a block and keeps its state. */
  build(parent: Block, attributes: PayloadAttributes, pool?: CandidateSource): Promise<ExecutedBlock>;
  /** The states of the blocks that it built. */
  state: StateReader;
}

export function createMemoryNode(genesis: Genesis, rollup: RollupConfig): MemoryNode {
  const start = makeGenesis(genesis);
  const database = new MemoryDatabase();
  database.write(start.stateWrites);
  const openledger = { attributionTime: undefined };
  const ancestors = new Ancestors(start.block);
  const executor = createExecutor({
    kind: EXECUTOR,
    rollup,
    openledger,
    stateDatabase: database,
    ancestorHash: ancestors.hash,
  });
  return {
    genesis: start.block,
    async build(parent, attributes, pool) {
      const executed = await executor.build(parent.header, attributes, pool);
      database.write(executed.state.writes);
      ancestors.add(executed.block);
      return executed;
    },
    state: createStateReader(database),
  };
}
