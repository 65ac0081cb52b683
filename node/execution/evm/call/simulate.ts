import { maxBigInt } from "../../../base/bigint.ts";
import { hexToBytes } from "../../../base/bytes.ts";
import { floorGas, intrinsicGas } from "../../../chain/rules/gas.ts";
import type { BlockHeader } from "../../../chain/types/block.ts";
import type { RollupConfig } from "../../../chain/types/rollup.ts";
import type { AccessListEntry } from "../../../chain/types/transaction.ts";
import { executionError } from "../../errors.ts";
import type { StateView } from "../../state/state-view.ts";
import type { MaybePromise } from "../block/machine.ts";
import type { CallRequest, CallResult } from "../executor.ts";

/** A simulated message's result with what gas estimation and access lists need beyond a {@link CallResult}. */
export interface Simulation {
  succeeded: boolean;
  gasUsed: bigint;
  gasRefunded: bigint;
  returnData: Uint8Array;
  /** {@link REVERT}, {@link OUT_OF_GAS} or geth's words for another halt; undefined on success. */
  exception: string | undefined;
  /** Touched addresses and slots, sorted, without precompiles; only if asked for. */
  touched: readonly AccessListEntry[];
}

export const REVERT = "execution reverted";
export const OUT_OF_GAS = "out of gas";

/**
 * Runs a message on the state after `header`'s block with that block's environment; with gas price 0 the base fee is 0, as in
 * op-geth. The L1 fee plays no part. @throws CodedError `CALL_FUNDS`, `CALL_GAS` (below the intrinsic cost).
 */
export type Simulate = (
  header: BlockHeader,
  request: CallRequest,
  options: { touched: boolean },
) => MaybePromise<Simulation>;

/** What op-geth checks before it runs a message. @throws CodedError `CALL_FUNDS`, `CALL_GAS`. */
export function checkMessage(
  rollup: RollupConfig,
  header: BlockHeader,
  view: StateView,
  request: CallRequest,
): void {
  const { from, gas, gasPrice, value } = request;
  const balance = view.account(hexToBytes(from))?.balance ?? 0n;
  const want = gas * gasPrice + value;
  if (balance < want) {
    throw executionError("CALL_FUNDS", {
      message: `insufficient funds for gas * price + value: address ${from} have ${balance} want ${want}`,
      facts: { from, balance, want },
    });
  }
  const least = leastGas(rollup, header.timestamp, request);
  if (gas >= least) return;
  throw executionError("CALL_GAS", {
    message: `intrinsic gas too low: have ${gas}, want ${least}`,
    facts: { gas, least },
  });
}

/** The gas that a message must bring at least. */
function leastGas(rollup: RollupConfig, time: bigint, request: CallRequest): bigint {
  const list = request.accessList ?? [];
  const subject = {
    data: request.data,
    isCreation: request.to === undefined,
    accessListAddresses: list.length,
    accessListSlots: list.reduce((sum, { storageKeys }) => sum + storageKeys.length, 0),
    authorizations: request.authorizationList?.length ?? 0,
  };
  return maxBigInt(intrinsicGas(subject, rollup, time), floorGas(request.data, rollup, time));
}

/** A simulation in the form of RPC. */
export function toCallResult({ exception, returnData, gasUsed }: Simulation): CallResult {
  const kind = exception === REVERT ? "revert" : "halt";
  return {
    error: exception === undefined ? undefined : { kind, reason: exception },
    returnData,
    gasUsed,
  };
}
