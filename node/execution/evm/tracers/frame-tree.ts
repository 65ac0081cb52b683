import type { Log } from "../../../chain/types/block.ts";
import type { Address } from "../../../chain/types/primitives.ts";
import type { FrameEnd, FrameKind, FrameStart, TransactionStart } from "../block/tracer.ts";
import { REVERT } from "../call/simulation.ts";
import type { TraceBudget } from "./result-tracer.ts";

export interface FrameLog extends Log {
  /** In the block. */
  index: number;
  /** Calls of its frame before it. */
  position: number;
}

/** A call with those inside of it, in geth's form. */
export interface Frame {
  /** STOP: a deposit that failed before it ran. */
  kind: FrameKind | "STOP";
  from: Address;
  /** undefined: a creation that failed. */
  to: Address | undefined;
  /** undefined: a call that can carry none. */
  value: bigint | undefined;
  gas: bigint;
  gasUsed: bigint;
  input: Uint8Array;
  /** Of a failed call: what it reverted with. */
  output: Uint8Array;
  error: string | undefined;
  calls: Frame[];
  logs: FrameLog[];
}

/** JSON of a frame without its data. */
const FRAME_BYTES = 300;
const LOG_BYTES = 200;
const EMPTY = new Uint8Array(0);
const ZERO_ADDRESS = `0x${"00".repeat(20)}` as const;

/** Puts a transaction's frames into each other. Source: op-geth eth/tracers/native/call.go. */
export class FrameTree {
  private readonly budget: TraceBudget;
  private readonly open: { frame: Frame; logIndex: number }[] = [];
  private root: Frame | undefined;
  private gas = 0n;
  /** Of the block's next log; those of failed frames don't count. */
  logIndex = 0;

  constructor(budget: TraceBudget) {
    this.budget = budget;
  }

  /** Frames that are open; 1: the transaction's own. */
  get depth(): number {
    return this.open.length;
  }

  begin({ gas, logIndex }: TransactionStart): void {
    this.gas = gas;
    this.logIndex = logIndex;
  }

  enter({ kind, from, to, value, gas, input }: FrameStart): void {
    this.budget.take(FRAME_BYTES + 2 * input.length);
    const frame: Frame = {
      ...{ kind, from, to, input, output: EMPTY, error: undefined, calls: [], logs: [] },
      value: kind === "STATICCALL" ? undefined : value,
      gas: this.open.length === 0 ? this.gas : gas,
      gasUsed: 0n,
    };
    this.open.push({ frame, logIndex: this.logIndex });
  }

  /** Gives the frame that ended. */
  leave({ gasUsed, output, error }: FrameEnd): Frame {
    const closed = this.open.pop();
    if (closed === undefined) throw new Error("a frame ended that did not begin");
    const { frame, logIndex } = closed;
    frame.gasUsed = gasUsed;
    frame.error = error;
    if (error === undefined || error === REVERT) {
      this.budget.take(2 * output.length);
      frame.output = output;
    }
    if (error !== undefined) {
      if (frame.kind === "CREATE" || frame.kind === "CREATE2") frame.to = undefined;
      this.logIndex = logIndex;
      clearLogs(frame);
    }
    const above = this.open.at(-1);
    if (above === undefined) this.root = frame;
    else above.frame.calls.push(frame);
    return frame;
  }

  /** Takes back the last call of the frame that runs. */
  dropLastCall(): void {
    this.open.at(-1)?.frame.calls.pop();
  }

  log(log: Log): void {
    const index = this.logIndex++;
    const frame = this.open.at(-1)?.frame;
    if (frame === undefined) return;
    this.budget.take(LOG_BYTES + 70 * log.topics.length + 2 * log.data.length);
    frame.logs.push({ ...log, index, position: frame.calls.length });
  }

  /** The transaction's own frame, when it has ended. */
  end(gasUsed: bigint): Frame {
    const frame = this.root ?? unrun();
    frame.gasUsed = gasUsed;
    return frame;
  }
}

function clearLogs(frame: Frame): void {
  frame.logs = [];
  for (const call of frame.calls) if (call.error === undefined) clearLogs(call);
}

/** What op-geth shows of a deposit that failed before it ran. */
function unrun(): Frame {
  return {
    kind: "STOP",
    from: ZERO_ADDRESS,
    to: undefined,
    value: undefined,
    gas: 0n,
    gasUsed: 0n,
    input: EMPTY,
    output: EMPTY,
    error: "failed deposit transaction",
    calls: [],
    logs: [],
  };
}
