import { executionError } from "../../errors.ts";
import type { TraceWants, TransactionTracer } from "../block/tracer.ts";

/** A tracer whose transaction has a result in JSON. */
export interface ResultTracer extends TransactionTracer {
  /** After {@link TransactionTracer.end}. */
  result(): string;
}

/** Frames and logs alone. */
export const FRAMES_ONLY: TraceWants = { steps: false, memory: false, slots: false, states: false };

/** Text of one answer that tracers may make; more is refused before it is made. */
export const MAX_TRACE_BYTES = 60 << 20;

/** What the traces of one answer may still take. */
export class TraceBudget {
  private left: number;
  private readonly most: number;

  constructor(most = MAX_TRACE_BYTES) {
    this.most = most;
    this.left = most;
  }

  /** Takes about so many bytes of JSON. @throws CodedError `TRACE_TOO_LARGE`. */
  take(bytes: number): void {
    this.left -= bytes;
    if (this.left >= 0) return;
    throw executionError("TRACE_TOO_LARGE", {
      message: `trace too large: it would take more than ${this.most} bytes`,
      fix: "Trace one transaction instead of its block, or ask for less: no memory, no stack, onlyTopCall, a limit.",
      facts: { most: this.most },
    });
  }
}
