import { ATTRIBUTION_PRECOMPILES } from "../../../../precompiles/addresses.ts";
import { hexToBytes } from "../../../base/bytes.ts";
import { isActive, isAttributionActive } from "../../../chain/rules/forks.ts";
import type { Address } from "../../../chain/types/primitives.ts";
import type { AccessListEntry } from "../../../chain/types/transaction.ts";
import type { FlatState } from "../../state/flat-state.ts";
import type { StateView } from "../../state/state-view.ts";
import { callBlockHashes } from "../block/block-hashes.ts";
import { checkMessage, OUT_OF_GAS, REVERT, type Simulate } from "../call/simulate.ts";
import type { CallRequest, ChainRules } from "../executor.ts";
import { type RunResult, readAccessed, readAnswer } from "./answer.ts";
import { RequestWriter } from "./bytes.ts";
import type { InstancePool } from "./instance-pool.ts";
import { blockRequest, callRequest, FLAG } from "./request.ts";

/** Messages on op-revm. */
export function revmSimulate(
  rules: ChainRules,
  flat: FlatState,
  instancesAt: (time: bigint) => InstancePool,
): Simulate {
  const writer = new RequestWriter();
  return (header, request, { touched }) => {
    const view = flat.view(header.stateRoot);
    checkMessage(rules.rollup, header, view, request);
    const instances = instancesAt(header.timestamp);
    const instance = instances.take();
    try {
      const blockHash = callBlockHashes(rules, view, header);
      instance.openBlock(blockRequest(writer, rules.rollup, header), {
        view: afterGas(view, request),
        blockHash,
      });
      const flags = touched ? FLAG.access : 0;
      const { answer, rest } = readAnswer(instance.exec(callRequest(writer, request, flags)));
      if (answer.kind === "refused") throw new Error(`a message was refused: ${answer.refusal.reason}`);
      return {
        succeeded: answer.status === "success",
        gasUsed: answer.gasUsed,
        gasRefunded: answer.refund,
        returnData: answer.output,
        exception: exceptionOf(answer),
        touched: touched ? withoutPrecompiles(rules, header.timestamp, readAccessed(rest)) : [],
      };
    } finally {
      instances.give(instance);
    }
  };
}

function exceptionOf({ status, halt }: RunResult): string | undefined {
  if (status === "success") return undefined;
  if (status === "revert") return REVERT;
  return halt === "" ? OUT_OF_GAS : halt;
}

/** The state with the message's gas bought: no fee is charged in a call, but its sender has the rest only. */
function afterGas(view: StateView, request: CallRequest): StateView {
  const price = request.gas * request.gasPrice;
  if (price === 0n) return view;
  const sender = Buffer.from(hexToBytes(request.from));
  return {
    root: view.root,
    account(address) {
      const account = view.account(address);
      if (account === undefined || !sender.equals(address)) return account;
      return { ...account, balance: account.balance - price };
    },
    storage: (address, slot) => view.storage(address, slot),
    code: (hash) => view.code(hash),
  };
}

/** Precompiles are warm anyway: access lists leave them out. */
function withoutPrecompiles(
  { rollup, openledger }: ChainRules,
  time: bigint,
  touched: readonly AccessListEntry[],
): AccessListEntry[] {
  const last = isActive(rollup, "isthmus", time) ? 0x11 : isActive(rollup, "ecotone", time) ? 0x0a : 0x09;
  const isPrecompile = (address: Address): boolean => {
    if (ATTRIBUTION_PRECOMPILES.includes(address)) return isAttributionActive(openledger, time);
    const number = BigInt(address);
    return (number > 0n && number <= last) || (number === 0x100n && isActive(rollup, "fjord", time));
  };
  return touched.filter(({ address }) => !isPrecompile(address));
}
