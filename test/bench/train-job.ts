import type { Adapter, Example, Model, Session } from "../../native/js/index.ts";
import { Random } from "../../node/base/random.ts";
import { clockFor, countThreads } from "./figure.ts";
import { MADE_ADAPTER, madeAdapter } from "./made-model.ts";

const LEARNING_RATE = 0.005;
const CLIP_NORM = 1;
const WAIT = { intervalMs: 1 };

/** Our side of one load: batches that repeat over the steps, so that the loss falls; the second half of each sequence is its completion. */
export class TrainJob {
  /** Factors to start from, in the order of a flattened gradient. */
  readonly start: Float32Array;
  readonly trainedTokens: number;
  readonly batchTokens: number;
  private readonly rows: number[][];
  private readonly adapter: Adapter;

  constructor(
    readonly session: Session,
    private readonly model: Model,
    private readonly load: { batch: number; length: number; steps: number },
  ) {
    const { batch, length, steps } = load;
    const random = new Random(1);
    this.rows = Array.from({ length: batch }, () =>
      Array.from({ length }, () => random.below(model.config.vocabSize)),
    );
    this.batchTokens = batch * length;
    this.trainedTokens = this.batchTokens * steps;
    const { adapter, flat } = madeAdapter(model);
    this.adapter = adapter;
    this.start = flat;
  }

  /** The same for the peer. */
  settings(): object {
    const { steps, length } = this.load;
    return {
      ...{
        rank: MADE_ADAPTER.rank,
        scale: MADE_ADAPTER.scale,
        learningRate: LEARNING_RATE,
        clipNorm: CLIP_NORM,
      },
      ...{ batches: Array.from({ length: steps }, () => this.rows), completionStart: length / 2 },
    };
  }

  describe(): string {
    const { batch, length } = this.load;
    return `rank ${MADE_ADAPTER.rank}, ${batch} x ${length} tokens, ${this.session.isa}, ${countThreads(this.session)}`;
  }

  /** Mean losses of the steps. */
  async train(): Promise<Float64Array> {
    const { steps } = this.load;
    const { losses } = await this.session
      .loraTrain({
        ...{ model: this.model, adapter: this.adapter, examples: this.examples() },
        steps: Array.from({ length: steps }, () => this.rows.map((_, i) => i)),
        adamw: { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0 },
        schedule: { kind: "constant", lr: LEARNING_RATE, warmupSteps: 0 },
        clipNorm: CLIP_NORM,
      })
      .wait(WAIT);
    return losses;
  }

  /** A flat gradient for each example of a batch. */
  async gradients(): Promise<Float32Array> {
    const request = { model: this.model, adapter: this.adapter, examples: this.examples() };
    return (await this.session.loraGradients(request).wait(WAIT)).rows;
  }

  /** Seconds; of the processor on one thread. */
  async timed(work: () => Promise<unknown>): Promise<number> {
    const clock = clockFor(this.session);
    const start = clock();
    await work();
    return clock() - start;
  }

  private examples(): Example[] {
    return this.rows.map((ids) => ({ ids, completionStart: this.load.length / 2 }));
  }
}
