import { bytesToHex } from "../../../base/bytes.ts";
import { revertReason } from "../../../chain/revert-reason.ts";
import type { Log } from "../../../chain/types/block.ts";
import type { FrameEnd, FrameStart, TransactionStart } from "../block/tracer.ts";
import { REVERT } from "../call/simulation.ts";
import { type Frame, type FrameLog, FrameTree } from "./frame-tree.ts";
import { FRAMES_ONLY, type ResultTracer, type TraceBudget } from "./result-tracer.ts";
import type { CallTracerSpec } from "./spec.ts";

const SELECTOR_BYTES = 4;

export function hexQuantity(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}

/** geth's callTracer: the calls of a transaction inside each other. */
export class CallTracer implements ResultTracer {
  readonly wants = FRAMES_ONLY;
  private readonly spec: Pick<CallTracerSpec, "onlyTopCall" | "withLog">;
  private readonly tree: FrameTree;
  /** Frames that are open but not shown: the logs before each. */
  private readonly hidden: number[] = [];
  private text = "";

  constructor(spec: Pick<CallTracerSpec, "onlyTopCall" | "withLog">, budget: TraceBudget) {
    this.spec = spec;
    this.tree = new FrameTree(budget);
  }

  begin(start: TransactionStart): void {
    this.tree.begin(start);
  }

  enter(frame: FrameStart): void {
    if (this.spec.onlyTopCall && this.tree.depth > 0) this.hidden.push(this.tree.logIndex);
    else this.tree.enter(frame);
  }

  leave(end: FrameEnd): void {
    const logIndex = this.hidden.pop();
    if (logIndex === undefined) this.tree.leave(end);
    else if (end.error !== undefined) this.tree.logIndex = logIndex;
  }

  step(): void {}

  log(log: Log): void {
    if (!this.spec.withLog) return;
    if (this.hidden.length > 0) this.tree.logIndex++;
    else this.tree.log(log);
  }

  before(): void {}

  end({ gasUsed }: { gasUsed: bigint }): void {
    this.text = JSON.stringify(frameJson(this.tree.end(gasUsed)));
  }

  result(): string {
    return this.text;
  }
}

function frameJson(frame: Frame): Record<string, unknown> {
  const { kind, from, to, gas, gasUsed, input, output, error, calls, logs, value } = frame;
  const reason = error === REVERT && output.length >= SELECTOR_BYTES ? revertReason(output) : undefined;
  return {
    from,
    gas: hexQuantity(gas),
    gasUsed: hexQuantity(gasUsed),
    to,
    input: bytesToHex(input),
    output: output.length === 0 ? undefined : bytesToHex(output),
    error,
    revertReason: reason === "" ? undefined : reason,
    calls: calls.length === 0 ? undefined : calls.map(frameJson),
    logs: logs.length === 0 ? undefined : logs.map(logJson),
    value: value === undefined ? undefined : hexQuantity(value),
    type: kind,
  };
}

function logJson({ address, topics, data, index, position }: FrameLog) {
  return {
    address,
    topics,
    data: bytesToHex(data),
    index: hexQuantity(index),
    position: hexQuantity(position),
  };
}
