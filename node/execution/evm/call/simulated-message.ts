import { MAX_UINT64, minBigInt } from "../../../base/bigint.ts";
import { CodedError, isCodedError } from "../../../base/errors.ts";
import { checksumAddress } from "../../../chain/checksum.ts";
import { unsignedTransaction } from "../../../chain/codec/unsigned.ts";
import type { BlockHeader } from "../../../chain/types/block.ts";
import type { RollupConfig } from "../../../chain/types/rollup.ts";
import type { SignedTransaction } from "../../../chain/types/transaction.ts";
import { executionError } from "../../errors.ts";
import type { CallRequest, SimulatedCall } from "../executor.ts";
import { checkMessage } from "./simulate.ts";

/** What a message of a simulated block is chosen by. */
export interface MessageContext {
  rollup: RollupConfig;
  header: BlockHeader;
  /** Its sender before it. */
  sender: { nonce: bigint; balance: bigint } | undefined;
  /** Of the block so far. */
  gasUsed: bigint;
  /** That the whole simulation may still use. */
  gasLeft: bigint;
  validation: boolean;
}

/** A message that is ready to run, and the transaction that it makes. */
export interface ReadyMessage {
  request: CallRequest;
  transaction: SignedTransaction;
}

/**
 * Chooses what the call leaves open, and checks it as geth does before it runs a message.
 * @throws CodedError `SIMULATE_*`, `CALL_FUNDS`, `CALL_GAS`, `CALL_INITCODE`, in geth's words.
 */
export function readyMessage(call: SimulatedCall, context: MessageContext): ReadyMessage {
  const { header, sender, gasUsed, gasLeft, rollup } = context;
  const asked = call.gas ?? header.gasLimit - gasUsed;
  if (gasUsed + asked > header.gasLimit) {
    throw executionError("SIMULATE_BLOCK_GAS", {
      message: `block gas limit reached: ${gasUsed} >= ${header.gasLimit}`,
      facts: { gasUsed, asked },
    });
  }
  const gas = minBigInt(asked, gasLeft);
  const nonce = call.nonce ?? sender?.nonce ?? 0n;
  const fees = capsOf(call.fees);
  try {
    if (context.validation) checkNonce(call, nonce, sender?.nonce ?? 0n);
    const request: CallRequest = { ...call, gas, ...priceOf(call, fees, context) };
    checkMessage(rollup, header, sender?.balance ?? 0n, request);
    return { request, transaction: transactionOf(call, { nonce, gas, ...fees }, rollup.l2ChainId) };
  } catch (error) {
    throw isCodedError(error) ? supplied(gas, error) : error;
  }
}

/** As geth tells what gas the message had. */
function supplied(gas: bigint, { code, message, facts }: CodedError): CodedError {
  return new CodedError(code, "input", { message: `err: ${message} (supplied gas ${gas})`, facts });
}

function capsOf(fees: SimulatedCall["fees"]): { maxFeePerGas: bigint; maxPriorityFeePerGas: bigint } {
  if (!("gasPrice" in fees)) return fees;
  return { maxFeePerGas: fees.gasPrice, maxPriorityFeePerGas: fees.gasPrice };
}

function checkNonce({ from }: SimulatedCall, nonce: bigint, state: bigint): void {
  const address = checksumAddress(from);
  const told = `address ${address}, tx: ${nonce} state: ${state}`;
  const facts = { from, nonce, state };
  if (nonce > state)
    throw executionError("SIMULATE_NONCE_HIGH", { message: `nonce too high: ${told}`, facts });
  if (nonce < state) throw executionError("SIMULATE_NONCE_LOW", { message: `nonce too low: ${told}`, facts });
  if (nonce < MAX_UINT64) return;
  const message = `nonce has max value: address ${address}, nonce: ${nonce}`;
  throw executionError("SIMULATE_NONCE_MAX", { message, facts });
}

/** What the message pays for a gas in its block. */
function priceOf(
  { from }: SimulatedCall,
  { maxFeePerGas: cap, maxPriorityFeePerGas: tip }: ReturnType<typeof capsOf>,
  { header, validation }: MessageContext,
): { gasPrice: bigint; feeCap: bigint } {
  const baseFee = header.baseFeePerGas ?? 0n;
  if (cap === 0n && tip === 0n && !validation) return { gasPrice: 0n, feeCap: 0n };
  const address = checksumAddress(from);
  if (tip > cap) {
    throw executionError("SIMULATE_TIP", {
      message: `max priority fee per gas higher than max fee per gas: address ${address}, maxPriorityFeePerGas: ${tip}, maxFeePerGas: ${cap}`,
      facts: { tip, cap },
    });
  }
  if (cap < baseFee) {
    throw executionError("SIMULATE_FEE_CAP", {
      message: `max fee per gas less than block base fee: address ${address}, maxFeePerGas: ${cap}, baseFee: ${baseFee}`,
      facts: { cap, baseFee },
    });
  }
  return { gasPrice: minBigInt(baseFee + tip, cap), feeCap: cap };
}

function transactionOf(
  { from, to, value, data, fees, accessList = [], authorizationList = [] }: SimulatedCall,
  chosen: { nonce: bigint; gas: bigint; maxFeePerGas: bigint; maxPriorityFeePerGas: bigint },
  chainId: bigint,
): SignedTransaction {
  const { nonce, gas: gasLimit, maxFeePerGas, maxPriorityFeePerGas } = chosen;
  const legacy = "gasPrice" in fees;
  const type = legacy ? 0 : authorizationList.length > 0 ? 4 : 2;
  return unsignedTransaction(from, {
    ...{ type, nonce, gasLimit, to, value, data, maxFeePerGas, maxPriorityFeePerGas },
    chainId: legacy ? undefined : chainId,
    accessList: legacy ? [] : accessList,
    authorizationList: type === 4 ? authorizationList : [],
  });
}
