import { bytesToHex } from "../../../base/bytes.ts";
import type { Log } from "../../../chain/types/block.ts";
import type {
  BlockState,
  FrameEnd,
  FrameStart,
  TraceStep,
  TraceWants,
  TransactionStart,
  TransactionTracer,
} from "../block/tracer.ts";
import { REVERT } from "../call/simulation.ts";
import { TraceBudget } from "./result-tracer.ts";

interface Call extends FrameStart {
  end: FrameEnd | undefined;
  /** Steps, logs and calls in their order. */
  inside: (Call | Step | Log)[];
}

type Step = Omit<TraceStep, "stack" | "slot" | "cost" | "error"> & { words: readonly bigint[] };

const STOP = 0x00;
const STEP_BYTES = 200;

/** What is not entered for want of these is told by one executor alone, as geth does. */
const UNENTERED: readonly (string | undefined)[] = [
  "insufficient balance for transfer",
  "max call depth exceeded",
];

/** Remembers what it hears, to compare two executors; what one of them hears may go on to a tracer. */
export class RecordingTracer implements TransactionTracer {
  readonly wants: TraceWants;
  private readonly next: TransactionTracer | undefined;
  private readonly budget = new TraceBudget();
  private readonly open: Call[] = [];
  private readonly all: Call[] = [];
  private gasUsed: bigint | undefined;

  constructor(wants: TraceWants, next?: TransactionTracer) {
    this.wants = wants;
    this.next = next;
  }

  begin(start: TransactionStart): void {
    this.next?.begin(start);
  }

  enter(frame: FrameStart): void {
    this.next?.enter(frame);
    this.budget.take(STEP_BYTES + frame.input.length);
    const call: Call = { ...frame, end: undefined, inside: [] };
    (this.open.at(-1)?.inside ?? this.all).push(call);
    this.open.push(call);
  }

  leave(end: FrameEnd): void {
    this.next?.leave(end);
    const call = this.open.pop();
    if (call !== undefined) call.end = end;
  }

  step(step: TraceStep): void {
    this.next?.step(step);
    const { stack, pc, op, gas, depth, refund, memory } = step;
    this.budget.take(STEP_BYTES + 32 * stack.length + (memory?.length ?? 0));
    const words = Array.from({ length: stack.length }, (_, i) => stack.at(i));
    this.open.at(-1)?.inside.push({ pc, op, gas, depth, refund, memory, words });
  }

  log(log: Log): void {
    this.next?.log(log);
    this.budget.take(STEP_BYTES + log.data.length);
    this.open.at(-1)?.inside.push(log);
  }

  before(state: BlockState): void {
    this.next?.before(state);
  }

  end(end: { gasUsed: bigint; state: BlockState | undefined }): void {
    this.next?.end(end);
    this.gasUsed = end.gasUsed;
  }

  /** What was heard, without what only one executor tells: frames that were not entered, the STOP where code just ends. */
  comparable(): unknown {
    return { gasUsed: this.gasUsed, calls: this.all.map(comparableCall) };
  }
}

function comparableCall({ end, inside, ...start }: Call): unknown {
  // Which of two reasons for a halt is found first is each executor's own matter: both take all gas.
  const error = end?.error === undefined || end.error === REVERT ? end?.error : "halt";
  const told = inside.filter((item) => {
    if ("op" in item) return item.op !== STOP;
    return !("kind" in item) || !UNENTERED.includes(item.end?.error);
  });
  return {
    ...start,
    input: bytesToHex(start.input),
    ...{ gasUsed: end?.gasUsed, output: end?.output, error },
    inside: told.map((item) => ("kind" in item ? comparableCall(item) : item)),
  };
}
