import type { Hash } from "../../chain/types/primitives.ts";
import { mebibytes } from "../model/estimate.ts";
import {
  checkpointBytes,
  MAX_CHECKPOINT_BYTES,
  readCheckpoint,
  runHash,
  type TrainingState,
  writeCheckpoint,
} from "./checkpoint.ts";
import type { Method } from "./method.ts";
import type { TrainingPlan } from "./plan.ts";

/** Where and how often the state of a fine-tuning is kept while it runs. */
export interface Keeping {
  /** The file of its newest state; whoever ends the run removes it. */
  path: string;
  /** Of the base model's files. */
  baseHash: Hash;
  /** Between two states, about, in ms; default a minute. */
  everyMs?: number;
  /** Steps between two states at most; default no limit. */
  everySteps?: number;
  /** What people should know of it. */
  tell?: (text: string) => void;
}

const EVERY_MS = 60_000;

/** A fine-tuning whose state is kept. That can fail, for want of disk space for example: the run goes on, and says so once. */
export class KeptRun {
  private readonly keeping: Keeping;
  private readonly run: Hash;
  private readonly steps: number;
  /** The first state comes after one step: then it is known how long a step takes. */
  private next = 1;
  private hasFailed = false;

  constructor(keeping: Keeping, plan: TrainingPlan, method: Method) {
    this.keeping = keeping;
    this.run = runHash(keeping.baseHash, plan, method);
    this.steps = plan.steps.length;
  }

  /** Steps until the next state is due. */
  nextSteps(): number {
    return this.next;
  }

  /** The state to go on from; undefined where there is none of this run. */
  async read(parameters: number, steps: number): Promise<TrainingState | undefined> {
    const { path, tell } = this.keeping;
    const found = await readCheckpoint(path, this.run, { parameters, steps });
    if (typeof found !== "string") {
      tell?.(`goes on after step ${found.step} of ${steps}`);
      return found;
    }
    if (found === "other")
      tell?.("the state that was kept is of another run: this one begins at its first step");
    if (found === "damaged") tell?.("the state that was kept is damaged: the run begins at its first step");
    return undefined;
  }

  /** Keeps a state, made by `steps` steps in so many ms. */
  async keep(state: TrainingState, steps: number, ms: number): Promise<void> {
    const { path, everyMs = EVERY_MS, everySteps = Number.POSITIVE_INFINITY } = this.keeping;
    this.next = Math.max(1, Math.floor(Math.min(everySteps, (everyMs * steps) / Math.max(ms, 1))));
    const bytes = checkpointBytes(state);
    if (bytes > MAX_CHECKPOINT_BYTES)
      return this.failed(
        state,
        `it would take ${mebibytes(bytes)} of ${mebibytes(MAX_CHECKPOINT_BYTES)} at most`,
      );
    try {
      await writeCheckpoint(path, this.run, state);
    } catch (error) {
      this.failed(state, error instanceof Error ? error.message : String(error));
    }
  }

  private failed({ step }: TrainingState, why: string): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.keeping.tell?.(
      `the state after step ${step} of ${this.steps} could not be kept: ${why}; a crash would lose what is done from here on`,
    );
  }
}
