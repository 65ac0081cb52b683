import { CallTracer } from "./call-tracer.ts";
import { FlatCallTracer } from "./flat-call-tracer.ts";
import { FourByteTracer } from "./four-byte-tracer.ts";
import { MuxTracer } from "./mux-tracer.ts";
import { NoopTracer } from "./noop-tracer.ts";
import { PrestateTracer } from "./prestate-tracer.ts";
import type { ResultTracer, TraceBudget } from "./result-tracer.ts";
import type { TracerSpec } from "./spec.ts";
import { StructLogger } from "./struct-logger.ts";

/** A fresh tracer for one transaction. */
export function createTracer(spec: TracerSpec, budget: TraceBudget): ResultTracer {
  switch (spec.name) {
    case "structLogger":
      return new StructLogger(spec, budget);
    case "callTracer":
      return new CallTracer(spec, budget);
    case "flatCallTracer":
      return new FlatCallTracer(spec, budget);
    case "prestateTracer":
      return new PrestateTracer(spec, budget);
    case "4byteTracer":
      return new FourByteTracer(budget);
    case "noopTracer":
      return new NoopTracer();
    case "muxTracer":
      return new MuxTracer(spec.tracers.map(([name, inner]) => [name, createTracer(inner, budget)]));
  }
}
