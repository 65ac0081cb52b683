import { isDeepStrictEqual } from "node:util";
import { isCodedError } from "../../base/errors.ts";
import { executionError } from "../errors.ts";
import type { ExecutedBlock, Executor } from "./executor.ts";
import { RecordingTracer } from "./tracers/recording-tracer.ts";

/**
 * Runs everything twice and stops the node where the two differ: blocks by the first header field, answers as a whole. What comes
 * out is the first one's.
 */
export function bothExecutors(first: Executor, second: Executor): Omit<Executor, "trace"> {
  const same = async <T>(what: string, run: (executor: Executor) => Promise<T>): Promise<T> => {
    const [a, b] = [await outcome(run(first)), await outcome(run(second))];
    if (!isDeepStrictEqual(comparable(a), comparable(b))) throw differ(what, { first: a, second: b });
    if ("error" in a) throw a.error;
    return a.value;
  };
  return {
    async build(parent, attributes, pool, budget) {
      const built = await first.build(parent, attributes, pool, budget);
      return confirm(built, () => second.check(parent, built.block));
    },
    async check(parent, block) {
      const checked = await first.check(parent, block);
      return confirm(checked, () => second.check(parent, block));
    },
    call: (header, request) => same("a call", (executor) => executor.call(header, request)),
    estimateGas: (header, request) =>
      same("an estimate", (executor) => executor.estimateGas(header, request)),
    async replay(parent, block, listen) {
      const recordings: RecordingTracer[] = [];
      await first.replay(parent, block, (index) => {
        const tracer = listen(index);
        if (tracer === undefined || tracer === "stop") return tracer;
        const recording = new RecordingTracer(tracer.wants, tracer);
        recordings[index] = recording;
        return recording;
      });
      const again: RecordingTracer[] = [];
      await second.replay(parent, block, (index) => {
        if (index >= recordings.length) return "stop";
        const wants = recordings[index]?.wants;
        if (wants !== undefined) again[index] = new RecordingTracer(wants);
        return again[index];
      });
      for (const [index, recording] of recordings.entries()) {
        if (recording !== undefined) assertSameTrace(`transaction ${index}`, recording, again[index]);
      }
    },
    async replayCall(header, request, tracer) {
      const recording = new RecordingTracer(tracer.wants, tracer);
      await first.replayCall(header, request, recording);
      const again = new RecordingTracer(tracer.wants);
      await second.replayCall(header, request, again);
      assertSameTrace("a call", recording, again);
    },
    simulateBlocks: (header, request) =>
      same("a simulation", (executor) => executor.simulateBlocks(header, request)),
    createAccessList: (header, request) =>
      same("an access list", (executor) => executor.createAccessList(header, request)),
  };
}

/** @throws CodedError `EXECUTORS_DIFFER`. */
async function confirm(block: ExecutedBlock, again: () => Promise<ExecutedBlock>): Promise<ExecutedBlock> {
  const { number } = block.block.header;
  let second: ExecutedBlock;
  try {
    second = await again();
  } catch (error) {
    if (!isCodedError(error, "BLOCK_INVALID")) throw error;
    throw differ(`block ${number}: ${error.message}`, error.facts);
  }
  for (const [index, receipt] of block.receipts.entries()) {
    if (isDeepStrictEqual(receipt, second.receipts[index])) continue;
    throw differ(`receipt ${index} of block ${number}`, { first: receipt, second: second.receipts[index] });
  }
  return block;
}

/** @throws CodedError `EXECUTORS_DIFFER`. */
function assertSameTrace(what: string, first: RecordingTracer, second: RecordingTracer | undefined): void {
  const [a, b] = [first.comparable(), second?.comparable()];
  if (!isDeepStrictEqual(a, b)) throw differ(`the trace of ${what}`, { first: a, second: b });
}

/** What one executor says more exactly than the other. */
const WORDS = ["invalid opcode", "out of gas"];

function comparableWords(value: unknown): unknown {
  if (typeof value === "string") return WORDS.find((words) => value.startsWith(words)) ?? value;
  if (Array.isArray(value)) return value.map(comparableWords);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, comparableWords(field)]));
}

type Outcome<T> = { value: T } | { error: unknown };

async function outcome<T>(work: Promise<T>): Promise<Outcome<T>> {
  return work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

function comparable(result: Outcome<unknown>): unknown {
  if (!("error" in result)) return comparableWords(result.value);
  return isCodedError(result.error) ? result.error.code : result.error;
}

function differ(what: string, facts: Readonly<Record<string, unknown>>) {
  return executionError("EXECUTORS_DIFFER", {
    message: `The two executors differ in ${what}`,
    fix: "Report it with the data folder; until it is settled run with --executor ts.",
    facts,
  });
}
