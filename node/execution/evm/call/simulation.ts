import type { Log } from "../../../chain/types/block.ts";
import type { AccessListEntry } from "../../../chain/types/transaction.ts";
import type { CallResult } from "../executor.ts";

/** A simulated message's result with what gas estimation and access lists need beyond a {@link CallResult}. */
export interface Simulation {
  succeeded: boolean;
  gasUsed: bigint;
  gasRefunded: bigint;
  /** Before refunds, but at least the floor: what the message needs. */
  maxGasUsed: bigint;
  logs: readonly Log[];
  returnData: Uint8Array;
  /** {@link REVERT}, {@link OUT_OF_GAS} or geth's words for another halt; undefined on success. */
  exception: string | undefined;
  /** Touched addresses and slots, sorted, without precompiles; only if asked for. */
  touched: readonly AccessListEntry[];
}

export const REVERT = "execution reverted";
export const OUT_OF_GAS = "out of gas";

/** A simulation in the form of RPC. */
export function toCallResult({ exception, returnData, gasUsed }: Simulation): CallResult {
  const kind = exception === REVERT ? "revert" : "halt";
  return {
    error: exception === undefined ? undefined : { kind, reason: exception },
    returnData,
    gasUsed,
  };
}
