import { bytesToHex } from "../../../base/bytes.ts";
import { isCodedError } from "../../../base/errors.ts";
import { L1_ATTRIBUTES_LAYOUTS } from "../../../chain/l1-attributes.ts";
import { revertReason } from "../../../chain/revert-reason.ts";
import { isActive } from "../../../chain/rules/forks.ts";
import type { Block } from "../../../chain/types/block.ts";
import type { RollupConfig } from "../../../chain/types/rollup.ts";
import { MAX_SIMULATED_BLOCKS } from "../../../execution/evm/call/simulated-chain.ts";
import { REVERT } from "../../../execution/evm/call/simulation.ts";
import type {
  BlockCalls,
  BlockSimulation,
  SimulatedBlock,
  SimulatedResult,
} from "../../../execution/evm/executor.ts";
import type { BoundedSimulator } from "../../../execution/simulation/simulator.ts";
import { invalidArgument, RPC_CODE } from "../../errors.ts";
import { blockToRpc } from "../../format/block.ts";
import { quantity } from "../../format/quantity.ts";
import { logToRpc } from "../../format/receipt.ts";
import { arrayParam, blockParam, booleanParam, hashParam, objectParam } from "../../params.ts";
import { findBlock, withState } from "../../resolve.ts";
import { type ChainReader, RpcError, type RpcMethod } from "../../types.ts";
import { messageParam } from "./call-params.ts";
import { blockOverrideFields, blockOverrideParam, stateOverrideParam } from "./override-params.ts";

/** Messages of one simulation: their gas is bounded too. */
const MAX_CALLS = 5_000;
/** geth's code of a message that halts. */
const HALTED = -32015;

/** Codes of what an execution refuses. Source: execution-apis, eth_simulateV1. */
const CODES: Readonly<Record<string, number>> = {
  SIMULATE_NONCE_LOW: -38010,
  SIMULATE_NONCE_HIGH: -38011,
  SIMULATE_FEE_CAP: -38012,
  CALL_GAS: -38013,
  CALL_FUNDS: -38014,
  SIMULATE_BLOCK_GAS: -38015,
  SIMULATE_BLOCK_NUMBER: -38020,
  SIMULATE_TIMESTAMP: -38021,
  CALL_INITCODE: -38025,
  SIMULATE_TOO_MANY: RPC_CODE.clientLimit,
  SIMULATE_NONCE_MAX: RPC_CODE.internal,
  SIMULATE_TIP: RPC_CODE.invalidParams,
  CALL_OVERRIDE: RPC_CODE.server,
};

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

function flag(options: Record<string, unknown>, name: string): boolean {
  return isAbsent(options[name]) ? false : booleanParam(options[name], 0, name);
}

function blockCallsParam(value: unknown, chainId: bigint): BlockCalls {
  const block = objectParam(value, 0, "block state call");
  const fields = isAbsent(block.blockOverrides) ? {} : blockOverrideFields(block.blockOverrides, 0);
  if (!isAbsent(fields.withdrawals) && arrayParam(fields.withdrawals, 0, "withdrawals", 16).length > 0) {
    throw invalidArgument(0, "withdrawals don't exist on this chain");
  }
  const calls = isAbsent(block.calls) ? [] : arrayParam(block.calls, 0, "calls", MAX_CALLS);
  return {
    override: blockOverrideParam(fields, 0),
    beaconRoot: isAbsent(fields.beaconroot) ? undefined : hashParam(fields.beaconroot, 0),
    accounts: stateOverrideParam(block.stateOverrides, 0),
    calls: calls.map((call) => messageParam(call, chainId)),
  };
}

/** The first parameter. @throws RpcError as geth. */
function simulationParam(
  options: Record<string, unknown>,
  chainId: bigint,
): Omit<BlockSimulation, "gasCap" | "daScalar"> {
  const list = options.blockStateCalls;
  if (!isAbsent(list) && !Array.isArray(list)) throw invalidArgument(0, "blockStateCalls must be an array");
  if (isAbsent(list) || list.length === 0) throw new RpcError(RPC_CODE.invalidParams, "empty input");
  if (list.length > MAX_SIMULATED_BLOCKS) throw new RpcError(RPC_CODE.clientLimit, "too many blocks");
  const blocks = list.map((block) => blockCallsParam(block, chainId));
  const calls = blocks.reduce((sum, block) => sum + block.calls.length, 0);
  if (calls > MAX_CALLS) throw new RpcError(RPC_CODE.clientLimit, "too many calls");
  return {
    blocks,
    validation: flag(options, "validation"),
    traceTransfers: flag(options, "traceTransfers"),
  };
}

/** The base block's DA footprint gas scalar, which is in its L1 attributes from Jovian on. */
function daScalarOf(rollup: RollupConfig, { header, transactions }: Block): bigint | undefined {
  const [first] = transactions;
  if (!isActive(rollup, "jovian", header.timestamp) || first?.kind !== "deposit") return undefined;
  const { data } = first.deposit;
  if (data.length < L1_ATTRIBUTES_LAYOUTS.jovian.length) return undefined;
  return (BigInt(data[176]!) << 8n) | BigInt(data[177]!);
}

/** Why a message failed, as geth tells it; nothing for one that went well. */
function errorOf({ exception, returnData }: SimulatedResult): Record<string, unknown> | undefined {
  if (exception === undefined) return undefined;
  if (exception !== REVERT) return { message: exception, code: HALTED };
  const reason = revertReason(returnData);
  const message = reason === undefined ? exception : `${exception}: ${reason}`;
  return { message, code: RPC_CODE.revert, data: bytesToHex(returnData) };
}

function resultsToRpc({ block, results }: SimulatedBlock): Record<string, unknown>[] {
  return results.map((result, transactionIndex) => {
    const { succeeded, returnData, logs } = result;
    return {
      returnData: succeeded ? bytesToHex(returnData) : "0x",
      logs: logs.map(({ index, log }) => logToRpc(log, { block, transactionIndex, logIndex: index })),
      gasUsed: quantity(result.gasUsed),
      maxUsedGas: quantity(result.maxGasUsed),
      status: succeeded ? "0x1" : "0x0",
      error: errorOf(result),
    };
  });
}

function refused(error: unknown): never {
  const code = isCodedError(error) ? CODES[error.code] : undefined;
  if (code === undefined) throw error;
  throw new RpcError(code, (error as Error).message);
}

export interface SimulateOptions {
  chain: ChainReader;
  simulator: BoundedSimulator;
  rollup: RollupConfig;
  /** Most gas of all messages together; 0: the base block's gas limit. */
  gasCap: bigint;
}

/** `eth_simulateV1`: blocks of messages upon a block, in the form of execution-apis. */
export function simulateMethod({ chain, simulator, rollup, gasCap }: SimulateOptions): RpcMethod {
  return async (params, { budget }) => {
    const options = objectParam(params[0], 0, "simulation");
    const asked = simulationParam(options, rollup.l2ChainId);
    const full = flag(options, "returnFullTransactions");
    const named = blockParam(params[1], 1);
    const base = await findBlock(chain, named);
    if (base === undefined) {
      throw new RpcError(RPC_CODE.server, "hash" in named ? "header for hash not found" : "header not found");
    }
    const request: BlockSimulation = {
      ...asked,
      gasCap: gasCap === 0n ? base.header.gasLimit : gasCap,
      daScalar: daScalarOf(rollup, base),
    };
    const state = withState(chain, base.header);
    const blocks = await simulator.simulateBlocks(state, request, budget?.next()).catch(refused);
    budget?.spend(blocks.reduce((sum, { block }) => sum + block.header.gasUsed, 0n));
    return blocks.map((simulated) => ({
      ...blockToRpc(simulated.block, full ? simulated.receipts : undefined),
      calls: resultsToRpc(simulated),
    }));
  };
}
