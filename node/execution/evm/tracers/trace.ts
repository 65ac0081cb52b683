import { decodeBlock } from "../../../chain/codec/block.ts";
import { unpackBlock } from "../../../chain/codec/packed-block.ts";
import type { BlockHeader } from "../../../chain/types/block.ts";
import type { RollupConfig } from "../../../chain/types/rollup.ts";
import type { Replayer, TraceRequest } from "../executor.ts";
import { createTracer } from "./create-tracer.ts";
import { type ResultTracer, TraceBudget } from "./result-tracer.ts";

/**
 * Traces what the request names, in geth's JSON: of a block a list of `{txHash, result}`, of others the result alone.
 * @throws CodedError `TRACE_TOO_LARGE`; for calls `CALL_FUNDS`, `CALL_GAS`, `CALL_INITCODE`, `CALL_OVERRIDE`; for a stranger's block
 * what {@link decodeBlock} throws, and `BLOCK_INVALID`.
 */
export async function trace(
  replayer: Replayer,
  rollup: RollupConfig,
  header: BlockHeader,
  { subject, tracer: spec }: TraceRequest,
): Promise<string> {
  const budget = new TraceBudget();
  if (subject.kind === "call") {
    const tracer = createTracer(spec, budget);
    await replayer.replayCall(header, subject.request, tracer);
    return tracer.result();
  }
  const block = subject.kind === "rlp" ? decodeBlock(subject.raw, rollup) : unpackBlock(subject.block);
  const tracers: ResultTracer[] = [];
  const results: string[] = [];
  /** A tracer is let go as soon as its transaction has ended. */
  const collect = () => {
    const ended = tracers.pop();
    if (ended !== undefined) results.push(ended.result());
  };
  await replayer.replay(header, block, (index) => {
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
