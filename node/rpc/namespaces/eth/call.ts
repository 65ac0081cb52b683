import { minBigInt } from "../../../base/bigint.ts";
import { bytesToHex } from "../../../base/bytes.ts";
import { isCodedError } from "../../../base/errors.ts";
import { revertReason } from "../../../chain/revert-reason.ts";
import type { CallResult } from "../../../execution/evm/executor.ts";
import type { BoundedSimulator } from "../../../execution/simulation/simulator.ts";
import { RPC_CODE } from "../../errors.ts";
import { quantity } from "../../format/quantity.ts";
import { requireHeader } from "../../resolve.ts";
import { type ChainReader, type RpcContext, RpcError, type RpcMethods } from "../../types.ts";
import { callParam } from "./call-params.ts";
import { callOverrides } from "./override-params.ts";

/** geth's error for a failed message: code 3 with the data for a revert, -32000 for anything else. */
function executionError(result: CallResult): RpcError {
  if (result.error?.kind !== "revert") return new RpcError(RPC_CODE.server, result.error?.reason ?? "failed");
  const reason = revertReason(result.returnData);
  const message = reason === undefined ? "execution reverted" : `execution reverted: ${reason}`;
  return new RpcError(RPC_CODE.revert, message, bytesToHex(result.returnData));
}

/** What an executor refuses before it runs anything, in the words of geth's call. */
async function asGeth<T>(gas: bigint, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if (!isCodedError(error) || !BEFORE_RUN.includes(error.code)) throw error;
    throw new RpcError(RPC_CODE.server, `err: ${error.message} (supplied gas ${gas})`);
  }
}

const BEFORE_RUN = ["CALL_FUNDS", "CALL_GAS", "CALL_INITCODE"];

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
    const overrides = callOverrides(params, 2);
    const cap = gasCap === 0n ? header.gasLimit : gasCap;
    const baseFee = overrides.block?.baseFee ?? header.baseFeePerGas ?? 0n;
    const asked = callParam(params[0], { baseFee, chainId, defaultGas: isCall ? cap : header.gasLimit });
    const request = { ...asked, gas: minBigInt(asked.gas, cap), overrides };
    return { header, request, bound: budget?.next() };
  };
  return {
    eth_call: async (params, context) => {
      const { header, request, bound } = await prepare(params, context, true);
      const result = await asGeth(request.gas, simulator.call(header, request, bound));
      context.budget?.spend(result.gasUsed);
      if (result.error !== undefined) throw executionError(result);
      return bytesToHex(result.returnData);
    },
    eth_estimateGas: async (params, context) => {
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
