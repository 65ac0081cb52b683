import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CodedError } from "../../node/base/errors.ts";
import { median } from "./figure.ts";
import { PythonPeer } from "./python-peer.ts";
import type { TrainJob } from "./train-job.ts";

/** Ways of PyTorch; bf16 rounds what the others don't, so it is shown and doesn't count. */
const TRAININGS = ["eager", "bf16", "compiled"] as const;
const GRADIENTS = ["loop", "vmap", "hooks"] as const;
type Way = (typeof TRAININGS)[number] | (typeof GRADIENTS)[number];
/** Relative: both sides use fp32 in different orders, and AdamW's first steps have the size of the learning rate whatever the gradient. */
const FIRST_LOSS = { eager: 1e-4, compiled: 1e-4, bf16: 0.02 };
const LAST_LOSS = 0.02;
/** Euclidean, of an example's whole gradient. */
const GRADIENT_TOLERANCE = 1e-4;
/** Examples of the batch whose gradients are compared. */
const COMPARED = [0, 3];
const COMPILE_SECONDS = 300;

interface Training {
  seconds: number;
  firstLoss: number;
  lastLoss: number;
}

/** PyTorch in a process of its own, with the same job; a way that this machine has not is left out, and the note says why. */
export class TrainPeer {
  private readonly times = new Map<Way, number[]>();
  private readonly missing: string[] = [];
  private python: PythonPeer;

  private constructor(
    private readonly args: readonly string[],
    private readonly folder: string,
    private readonly dimension: number,
  ) {
    this.python = new PythonPeer("train.py", args);
  }

  static async start(
    threads: number,
    modelFolder: string,
    folder: string,
    job: TrainJob,
  ): Promise<TrainPeer> {
    const factors = join(folder, "factors.bin");
    const file = join(folder, "job.json");
    await writeFile(factors, job.start);
    await writeFile(file, JSON.stringify({ ...job.settings(), factors }));
    return new TrainPeer([String(threads), modelFolder, file], folder, job.start.length);
  }

  /**
   * One training each way, which doesn't count.
   * @throws CodedError `BENCH_MISMATCH` when one did not train the same thing.
   */
  async warmTraining(losses: Float64Array): Promise<void> {
    for (const kind of TRAININGS) {
      const told = await this.ask<Training>({ do: "train", kind }, COMPILE_SECONDS);
      if (typeof told === "string") {
        this.missing.push(`${kind}: ${told}`);
        continue;
      }
      requireNear(`${kind}: first loss`, losses[0]!, told.firstLoss, FIRST_LOSS[kind]);
      requireNear(`${kind}: last loss`, losses.at(-1)!, told.lastLoss, LAST_LOSS);
      this.times.set(kind, []);
    }
  }

  async train(): Promise<void> {
    await this.turn("train", TRAININGS);
  }

  /**
   * The gradients each way once, which doesn't count, beside our rows.
   * @throws CodedError `BENCH_MISMATCH` when one's are others.
   */
  async warmGradients(rows: Float32Array): Promise<void> {
    const file = join(this.folder, "gradients.bin");
    const parts = COMPARED.map((i) => rows.subarray(i * this.dimension, (i + 1) * this.dimension));
    await writeFile(
      file,
      Buffer.concat(parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength))),
    );
    for (const kind of GRADIENTS) {
      const made = await this.ask({ do: "gradients", kind });
      const told =
        typeof made === "string"
          ? made
          : await this.ask<{ difference: number }>({ do: "compare", file, examples: COMPARED });
      if (typeof told === "string") {
        this.missing.push(`${kind}: ${told}`);
        continue;
      }
      requireNear(`${kind}: gradients`, 1, 1 + told.difference, GRADIENT_TOLERANCE);
      this.times.set(kind, []);
    }
  }

  async gradients(): Promise<void> {
    await this.turn("gradients", GRADIENTS);
  }

  /** The fastest way, and what the others did; then nothing is kept of either. */
  take(tokens: number): { best: { name: string; value: number } | undefined; note: string } {
    const rates = [...this.times].map(([kind, times]) => ({
      name: `torch ${kind}`,
      value: tokens / median(times),
    }));
    const best = rates
      .filter(({ name }) => name !== "torch bf16")
      .reduce<(typeof rates)[number] | undefined>((a, b) => (a && a.value >= b.value ? a : b), undefined);
    const others = rates
      .filter((rate) => rate !== best)
      .map(({ name, value }) => `${name} ${Math.round(value).toLocaleString("en-US")}`);
    const note = [...others, ...this.missing].join("; ");
    this.times.clear();
    this.missing.length = 0;
    return { best, note };
  }

  stop(): void {
    this.python.stop();
  }

  /** A way that took too long ended the process: the others go on in a new one. */
  private ask<T extends object>(question: object, timeoutSeconds?: number): Promise<T | string> {
    if (this.python.hasEnded) this.python = new PythonPeer("train.py", this.args);
    return this.python.ask<T>(question, timeoutSeconds);
  }

  private async turn(what: "train" | "gradients", kinds: readonly Way[]): Promise<void> {
    for (const kind of kinds) {
      if (!this.times.has(kind)) continue;
      const told = await this.ask<{ seconds: number }>({ do: what, kind });
      if (typeof told === "string") {
        this.times.delete(kind);
        this.missing.push(`${kind}: ${told}`);
      } else {
        this.times.get(kind)?.push(told.seconds);
      }
    }
  }
}

function requireNear(what: string, ours: number, theirs: number, tolerance: number): void {
  if (Math.abs(ours - theirs) <= tolerance * Math.abs(theirs)) return;
  throw new CodedError("BENCH_MISMATCH", "fatal", {
    message: `${what}: ${ours} and ${theirs}`,
    facts: { ours, theirs },
  });
}
