import type { RollupConfig } from "../chain/types/rollup.ts";
import type { StateReader } from "../execution/evm/executor.ts";
import type { BoundedSimulator } from "../execution/simulation/simulator.ts";
import { rawMethods } from "./namespaces/debug/raw.ts";
import { traceMethods } from "./namespaces/debug/trace.ts";
import { blockMethods } from "./namespaces/eth/blocks.ts";
import { callMethods } from "./namespaces/eth/call.ts";
import { CALL_GAS_CAP } from "./namespaces/eth/call-params.ts";
import { chainMethods } from "./namespaces/eth/chain.ts";
import { feeMethods } from "./namespaces/eth/fees.ts";
import { filterMethods } from "./namespaces/eth/filters.ts";
import { LOG_LIMITS, type LogLimits, LogQueries } from "./namespaces/eth/log-query.ts";
import { logMethods } from "./namespaces/eth/logs.ts";
import { simulateMethod } from "./namespaces/eth/simulate.ts";
import { stateMethods } from "./namespaces/eth/state.ts";
import { subscriptionMethods } from "./namespaces/eth/subscriptions.ts";
import { transactionMethods } from "./namespaces/eth/transactions.ts";
import { withModules } from "./namespaces/modules.ts";
import { netMethods } from "./namespaces/net/net.ts";
import { optimismMethods } from "./namespaces/optimism/rollup.ts";
import { otsMethods } from "./namespaces/ots/ots.ts";
import { txpoolMethods } from "./namespaces/txpool/txpool.ts";
import { web3Methods } from "./namespaces/web3/web3.ts";
import type { ChainReader, RollupReader, RpcMethods, TxPool } from "./types.ts";

export interface NodeRpcOptions {
  chain: ChainReader;
  state: StateReader;
  /** Runs calls: a pool of threads in a node, the executor itself over a chain in memory. */
  simulator: BoundedSimulator;
  rollup: RollupConfig;
  /** Most gas of one call, estimate or access list. */
  gasCap?: bigint;
  /** Of `eth_getLogs` and the filters of logs; {@link LOG_LIMITS} unless given. */
  logLimits?: Partial<LogLimits>;
  /** Absent: transactions are refused. */
  pool?: TxPool;
  /** Absent: no `optimism_` methods. */
  rollupReader?: RollupReader;
  /** For `web3_clientVersion`, for example `openledger/0.1.0`. */
  version: string;
}

/** All methods of a node but those of the AI services; merge others into the same object for one server. */
export function nodeRpcMethods(options: NodeRpcOptions): RpcMethods {
  const { chain, state, simulator, rollup, pool, rollupReader, version } = options;
  const gasCap = options.gasCap ?? CALL_GAS_CAP;
  const queries = new LogQueries(chain, { ...LOG_LIMITS, ...options.logLimits });
  const tracing = { chain, simulator, chainId: rollup.l2ChainId, gasCap };
  return withModules({
    ...web3Methods(version),
    ...netMethods(rollup),
    ...chainMethods(chain, rollup),
    ...blockMethods(chain),
    ...transactionMethods(chain, pool),
    ...stateMethods(chain, state, pool),
    ...callMethods(tracing),
    eth_simulateV1: simulateMethod({ chain, simulator, rollup, gasCap }),
    ...feeMethods(chain, rollup),
    ...logMethods(chain, queries),
    ...filterMethods(chain, queries, pool),
    ...subscriptionMethods(chain, pool),
    ...rawMethods(chain, pool),
    ...traceMethods(tracing),
    ...otsMethods(tracing, state),
    ...(pool !== undefined && txpoolMethods(pool)),
    ...(rollupReader !== undefined && optimismMethods(rollupReader, rollup, version)),
  });
}
