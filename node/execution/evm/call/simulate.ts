import { MAX_UINT256 } from "../../../base/bigint.ts";
import { hexToBytes } from "../../../base/bytes.ts";
import { checksumAddress } from "../../../chain/checksum.ts";
import { MAX_INITCODE_BYTES } from "../../../chain/rules/chain-spec.ts";
import { floorGas, gasSubjectOf, intrinsicGas, isInitcodeTooLong } from "../../../chain/rules/gas.ts";
import type { BlockHeader } from "../../../chain/types/block.ts";
import type { RollupConfig } from "../../../chain/types/rollup.ts";
import { executionError } from "../../errors.ts";
import type { FlatState } from "../../state/flat-state.ts";
import { delegationsOf } from "../block/authorization.ts";
import { traceRules } from "../block/trace-rules.ts";
import type { TransactionStart } from "../block/tracer.ts";
import type { CallRequest, ChainRules } from "../executor.ts";
import { type CallMachines, type RunOptions, sceneOf } from "./call-block.ts";
import type { Simulation } from "./simulation.ts";

/**
 * Runs a message on the state after `header`'s block with that block's environment; with gas price 0 the base fee is 0, as in
 * op-geth. The L1 fee plays no part.
 * @throws CodedError `CALL_FUNDS`, `CALL_GAS` (below the intrinsic cost), `CALL_INITCODE`, `CALL_OVERRIDE`.
 */
export type Simulate = (
  header: BlockHeader,
  request: CallRequest,
  options: RunOptions,
) => Promise<Simulation>;

/** {@link Simulate} on one EVM. */
export function simulateOn(rules: ChainRules, flat: FlatState, machines: CallMachines): Simulate {
  return async (header, request, options) => {
    const scene = sceneOf(rules, flat, header, request);
    const sender = scene.view.account(hexToBytes(request.from));
    checkMessage(rules.rollup, scene.header, sender?.balance ?? 0n, request);
    options.tracer?.begin(messageStart(rules, scene.header, request));
    const block = await machines.open(scene);
    try {
      return await block.run(request, options);
    } finally {
      block.close();
    }
  };
}

/** What a tracer is told of a message before it runs. */
function messageStart(
  rules: ChainRules,
  { number, timestamp, miner }: BlockHeader,
  { from, to, gas, authorizationList = [] }: CallRequest,
): TransactionStart {
  return {
    ...traceRules(rules, timestamp),
    ...{ from, to, gas, delegations: delegationsOf(authorizationList) },
    block: { number, hash: undefined, coinbase: miner },
    transaction: undefined,
    logIndex: 0,
  };
}

/** What op-geth checks before it runs a message. @throws CodedError `CALL_FUNDS`, `CALL_GAS`, `CALL_INITCODE`. */
export function checkMessage(
  rollup: RollupConfig,
  { timestamp }: BlockHeader,
  balance: bigint,
  request: CallRequest,
): void {
  const { from, gas, value, gasPrice, feeCap = gasPrice } = request;
  const want = gas * feeCap + value;
  if (balance < want) {
    const address = checksumAddress(from);
    const reason =
      want > MAX_UINT256
        ? `address ${address} required balance exceeds 256 bits`
        : `address ${address} have ${balance} want ${want}`;
    throw executionError("CALL_FUNDS", {
      message: `insufficient funds for gas * price + value: ${reason}`,
      facts: { from, balance, want },
    });
  }
  const { accessList = [], authorizationList = [] } = request;
  const subject = gasSubjectOf({ data: request.data, to: request.to, accessList, authorizationList });
  const [least, floor] = [
    intrinsicGas(subject, rollup, timestamp),
    floorGas(request.data, rollup, timestamp),
  ];
  const lack = gas < least ? "intrinsic gas too low" : "insufficient gas for floor data gas cost";
  if (gas < least || gas < floor) {
    const needed = gas < least ? least : floor;
    throw executionError("CALL_GAS", {
      message: `${lack}: have ${gas}, want ${needed}`,
      facts: { gas, least: needed },
    });
  }
  if (!isInitcodeTooLong(subject, rollup, timestamp)) return;
  const { length } = request.data;
  throw executionError("CALL_INITCODE", {
    message: `max initcode size exceeded: code size ${length} limit ${MAX_INITCODE_BYTES}`,
    facts: { length },
  });
}
