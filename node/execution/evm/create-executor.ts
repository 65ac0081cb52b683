import { FlatState } from "../state/flat-state.ts";
import { NodeStore } from "../state/node-store.ts";
import type { StateDatabase } from "../state/types.ts";
import { createBlockExecutor } from "./block/block-executor.ts";
import { createSimulator } from "./call/simulator.ts";
import { ethereumjsSimulate } from "./ethereumjs/call.ts";
import { ethereumjsMachines } from "./ethereumjs/machine.ts";
import type { ChainRules, Executor } from "./executor.ts";

export interface ExecutorOptions extends ChainRules {
  /** Committed trie nodes and code. */
  stateDatabase: StateDatabase;
  /** Over the same database; one of its own unless given. */
  nodes?: NodeStore;
}

/** The chain's executor over a database. */
export function createExecutor(options: ExecutorOptions): Executor {
  const { stateDatabase, nodes = new NodeStore(stateDatabase), ...rules } = options;
  const flat = new FlatState(nodes);
  const machines = ethereumjsMachines(rules, nodes, flat);
  return {
    ...createBlockExecutor({ rules, machines, flat, slowestNsPerGas: Number.POSITIVE_INFINITY }),
    ...createSimulator(ethereumjsSimulate(rules, flat), flat),
  };
}
