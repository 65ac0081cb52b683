import { decodeErrorResult } from "viem";
import { minBigInt } from "../../../base/bigint.ts";
import { bytesToHex } from "../../../base/bytes.ts";
import type { CallResult } from "../../../execution/evm/executor.ts";
import type { BoundedSimulator } from "../../../execution/simulation/simulator.ts";
import { invalidArgument, RPC_CODE } from "../../errors.ts";
import { quantity } from "../../format/quantity.ts";
import { requireHeader } from "../../resolve.ts";
import { type ChainReader, type RpcContext, RpcError, type RpcMethods } from "../../types.ts";
import { callParam } from "./call-params.ts";

const REVERT_ABI = [
  { type: "error", name: "Error", inputs: [{ name: "reason", type: "string" }] },
  { type: "error", name: "Panic", inputs: [{ name: "code", type: "uint256" }] },
] as const;

/** geth's words for Solidity's panic codes. */
const PANICS: Readonly<Record<number, string>> = {
  0: "generic panic",
  1: "assert(false)",
  17: "arithmetic underflow or overflow",
  18: "division or modulo by zero",
  33: "enum overflow",
  34: "invalid encoded storage byte array accessed",
  49: "out-of-bounds array access; popping on an empty array",
  50: "out-of-bounds access of an array or bytesN",
  65: "out of memory",
  81: "uninitialized function",
};

function revertReason(data: Uint8Array): string {
  try {
    const { errorName, args } = decodeErrorResult({ abi: REVERT_ABI, data: bytesToHex(data) });
    if (errorName === "Error") return `: ${args[0]}`;
    return `: ${PANICS[Number(args[0])] ?? `unknown panic code: 0x${args[0].toString(16)}`}`;
  } catch {
    return "";
  }
}

/** geth's error for a failed message: code 3 with the data for a revert, -32000 for anything else. */
function executionError(result: CallResult): RpcError {
  if (result.error?.kind !== "revert") return new RpcError(RPC_CODE.server, result.error?.reason ?? "failed");
  const message = `execution reverted${revertReason(result.returnData)}`;
  return new RpcError(RPC_CODE.revert, message, bytesToHex(result.returnData));
}

function refuseOverrides(params: readonly unknown[]): void {
  for (const index of [2, 3]) {
    const given = params[index];
    if (given === undefined || given === null) continue;
    if (typeof given === "object" && Object.keys(given).length === 0) continue;
    throw invalidArgument(index, "state and block overrides are not supported");
  }
}

export interface CallMethodsOptions {
  chain: ChainReader;
  simulator: BoundedSimulator;
  chainId: bigint;
  /** Most gas of one message; 0: its block's gas limit. */
  gasCap: bigint;
}

/** `eth_call`, `eth_estimateGas`, `eth_createAccessList`. */
export function callMethods({ chain, simulator, chainId, gasCap }: CallMethodsOptions): RpcMethods {
  /** The block and the message of a request, and how long it may run. */
  const prepare = async (params: readonly unknown[], { budget }: RpcContext, isCall: boolean) => {
    const header = await requireHeader(chain, params, 1);
    const cap = gasCap === 0n ? header.gasLimit : gasCap;
    const asked = callParam(params[0], header, chainId, isCall ? cap : header.gasLimit);
    return { header, request: { ...asked, gas: minBigInt(asked.gas, cap) }, bound: budget?.next() };
  };
  return {
    eth_call: async (params, context) => {
      refuseOverrides(params);
      const { header, request, bound } = await prepare(params, context, true);
      const result = await simulator.call(header, request, bound);
      context.budget?.spend(result.gasUsed);
      if (result.error !== undefined) throw executionError(result);
      return bytesToHex(result.returnData);
    },
    eth_estimateGas: async (params, context) => {
      refuseOverrides(params);
      const { header, request, bound } = await prepare(params, context, false);
      const result = await simulator.estimateGas(header, request, bound);
      context.budget?.spend(typeof result === "bigint" ? result : result.gasUsed);
      if (typeof result !== "bigint") throw executionError(result);
      return quantity(result);
    },
    eth_createAccessList: async (params, context) => {
      const { header, request, bound } = await prepare(params, context, false);
      const { accessList, gasUsed, error } = await simulator.createAccessList(header, request, bound);
      context.budget?.spend(gasUsed);
      return { accessList, ...(error !== undefined && { error }), gasUsed: quantity(gasUsed) };
    },
  };
}
