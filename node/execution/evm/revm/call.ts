import { hexToBytes } from "../../../base/bytes.ts";
import type { Address, Hash } from "../../../chain/types/primitives.ts";
import type { AccessListEntry } from "../../../chain/types/transaction.ts";
import type { AccountChange } from "../../state/state-commit.ts";
import type { CallBlock, CallMachines, CallScene, RunOptions } from "../call/call-block.ts";
import { precompilesAt } from "../call/overrides.ts";
import { OUT_OF_GAS, REVERT, type Simulation } from "../call/simulation.ts";
import type { CallRequest, ChainRules } from "../executor.ts";
import { type RunResult, readAccessed, readAnswer, readChanges } from "./answer.ts";
import { RequestWriter } from "./bytes.ts";
import type { BlockHost, EvmInstance } from "./instance.ts";
import type { InstancePool } from "./instance-pool.ts";
import { InstanceState } from "./instance-state.ts";
import { blockRequest, callRequest, FLAG, systemCallRequest, traceFlags } from "./request.ts";
import { tellTracer } from "./trace.ts";

/**
 * Messages on op-revm. What it has no way to do (a precompile elsewhere than the chain has it, another price of blob gas, a
 * base fee over messages that pay none, nonces that wrap) is done by `other`.
 */
export function revmCalls(
  rules: ChainRules,
  instancesAt: (time: bigint) => InstancePool,
  other: CallMachines,
): CallMachines {
  return {
    open(scene) {
      const { precompiles, blobBaseFee, keepsBaseFee, wrapsNonces, header } = scene;
      const showsBaseFee = keepsBaseFee && (header.baseFeePerGas ?? 0n) > 0n;
      const isOdd = precompiles !== undefined || blobBaseFee !== undefined || showsBaseFee || wrapsNonces;
      if (isOdd) return other.open(scene);
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
  private readonly host: BlockHost;
  private readonly state: InstanceState;

  constructor(rules: ChainRules, scene: CallScene, instances: InstancePool) {
    this.rules = rules;
    this.scene = scene;
    this.instances = instances;
    this.instance = instances.take();
    const { header, view, blockHash } = scene;
    this.host = { view, blockHash };
    this.state = new InstanceState(() => this.instance, view);
    this.instance.openBlock(blockRequest(this.writer, rules.rollup, header), this.host);
  }

  systemCall(to: Address, word: Hash): void {
    readAnswer(this.instance.systemCall(systemCallRequest(this.writer, hexToBytes(to), word)));
    this.instance.settle(true);
  }

  run(request: CallRequest, { touched, tracer }: RunOptions): Simulation {
    this.host.trace = tracer && ((records) => tellTracer(records, tracer));
    if (tracer?.wants.states) this.state.collectCodes();
    const flags = FLAG.charged | traceFlags(tracer) | (touched ? FLAG.access : 0);
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
    if (tracer?.wants.states) tracer.before(this.state);
    this.instance.settle(true);
    if (tracer?.wants.states) this.state.collectCodes();
    tracer?.end({ gasUsed: answer.gasUsed, state: this.state });
    return simulation;
  }

  account(address: Address): { nonce: bigint; balance: bigint } | undefined {
    return this.state.account(address);
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
