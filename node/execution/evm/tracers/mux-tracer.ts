import type { Log } from "../../../chain/types/block.ts";
import type {
  BlockState,
  FrameEnd,
  FrameStart,
  TraceStep,
  TraceWants,
  TransactionStart,
} from "../block/tracer.ts";
import type { ResultTracer } from "./result-tracer.ts";

/** geth's muxTracer: several tracers at once. */
export class MuxTracer implements ResultTracer {
  readonly wants: TraceWants;
  private readonly tracers: readonly (readonly [string, ResultTracer])[];

  constructor(tracers: readonly (readonly [string, ResultTracer])[]) {
    this.tracers = tracers;
    const anyWants = (what: keyof TraceWants) => tracers.some(([, { wants }]) => wants[what]);
    this.wants = {
      steps: anyWants("steps"),
      memory: anyWants("memory"),
      slots: anyWants("slots"),
      states: anyWants("states"),
    };
  }

  begin(start: TransactionStart): void {
    for (const [, tracer] of this.tracers) tracer.begin(start);
  }

  enter(frame: FrameStart): void {
    for (const [, tracer] of this.tracers) tracer.enter(frame);
  }

  leave(end: FrameEnd): void {
    for (const [, tracer] of this.tracers) tracer.leave(end);
  }

  step(step: TraceStep): void {
    for (const [, tracer] of this.tracers) if (tracer.wants.steps) tracer.step(step);
  }

  log(log: Log): void {
    for (const [, tracer] of this.tracers) tracer.log(log);
  }

  before(state: BlockState): void {
    for (const [, tracer] of this.tracers) if (tracer.wants.states) tracer.before(state);
  }

  end(end: { gasUsed: bigint; state: BlockState | undefined }): void {
    for (const [, tracer] of this.tracers) tracer.end(end);
  }

  result(): string {
    return `{${this.tracers.map(([name, tracer]) => `${JSON.stringify(name)}:${tracer.result()}`).join(",")}}`;
  }
}
