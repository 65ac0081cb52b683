import { minBigInt } from "../../../base/bigint.ts";
import { hexToBytes } from "../../../base/bytes.ts";
import { CodedError, isCodedError } from "../../../base/errors.ts";
import { TX_GAS } from "../../../chain/rules/chain-spec.ts";
import type { BlockHeader } from "../../../chain/types/block.ts";
import { executionError } from "../../errors.ts";
import { isEmptyCode } from "../../state/account.ts";
import type { StateView } from "../../state/state-view.ts";
import type { CallRequest, CallResult } from "../executor.ts";
import type { Simulate } from "./simulate.ts";
import { OUT_OF_GAS, type Simulation, toCallResult } from "./simulation.ts";

const CALL_STIPEND = 2_300n;
/** The search stops when the bounds are within this of the upper one (1.5 %, as op-geth). */
const TOLERANCE = { numerator: 15n, denominator: 1000n };

/** Gas that the sender can pay for beside the value, undefined where gas is for nothing. @throws CodedError `CALL_FUNDS`. */
function affordableGas(view: StateView, request: CallRequest): bigint | undefined {
  const feeCap = request.feeCap ?? request.gasPrice;
  if (feeCap === 0n) return undefined;
  const balance = view.account(hexToBytes(request.from))?.balance ?? 0n;
  if (balance <= request.value && request.value > 0n) {
    throw executionError("CALL_FUNDS", { message: "insufficient funds for transfer", facts: { balance } });
  }
  return (balance - request.value) / feeCap;
}

/** As geth tells which gas it tried. */
function failedWith(gas: bigint, { code, message, facts }: CodedError): CodedError {
  return new CodedError(code, "input", { message: `failed with ${gas} gas: ${message}`, facts });
}

function isPlainTransfer(view: StateView, request: CallRequest): boolean {
  if (request.to === undefined || request.data.length > 0) return false;
  const account = view.account(hexToBytes(request.to));
  return account === undefined || isEmptyCode(account.codeHash);
}

/**
 * Smallest gas limit (within 1.5 %) with which the message succeeds; a {@link CallResult} when it fails with all gas.
 * `request.gas` is the upper bound unless it is below a transfer's, as in op-geth. @throws CodedError `CALL_FUNDS`, `CALL_GAS` (not enough within the bound).
 */
export async function estimateGas(
  simulate: Simulate,
  view: StateView,
  header: BlockHeader,
  request: CallRequest,
): Promise<bigint | CallResult> {
  const asked = request.gas >= TX_GAS ? request.gas : header.gasLimit;
  const cap = minBigInt(affordableGas(view, request) ?? asked, asked);
  const attempt = async (gas: bigint): Promise<Simulation | undefined> => {
    try {
      return await simulate(header, { ...request, gas }, { touched: false });
    } catch (error) {
      if (isCodedError(error, "CALL_GAS")) return undefined;
      throw isCodedError(error) && error.code.startsWith("CALL_") ? failedWith(gas, error) : error;
    }
  };
  const succeeds = async (gas: bigint) => (await attempt(gas))?.succeeded === true;
  if (cap >= TX_GAS && isPlainTransfer(view, request) && (await succeeds(TX_GAS))) return TX_GAS;
  const first = await attempt(cap);
  if (first === undefined || first.exception?.startsWith(OUT_OF_GAS)) {
    throw executionError("CALL_GAS", { message: `gas required exceeds allowance (${cap})`, facts: { cap } });
  }
  if (!first.succeeded) return toCallResult(first);
  let high = cap;
  let low = first.gasUsed - 1n;
  const optimistic = ((first.gasUsed + first.gasRefunded + CALL_STIPEND) * 64n) / 63n;
  if (optimistic < high) {
    if (await succeeds(optimistic)) high = optimistic;
    else low = optimistic;
  }
  while (low + 1n < high && (high - low) * TOLERANCE.denominator >= high * TOLERANCE.numerator) {
    const half = (high + low) / 2n;
    const middle = half > low * 2n ? low * 2n : half;
    if (await succeeds(middle)) high = middle;
    else low = middle;
  }
  return high;
}
