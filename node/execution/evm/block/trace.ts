import type { Block, BlockHeader } from "../../../chain/types/block.ts";
import type { PayloadAttributes } from "../../../chain/types/rollup.ts";
import { executionError } from "../../errors.ts";
import type { ChainRules, TraceFrame, TraceOptions, TraceStep, TransactionTrace } from "../executor.ts";
import { headerStart } from "./header.ts";
import type { BlockMachine, MachineFactory } from "./machine.ts";
import type { FrameEnd, FrameStart, Tracer } from "./tracer.ts";

const MAX_STEPS = 1_000_000;

interface OpenFrame extends FrameStart {
  calls: TraceFrame[];
}

const NOTHING: FrameEnd = { gasUsed: 0n, output: new Uint8Array(0), error: undefined };

/** Puts a transaction's frames into each other. */
export class FrameTracer implements Tracer {
  readonly steps: boolean;
  readonly memory: boolean;
  private readonly maxSteps: number;
  private readonly open: OpenFrame[] = [];
  private readonly taken: TraceStep[] = [];
  private root: TraceFrame | undefined;

  constructor({ steps = false, memory = false, maxSteps = MAX_STEPS }: TraceOptions) {
    this.steps = steps;
    this.memory = memory;
    this.maxSteps = maxSteps;
  }

  enter(frame: FrameStart): void {
    this.open.push({ ...frame, calls: [] });
  }

  leave(end: FrameEnd): void {
    const frame = this.open.pop();
    if (frame === undefined) throw new Error("a frame ended that did not begin");
    const done: TraceFrame = { ...frame, ...end, to: end.to ?? frame.to };
    const above = this.open.at(-1);
    if (above === undefined) this.root = done;
    else above.calls.push(done);
  }

  step(step: TraceStep): void {
    if (this.taken.length >= this.maxSteps) {
      throw executionError("TRACE_TOO_LONG", {
        message: `The transaction runs more than ${this.maxSteps} instructions.`,
        fix: "Trace it without steps.",
        facts: { maxSteps: this.maxSteps },
      });
    }
    this.taken.push(step);
  }

  /** What was heard; a transaction that did not run has the frame given. */
  result(unrun: FrameStart): Pick<TransactionTrace, "frame" | "steps"> {
    return { frame: this.root ?? { ...unrun, ...NOTHING, calls: [] }, steps: this.taken };
  }
}

/** Runs a block that is known to be valid, with an ear on its transactions. */
export async function traceBlock(
  rules: ChainRules,
  machines: MachineFactory,
  parent: BlockHeader,
  block: Block,
  attributes: PayloadAttributes,
  options: TraceOptions,
): Promise<TransactionTrace[]> {
  const header = headerStart(rules, parent, attributes);
  const { parentBeaconBlockRoot } = attributes;
  const machine = await machines.open({ header, parent, parentBeaconBlockRoot });
  const traces: TransactionTrace[] = [];
  try {
    for (const [index, transaction] of block.transactions.entries()) {
      const wanted = options.index === undefined || options.index === index;
      const tracer = wanted ? new FrameTracer(options) : undefined;
      machine.listen(tracer);
      const { status, gasUsed } = await runOne(machine, transaction);
      if (tracer !== undefined) {
        const frame = firstFrame(transaction);
        traces.push({ hash: transaction.hash, status, gasUsed, ...tracer.result(frame) });
      }
      if (options.index === index) break;
    }
    return traces;
  } finally {
    machine.close();
  }
}

async function runOne(machine: BlockMachine, transaction: Block["transactions"][number]) {
  if (transaction.kind === "deposit") return machine.deposit(transaction);
  const result = await machine.signed(transaction, undefined);
  if ("refused" in result) throw new Error(`a stored transaction is refused: ${result.refused.reason}`);
  return result.outcome;
}

function firstFrame(transaction: Block["transactions"][number]): FrameStart {
  const { from } = transaction;
  const { to, value, data } = transaction.kind === "deposit" ? transaction.deposit : transaction;
  const gas = transaction.kind === "deposit" ? transaction.deposit.gas : transaction.gasLimit;
  const kind = to === undefined ? "CREATE" : "CALL";
  return { kind, from, to: to ?? from, value, gas, input: data };
}
