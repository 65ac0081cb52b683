import { activePrecompiles } from "../../../precompiles/active.ts";
import { hexToBytes } from "../../base/bytes.ts";
import type { Address } from "../../chain/types/primitives.ts";
import type { FlatReader } from "../../store/flat-table.ts";
import { FlatState } from "../state/flat-state.ts";
import { NodeStore } from "../state/node-store.ts";
import type { StateDatabase } from "../state/types.ts";
import { createBlockExecutor, createReplay } from "./block/block-executor.ts";
import { bothExecutors } from "./both.ts";
import { createSimulator } from "./call/simulator.ts";
import { ethereumjsCalls } from "./ethereumjs/call.ts";
import { ethereumjsMachines } from "./ethereumjs/machine.ts";
import type { ChainRules, Executor } from "./executor.ts";
import { revmCalls } from "./revm/call.ts";
import { nativeCrypto } from "./revm/crypto.ts";
import { EvmInstance } from "./revm/instance.ts";
import { InstancePool } from "./revm/instance-pool.ts";
import { revmMachines } from "./revm/machine.ts";
import { trace } from "./tracers/trace.ts";

/** wasm: op-revm; ts: @ethereumjs/evm, the rule to compare with; both: each block twice, stopping where they differ. */
export type ExecutorKind = "wasm" | "ts" | "both";

export interface ExecutorOptions extends ChainRules {
  /** `wasm` unless given. */
  kind?: ExecutorKind;
  /** Committed trie nodes and code. */
  stateDatabase: StateDatabase;
  /** Over the same database; one of its own unless given. */
  nodes?: NodeStore;
  /** The flat table of the same database, if it has one. */
  flatTable?: FlatReader;
}

/** What op-revm's slowest gas takes, with room for a slow machine: README, "worst block". */
const REVM_SLOWEST_NS_PER_GAS = 200;

/** The chain's executor over a database. @throws CodedError `EVM_MODULE_UNREADABLE`. */
export function createExecutor(options: ExecutorOptions): Executor {
  const { kind = "wasm", stateDatabase, nodes = new NodeStore(stateDatabase), flatTable, ...rules } = options;
  const flat = () => new FlatState(nodes, flatTable);
  if (kind === "wasm") return revmExecutor(rules, nodes, flat());
  if (kind === "ts") return ethereumjsExecutor(rules, nodes, flat());
  return withTraces(
    rules,
    bothExecutors(revmExecutor(rules, nodes, flat()), ethereumjsExecutor(rules, nodes, flat())),
  );
}

function ethereumjsExecutor(rules: ChainRules, nodes: NodeStore, flat: FlatState): Executor {
  const machines = ethereumjsMachines(rules, nodes, flat);
  return withTraces(rules, {
    ...createBlockExecutor({ rules, machines, flat, slowestNsPerGas: Number.POSITIVE_INFINITY }),
    ...createSimulator(rules, flat, nodes, ethereumjsCalls(rules)),
    replay: createReplay({ rules, machines }),
  });
}

function revmExecutor(rules: ChainRules, nodes: NodeStore, flat: FlatState): Executor {
  const instances = revmInstances(rules);
  const machines = revmMachines({ rules, nodes, flat, instances });
  return withTraces(rules, {
    ...createBlockExecutor({ rules, machines, flat, slowestNsPerGas: REVM_SLOWEST_NS_PER_GAS }),
    ...createSimulator(rules, flat, nodes, revmCalls(rules, instances, ethereumjsCalls(rules))),
    replay: createReplay({ rules, machines }),
  });
}

function withTraces({ rollup }: ChainRules, executor: Omit<Executor, "trace">): Executor {
  return { ...executor, trace: (header, request) => trace(executor, rollup, header, request) };
}

/** Instances for a block's time: a fork's precompiles are ordinary addresses before it. */
function revmInstances({ rollup, openledger }: ChainRules): (time: bigint) => InstancePool {
  const pools = new Map<readonly Address[], InstancePool>();
  return (time) => {
    const precompiles = activePrecompiles(openledger, time);
    const known = pools.get(precompiles);
    if (known) return known;
    const bytes = precompiles.map((address) => hexToBytes(address));
    const pool = new InstancePool(() => new EvmInstance(rollup.l2ChainId, bytes, nativeCrypto()));
    pools.set(precompiles, pool);
    return pool;
  };
}
