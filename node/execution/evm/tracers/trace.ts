import type { Replayer, TraceRequest } from "../executor.ts";
import { createTracer } from "./create-tracer.ts";
import { type ResultTracer, TraceBudget } from "./result-tracer.ts";

/**
 * Traces what the request names, in geth's JSON: of a block a list of `{txHash, result}`, of others the result alone.
 * @throws CodedError `TRACE_TOO_LARGE`; for calls `CALL_FUNDS`, `CALL_GAS`.
 */
export async function trace(replayer: Replayer, { subject, tracer: spec }: TraceRequest): Promise<string> {
  const budget = new TraceBudget();
  if (subject.kind === "call") {
    const tracer = createTracer(spec, budget);
    await replayer.replayCall(subject.header, subject.request, tracer);
    return tracer.result();
  }
  const { parent, block } = subject;
  const tracers: ResultTracer[] = [];
  const results: string[] = [];
  /** A tracer is let go as soon as its transaction has ended. */
  const collect = () => {
    const ended = tracers.pop();
    if (ended !== undefined) results.push(ended.result());
  };
  await replayer.replay(parent, block, (index) => {
    collect();
    if (subject.kind === "transaction" && index > subject.index) return "stop";
    if (subject.kind === "transaction" && index < subject.index) return undefined;
    const tracer = createTracer(spec, budget);
    tracers.push(tracer);
    return tracer;
  });
  collect();
  if (subject.kind === "transaction") return results[0] ?? "null";
  const entries = results.map(
    (result, i) => `{"txHash":"${block.transactions[i]!.hash}","result":${result}}`,
  );
  return `[${entries.join(",")}]`;
}
