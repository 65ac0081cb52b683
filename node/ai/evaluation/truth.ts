import type { Adapter, Example, Session } from "../../../native/js/index.ts";
import { Random } from "../../base/random.ts";
import type { LoadedModel } from "../model/load.ts";
import type { Method } from "../train/method.ts";
import { planWithout, type TrainingPlan } from "../train/plan.ts";
import { trainPlan } from "../train/train.ts";

/** A training of the same plan without some of its rows. */
export interface Ablation {
  /** Names it where its outcome is kept. */
  name: string;
  /** By the place of a row in the plan. */
  isLeftOut: (row: number) => boolean;
}

const HALVES = 0x41;

/** One for each contributor without its rows. @param owners of the plan's rows. */
export function withoutEach(owners: readonly string[]): Ablation[] {
  return [...new Set(owners)].sort().map((owner) => ({
    name: `without ${owner}`,
    isLeftOut: (row) => owners[row] === owner,
  }));
}

/** Random halves of the rows, the same for the same number of rows: one row and its absence never decide alone. */
export function randomHalves(rows: number, count: number): Ablation[] {
  return Array.from({ length: count }, (_, number) => {
    const all = Array.from({ length: rows }, (_, row) => row);
    const kept = new Set(new Random(HALVES, number).sample(all, Math.ceil(rows / 2)));
    return { name: `half ${number}`, isLeftOut: (row) => !kept.has(row) };
  });
}

/** What an ablation is trained and looked at with. */
export interface TruthInput {
  session: Session;
  base: LoadedModel;
  method: Method;
  plan: TrainingPlan;
  /** The answers, as they were given by the whole model. */
  examples: readonly Example[];
}

/** Loss of each answer after a training without some rows; lower is likelier. @throws NativeError `NATIVE_CANCELLED` when aborted. */
export async function lossesWithout(
  { session, base, method, plan, examples }: TruthInput,
  { isLeftOut }: Ablation,
  onProgress: (done: number, total: number) => void,
  signal?: AbortSignal,
): Promise<number[]> {
  const options = {
    signal,
    onProgress: ({ done, total }: { done: number; total: number }) => onProgress(done, total),
  };
  const rest = planWithout(plan, isLeftOut);
  const steps = rest.steps.length;
  if (steps === 0) return lossesOf(session, base, undefined, examples);
  // A shorter run than the whole one's warm-up warms up all the same, to the last step but one.
  const warmupSteps = Math.min(method.training.warmupSteps, steps - 1);
  const shortened = { ...method, training: { ...method.training, warmupSteps } };
  const { native } = await trainPlan(session, base, rest, shortened, options);
  try {
    return await lossesOf(session, base, native, examples);
  } finally {
    native.close();
  }
}

/** Mean loss a token of each answer. */
export async function lossesOf(
  session: Session,
  base: LoadedModel,
  adapter: Adapter | undefined,
  examples: readonly Example[],
): Promise<number[]> {
  const losses: number[] = [];
  for (const example of examples) {
    const job = session.evaluate({ model: base.native, adapter, examples: [example] });
    losses.push((await job.wait()).losses[0]!);
  }
  return losses;
}
