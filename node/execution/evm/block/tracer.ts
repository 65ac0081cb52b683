import type { Address } from "../../../chain/types/primitives.ts";
import type { TraceFrame, TraceStep } from "../executor.ts";

/** A frame as it begins. */
export type FrameStart = Pick<TraceFrame, "kind" | "from" | "to" | "value" | "gas" | "input">;
/** A frame as it ends. */
export type FrameEnd = Pick<TraceFrame, "gasUsed" | "output" | "error"> & {
  /** A creation's address, where it was not known before. */
  to?: Address;
};

/** Hears what a machine's transactions do. */
export interface Tracer {
  readonly steps: boolean;
  readonly memory: boolean;
  enter(frame: FrameStart): void;
  leave(end: FrameEnd): void;
  step(step: TraceStep): void;
}
