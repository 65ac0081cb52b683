import type { Session } from "../../../native/js/index.ts";
import { monotonicMs } from "../../base/clock.ts";
import type { ContentSink, ContentSource } from "../content/source.ts";
import { readModelFolder } from "../model/files.ts";
import { checkMethod, type Method } from "../train/method.ts";
import { type BuildStage, type BuiltModel, buildModel } from "../train/model-build.ts";
import { learningRateAt } from "../train/train.ts";
import type { BaseModels } from "./bases.ts";
import { evaluate } from "./evaluate.ts";
import type { Job, JobCurve, JobResult, JobStage, Told } from "./job.ts";
import { type PreviewSources, previewOrder, snapshotsOf } from "./preview.ts";

export interface JobParts extends PreviewSources {
  content: ContentSource & ContentSink;
  bases: BaseModels;
  session: Session;
  /** Between two states of a fine-tuning that are kept, in ms; default a minute. */
  keepEveryMs?: number;
}

/** Between two events of one stage: at least so many milliseconds, and a part of the run, so that their number stays bounded. */
const LEAST_GAP_MS = 400;
const GAPS_OF_RUN = 400;
/** Points of a finished curve. */
const MAX_POINTS = 1_000;

/**
 * Runs a job to its end, from its beginning or from where its fine-tuning was broken off: equal orders give equal results, whenever
 * and however often they run.
 * @param checkpoint file for the state of the fine-tuning, which stays until somebody removes it.
 * @throws CodedError and NativeError of building a model; what the signal says when aborted.
 */
export async function runJob(
  parts: JobParts,
  job: Pick<Job, "order" | "method">,
  checkpoint: string,
  tell: (event: Told) => void,
  signal: AbortSignal,
): Promise<JobResult> {
  const { client, at, content, bases, session } = parts;
  const { order } = job;
  const method = checkMethod(job.method);
  const path = await bases.pathOf(order.base);
  tell({ kind: "log", text: `reading ${order.snapshots.length} snapshots and the base model ${order.base}` });
  const snapshots = await snapshotsOf({ client, at }, order);
  const preview = await previewOrder(parts, path, order, method);
  tell({
    kind: "log",
    text: `${preview.examples} rows train, ${preview.repeats} repeat others, ${preview.skipped} do not fit`,
  });
  signal.throwIfAborted();
  const onProgress = progressOf(method, preview.tokens, tell);
  const input = { name: order.name, baseFiles: await readModelFolder(path), snapshots, method };
  const keeping = {
    ...{ path: checkpoint, everyMs: parts.keepEveryMs },
    tell: (text: string) => tell({ kind: "log", text }),
  };
  const built = await buildModel(session, input, content, { signal, onProgress, keeping });
  tell({ kind: "log", text: `adapter ${built.hashes.adapterHash} is stored` });
  const evaluation = await evaluate(
    {
      ...{ session, base: built.base, adapter: built.trained.native, method },
      rows: built.set.examples,
      heldOut: order.heldOut,
    },
    (done, total) => tell({ kind: "stage", stage: "evaluate", done, total }),
    signal,
  );
  return { ...resultOf(built, method), evaluation };
}

/** Turns what a build tells, many times a second, into events that are worth keeping. */
function progressOf(
  { training }: Method,
  tokens: number,
  tell: (event: Told) => void,
): (stage: BuildStage, done: number, total: number, loss: number) => void {
  const begin = monotonicMs();
  let last: { stage: JobStage; done: number; at: number } | undefined;
  return (stage, done, total, loss) => {
    const now = monotonicMs();
    const isNew = last?.stage !== stage;
    const isLast = done === total && last?.done !== done;
    const gap = Math.max(LEAST_GAP_MS, (now - begin) / GAPS_OF_RUN);
    if (!isNew && !isLast && now - (last?.at ?? 0) < gap) return;
    if (!isNew && last?.done === done) return;
    last = { stage, done, at: now };
    if (stage === "train" && done > 0 && !Number.isNaN(loss)) {
      const learningRate = learningRateAt(training, done - 1, total);
      const visited = Math.round((tokens * done) / total);
      tell({ kind: "step", step: done, steps: total, loss, learningRate, tokens: visited });
    } else {
      tell({ kind: "stage", stage, done, total });
    }
  };
}

function resultOf(
  { hashes, index, set, trained }: BuiltModel,
  method: Method,
): Omit<JobResult, "evaluation"> {
  const { floor, ...commitment } = index.commitment;
  return {
    hashes: { ...hashes },
    index: { ...commitment, floor: floor.toString() },
    rows: set.examples.length,
    repeats: set.repeats,
    skipped: set.skipped,
    tokens: trained.tokens,
    curve: curveOf(trained.losses, trained.norms, method.training),
  };
}

/** The whole run in at most {@link MAX_POINTS} points: means over equal parts of it. */
export function curveOf(losses: Float64Array, norms: Float64Array, training: Method["training"]): JobCurve {
  const total = losses.length;
  const count = Math.min(total, MAX_POINTS);
  const ends = Array.from({ length: count }, (_, i) => Math.floor(((i + 1) * total) / count));
  const means = (values: Float64Array) =>
    ends.map((end, i) => {
      const part = values.subarray(i === 0 ? 0 : ends[i - 1]!, end);
      return part.reduce((sum, value) => sum + value, 0) / part.length;
    });
  return {
    steps: ends,
    losses: means(losses),
    norms: means(norms),
    learningRates: ends.map((end) => learningRateAt(training, end - 1, total)),
  };
}
