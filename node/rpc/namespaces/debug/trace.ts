import { minBigInt } from "../../../base/bigint.ts";
import { isCodedError } from "../../../base/errors.ts";
import { headerFromFields } from "../../../chain/codec/header.ts";
import { packBlock } from "../../../chain/codec/packed-block.ts";
import { decodeRlp } from "../../../chain/codec/rlp.ts";
import type { Block, BlockHeader } from "../../../chain/types/block.ts";
import type { Hash } from "../../../chain/types/primitives.ts";
import type { CallOverrides, TraceSubject } from "../../../execution/evm/executor.ts";
import type { BoundedSimulator } from "../../../execution/simulation/simulator.ts";
import { RPC_CODE } from "../../errors.ts";
import { JsonText } from "../../json-text.ts";
import { blockNumberParam, blockParam, dataParam, hashParam, objectParam } from "../../params.ts";
import { findBlock, withState } from "../../resolve.ts";
import { type ChainReader, type RpcContext, RpcError, type RpcMethods } from "../../types.ts";
import { callParam } from "../eth/call-params.ts";
import { callOverrides } from "../eth/override-params.ts";
import { type TraceConfig, traceConfigParam } from "./trace-config.ts";

export interface TraceMethodsOptions {
  chain: ChainReader;
  simulator: BoundedSimulator;
  chainId: bigint;
  /** Most gas of a traced call; 0: its block's gas limit. */
  gasCap: bigint;
}

function refuse(message: string): RpcError {
  return new RpcError(RPC_CODE.server, message);
}

/** A block's parent. @throws RpcError for genesis, and where the parent or its state is not there. */
export async function parentOf(chain: ChainReader, header: BlockHeader): Promise<BlockHeader> {
  if (header.number === 0n) throw refuse("genesis is not traceable");
  const parent = await chain.blockByHash(header.parentHash);
  if (parent === undefined) throw refuse(`block ${header.parentHash} not found`);
  return withState(chain, parent.header);
}

/** Where a transaction of the canonical chain is, and what it takes to run it again. @throws RpcError where it is not there. */
export async function tracedTransaction(
  chain: ChainReader,
  hash: Hash,
): Promise<{ parent: BlockHeader; subject: Extract<TraceSubject, { kind: "transaction" }> }> {
  const found = await chain.locate(hash);
  const block = found && (await chain.blockByHash(found.blockHash));
  if (found === undefined || block === undefined) throw refuse("transaction not found");
  const parent = await parentOf(chain, block.header);
  return { parent, subject: { kind: "transaction", block: packBlock(block), index: found.index } };
}

/** A trace that may take so long; its answer goes out as it was made. */
export async function runTrace(
  simulator: BoundedSimulator,
  header: BlockHeader,
  subject: TraceSubject,
  { tracer, timeoutMs }: TraceConfig,
  { budget }: RpcContext,
): Promise<JsonText> {
  const left = budget?.next().timeoutMs ?? timeoutMs;
  try {
    const text = await simulator.trace(header, { subject, tracer }, { timeoutMs: Math.min(left, timeoutMs) });
    budget?.spend(gasOf(header, subject));
    return new JsonText(text);
  } catch (error) {
    if (isCodedError(error, "SIMULATION_TIMEOUT")) throw refuse("execution timeout");
    const isRefused = isCodedError(error) && REFUSED.includes(error.code);
    throw isRefused ? refuse(`tracing failed: ${error.message}`) : error;
  }
}

/** What op-geth finds out before it runs anything. */
const REFUSED: readonly string[] = ["CALL_FUNDS", "CALL_GAS", "CALL_INITCODE"];

function gasOf(header: BlockHeader, subject: TraceSubject): bigint {
  if (subject.kind === "call") return subject.request.gas;
  return subject.kind === "rlp" ? header.gasLimit : subject.block.header.gasUsed;
}

/** `debug_trace*`. Source: op-geth eth/tracers/api.go. */
export function traceMethods(options: TraceMethodsOptions): RpcMethods {
  const { chain, simulator } = options;
  const traceBlock = async (block: Block, config: TraceConfig, context: RpcContext) => {
    const parent = await parentOf(chain, block.header);
    return runTrace(simulator, parent, { kind: "block", block: packBlock(block) }, config, context);
  };
  return {
    debug_traceTransaction: async (params, context) => {
      const hash = hashParam(params[0], 0);
      const config = traceConfigParam(params[1], 1);
      const { parent, subject } = await tracedTransaction(chain, hash);
      return runTrace(simulator, parent, subject, config, context);
    },
    debug_traceBlockByNumber: async (params, context) => {
      const param = blockNumberParam(params[0], 0);
      const config = traceConfigParam(params[1], 1);
      const block = await findBlock(chain, param);
      if (block === undefined)
        throw refuse(`block #${"number" in param ? param.number : param.tag} not found`);
      return traceBlock(block, config, context);
    },
    debug_traceBlockByHash: async (params, context) => {
      const hash = hashParam(params[0], 0);
      const config = traceConfigParam(params[1], 1);
      const block = await chain.blockByHash(hash);
      if (block === undefined) throw refuse(`block ${hash} not found`);
      return traceBlock(block, config, context);
    },
    debug_traceBlock: async (params, context) => {
      const raw = dataParam(params[0], 0, "block");
      const config = traceConfigParam(params[1], 1);
      const header = headerIn(raw);
      const parent = await parentOf(chain, header);
      return runTrace(simulator, parent, { kind: "rlp", raw }, config, context);
    },
    debug_traceCall: (params, context) => traceCall(options, params, context),
  };
}

/** The header of a block whose transactions a thread decodes. */
function headerIn(raw: Uint8Array): BlockHeader {
  try {
    const decoded = decodeRlp(raw);
    if (decoded instanceof Uint8Array) throw new Error("not a list");
    return headerFromFields(decoded[0]!);
  } catch (error) {
    throw refuse(`could not decode block: ${isCodedError(error) ? error.message : "it is no list"}`);
  }
}

async function traceCall(
  { chain, simulator, chainId, gasCap }: TraceMethodsOptions,
  params: readonly unknown[],
  context: RpcContext,
): Promise<JsonText> {
  const param = blockParam(params[1], 1);
  if ("tag" in param && param.tag === "pending") throw refuse("tracing on top of pending is not supported");
  const config = traceConfigParam(params[2], 2);
  const overrides = overridesIn(params[2]);
  const block = await findBlock(chain, param);
  if (block === undefined) {
    const name = "hash" in param ? param.hash : `#${"number" in param ? param.number : param.tag}`;
    throw refuse(`block ${name} not found`);
  }
  const header = withState(chain, block.header);
  const cap = gasCap === 0n ? header.gasLimit : gasCap;
  const baseFee = overrides.block?.baseFee ?? header.baseFeePerGas ?? 0n;
  const asked = callParam(params[0], { baseFee, chainId, defaultGas: cap });
  const request = { ...asked, gas: minBigInt(asked.gas, cap), overrides };
  return runTrace(simulator, header, { kind: "call", request }, config, context);
}

function overridesIn(value: unknown): CallOverrides {
  if (value === undefined || value === null) return { accounts: [] };
  const { stateOverrides, blockOverrides, txIndex } = objectParam(value, 2, "trace config");
  if (txIndex !== undefined && txIndex !== null) {
    throw refuse("txIndex is not supported: calls are traced on the state after their block");
  }
  return callOverrides([undefined, undefined, stateOverrides, blockOverrides], 2);
}
