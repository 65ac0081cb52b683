import { decodeErrorResult } from "viem";
import { bytesToHex } from "../../base/bytes.ts";
import type { CallResult, Simulator } from "../../execution/evm/executor.ts";
import { CALL_GAS_CAP, callParam } from "../call-params.ts";
import { invalidArgument, RPC_CODE } from "../errors.ts";
import { quantity } from "../format/quantity.ts";
import { requireHeader } from "../resolve.ts";
import { type ChainReader, RpcError, type RpcMethods } from "../types.ts";

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

/** `eth_call`, `eth_estimateGas`, `eth_createAccessList`. */
export function executionMethods(chain: ChainReader, runner: Simulator, chainId: bigint): RpcMethods {
  return {
    eth_call: async (params) => {
      refuseOverrides(params);
      const header = await requireHeader(chain, params, 1);
      const result = await runner.call(header, callParam(params[0], header, chainId, CALL_GAS_CAP));
      if (result.error !== undefined) throw executionError(result);
      return bytesToHex(result.returnData);
    },
    eth_estimateGas: async (params) => {
      refuseOverrides(params);
      const header = await requireHeader(chain, params, 1);
      const result = await runner.estimateGas(header, callParam(params[0], header, chainId, header.gasLimit));
      if (typeof result !== "bigint") throw executionError(result);
      return quantity(result);
    },
    eth_createAccessList: async (params) => {
      const header = await requireHeader(chain, params, 1);
      const request = callParam(params[0], header, chainId, header.gasLimit);
      const { accessList, gasUsed, error } = await runner.createAccessList(header, request);
      return { accessList, ...(error !== undefined && { error }), gasUsed: quantity(gasUsed) };
    },
  };
}
