import { bytesToHex } from "../base/bytes.ts";
import { keccak256 } from "../chain/crypto.ts";
import type { RollupConfig } from "../chain/types/rollup.ts";
import type { Simulator, StateReader } from "../execution/evm/executor.ts";
import { RPC_CODE } from "./errors.ts";
import { quantity } from "./format/quantity.ts";
import { blockMethods, rawMethods } from "./methods/blocks.ts";
import { executionMethods } from "./methods/execution.ts";
import { feeMethods } from "./methods/fees.ts";
import { logMethods } from "./methods/logs.ts";
import { optimismMethods } from "./methods/optimism.ts";
import { stateMethods } from "./methods/state.ts";
import { subscriptionMethods } from "./methods/subscriptions.ts";
import { dataParam } from "./params.ts";
import { type ChainReader, type RollupReader, RpcError, type RpcMethods, type TxPool } from "./types.ts";

export interface NodeRpcOptions {
  chain: ChainReader;
  state: StateReader;
  /** The block executor. */
  runner: Simulator;
  rollup: RollupConfig;
  /** Absent: transactions are refused. */
  pool?: TxPool;
  /** Absent: no `optimism_` methods. */
  rollupReader?: RollupReader;
  /** For `web3_clientVersion`, for example `openledger/0.1.0`. */
  version: string;
}

/** All methods of a node but those of the AI services; merge others into the same object for one server. */
export function nodeRpcMethods(options: NodeRpcOptions): RpcMethods {
  const { chain, state, runner, rollup, pool, rollupReader, version } = options;
  return {
    web3_clientVersion: () => version,
    web3_sha3: (params) => bytesToHex(keccak256(dataParam(params[0], 0))),
    net_version: () => rollup.l2ChainId.toString(),
    net_listening: () => true,
    net_peerCount: () => "0x0",
    eth_chainId: () => quantity(rollup.l2ChainId),
    eth_syncing: () => false,
    eth_accounts: () => [],
    eth_sendRawTransaction: async (params) => {
      if (pool === undefined) throw new RpcError(RPC_CODE.server, "this node does not accept transactions");
      return pool.add(dataParam(params[0], 0));
    },
    ...(pool !== undefined && {
      txpool_status: () => {
        const { pending, queued } = pool.count();
        return { pending: quantity(pending), queued: quantity(queued) };
      },
    }),
    ...blockMethods(chain, pool),
    ...rawMethods(chain, pool),
    ...stateMethods(chain, state, pool),
    ...executionMethods(chain, runner, rollup.l2ChainId),
    ...feeMethods(chain, rollup),
    ...logMethods(chain),
    ...subscriptionMethods(chain, pool),
    ...(rollupReader !== undefined && optimismMethods(rollupReader, rollup, version)),
  };
}
