import { hexToBytes } from "../../../base/bytes.ts";
import type { Address, Hash } from "../../../chain/types/primitives.ts";
import type { AccessListEntry } from "../../../chain/types/transaction.ts";
import type { AccountChange } from "../../state/state-commit.ts";
import type { CallBlock, CallMachines, CallScene, RunOptions } from "../call/call-block.ts";
import { precompilesAt } from "../call/overrides.ts";
import { OUT_OF_GAS, REVERT, type Simulation } from "../call/simulate.ts";
import type { CallRequest, ChainRules } from "../executor.ts";
import { type RunResult, readAccessed, readAccount, readAnswer, readChanges } from "./answer.ts";
import { RequestWriter } from "./bytes.ts";
import type { EvmInstance } from "./instance.ts";
import type { InstancePool } from "./instance-pool.ts";
import { blockRequest, callRequest, FLAG, systemCallRequest } from "./request.ts";

/**
 * Messages on op-revm. What it has no way to do (a precompile elsewhere than the chain has it, another price of blob gas) is
 * done by `other`.
 */
export function revmCalls(
  rules: ChainRules,
  instancesAt: (time: bigint) => InstancePool,
  other: CallMachines,
): CallMachines {
  return {
    open(scene) {
      if (scene.precompiles !== undefined || scene.blobBaseFee !== undefined) return other.open(scene);
      return new RevmCalls(rules, scene, instancesAt(scene.header.timestamp));
    },
  };
}

class RevmCalls implements CallBlock {
  private readonly rules: ChainRules;
  private readonly scene: CallScene;
  private readonly instances: InstancePool;
  private readonly instance: EvmInstance;
  private readonly writer = new RequestWriter();

  constructor(rules: ChainRules, scene: CallScene, instances: InstancePool) {
    this.rules = rules;
    this.scene = scene;
    this.instances = instances;
    this.instance = instances.take();
    const { header, view, blockHash } = scene;
    this.instance.openBlock(blockRequest(this.writer, rules.rollup, header), { view, blockHash });
  }

  systemCall(to: Address, word: Hash): void {
    readAnswer(this.instance.systemCall(systemCallRequest(this.writer, hexToBytes(to), word)));
    this.instance.settle(true);
  }

  run(request: CallRequest, { touched }: RunOptions): Simulation {
    const flags = FLAG.charged | (touched ? FLAG.access : 0);
    const { answer, rest } = readAnswer(this.instance.exec(callRequest(this.writer, request, flags)));
    if (answer.kind === "refused") throw new Error(`a message was refused: ${answer.refusal.reason}`);
    const { timestamp } = this.scene.header;
    const simulation: Simulation = {
      succeeded: answer.status === "success",
      gasUsed: answer.gasUsed,
      gasRefunded: answer.refund,
      maxGasUsed: answer.maxGasUsed,
      logs: answer.status === "success" ? answer.logs : [],
      returnData: answer.output,
      exception: exceptionOf(answer),
      touched: touched ? withoutPrecompiles(this.rules, timestamp, readAccessed(rest)) : [],
    };
    this.instance.settle(true);
    return simulation;
  }

  account(address: Address): { nonce: bigint; balance: bigint } | undefined {
    const found = this.instance.account(hexToBytes(address));
    return found && readAccount(found);
  }

  changes(): AccountChange[] {
    return readChanges(this.instance.changes());
  }

  close(): void {
    this.instances.give(this.instance);
  }
}

function exceptionOf({ status, halt }: RunResult): string | undefined {
  if (status === "success") return undefined;
  if (status === "revert") return REVERT;
  return halt === "" ? OUT_OF_GAS : halt;
}

/** Precompiles are warm anyway: access lists leave them out. */
function withoutPrecompiles(
  rules: ChainRules,
  time: bigint,
  touched: readonly AccessListEntry[],
): AccessListEntry[] {
  const precompiles = precompilesAt(rules, time);
  return touched.filter(({ address }) => !precompiles.has(address));
}
