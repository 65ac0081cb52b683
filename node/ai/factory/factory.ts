import { bytesToHex } from "viem";
import { randomBytes, sleep, systemClock } from "../../base/clock.ts";
import { isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { createMutex } from "../../base/mutex.ts";
import { aiError } from "../errors.ts";
import type { SharedBases } from "../model/shared-bases.ts";
import { removeCheckpoint } from "../train/checkpoint.ts";
import type { Method } from "../train/method.ts";
import type { BaseModel } from "./bases.ts";
import { type Comparison, compare, loadTrained, type TrainedModel } from "./compare.ts";
import { type FileOrder, type FilePreview, previewFile } from "./file-preview.ts";
import type { Job, JobEvent, JobState, Told } from "./job.ts";
import type { JobFiles } from "./job-files.ts";
import { JobLog } from "./job-log.ts";
import { type JobOrder, methodOf } from "./order.ts";
import { type Preview, previewOrder, rowsIn, snapshotsOf } from "./preview.ts";
import { type JobParts, runJob } from "./run-job.ts";

export interface FactoryOptions extends JobParts {
  files: JobFiles;
  shared: SharedBases;
  logger: Logger;
}

/** Jobs of one account that wait or run, and that are kept. */
const MAX_ACTIVE = 2;
const MAX_KEPT = 50;
/** Jobs of all accounts that wait or run, and that are kept. */
const MAX_ALL_ACTIVE = 16;
const MAX_ALL_KEPT = 1_000;
/** Jobs that were cancelled or failed last: they may go on from where they were broken off, older ones begin again. */
const MAX_STATES = 8;
const IDLE_MS = 250;

const now = () => Math.round(systemClock.now() * 1000);

/** Trains models one after the other, for accounts that asked for them. What is on disk is all that it knows. */
export class Factory {
  private readonly options: FactoryOptions;
  private readonly jobs = new Map<string, Job>();
  private readonly log: JobLog;
  /** The job that runs, and what ends it. */
  private current: { jobId: string; ending: AbortController } | undefined;
  /** One look at rows at a time, and one comparison: strangers' questions take turns. */
  private readonly looks = createMutex();
  private readonly answers = createMutex();
  /** The model that was compared last. */
  private compared: { jobId: string; model: Promise<TrainedModel> } | undefined;

  constructor(options: FactoryOptions) {
    this.options = options;
    this.log = new JobLog(options.files, now);
  }

  /** Takes up what a former life left: a job that ran waits again, and says so. */
  async open(): Promise<void> {
    for (const job of await this.options.files.open()) {
      this.jobs.set(job.jobId, job);
      if (job.state !== "running") continue;
      this.tell(job.jobId, {
        kind: "log",
        text: "the worker ended during this run: it goes on from the last state that was kept",
      });
      this.change(job.jobId, { state: "waiting" });
    }
    await this.dropStates();
  }

  /** Runs waiting jobs, the oldest first, until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const next = [...this.jobs.values()].find(({ state }) => state === "waiting");
      if (next === undefined) {
        await sleep(IDLE_MS, signal).catch(() => undefined);
        continue;
      }
      await this.runOne(next, signal);
      await this.dropStates();
    }
    await this.log.flush();
  }

  /**
   * Keeps a new job; it is on disk when this returns.
   * @throws CodedError `JOBS_FULL`, and what {@link previewOrder} finds wrong with the order.
   */
  async create(owner: string, order: JobOrder): Promise<Job> {
    this.requireRoom(owner);
    await this.preview(order);
    // The look at the rows took its time.
    this.requireRoom(owner);
    const method = await this.method(order);
    const job: Job = {
      format: "openledger/job/1",
      jobId: bytesToHex(randomBytes(8)).slice(2),
      ...{ owner, order, method, state: "waiting" },
      createdAt: now(),
      ...{ startedAt: null, endedAt: null, starts: 0, result: null, failure: null },
    };
    this.options.files.write(job);
    this.jobs.set(job.jobId, job);
    return job;
  }

  private async method(order: JobOrder): Promise<Method> {
    const { parameters } = await this.options.bases.describe(order.base);
    return methodOf(order.settings, parameters, rowsIn(await snapshotsOf(this.options, order)));
  }

  /** The base models that can be trained on. */
  bases(): Promise<BaseModel[]> {
    return this.options.bases.list();
  }

  /** What an order would train on and take. @throws CodedError; see {@link previewOrder}. */
  async preview(order: JobOrder): Promise<Preview> {
    const path = await this.options.bases.pathOf(order.base);
    const method = await this.method(order);
    return this.looks.run(() => previewOrder(this.options, path, order, method));
  }

  /** What a file gives before it is contributed. @throws CodedError `BASE_UNKNOWN`; see {@link previewFile}. */
  async previewFile(order: FileOrder): Promise<FilePreview> {
    const path = await this.options.bases.pathOf(order.base);
    return this.looks.run(() => previewFile(path, order));
  }

  /** An account's jobs, newest first. */
  list(owner: string): Job[] {
    return [...this.jobs.values()].filter((job) => job.owner === owner).reverse();
  }

  /** @throws CodedError `JOB_UNKNOWN`, for another account's job too. */
  get(owner: string, jobId: string): Job {
    const job = this.jobs.get(jobId);
    if (job !== undefined && job.owner === owner) return job;
    throw aiError("JOB_UNKNOWN", {
      message: `you have no job ${jobId} here`,
      fix: "list your jobs; another account's are its own",
      facts: { jobId },
    });
  }

  /** The job and its events from number `after` on; without news it waits for some, at most `waitMs`. */
  async events(
    owner: string,
    jobId: string,
    after: number,
    waitMs: number,
  ): Promise<{ job: Job; events: readonly JobEvent[]; next: number }> {
    this.get(owner, jobId);
    const found = await this.log.after(jobId, after, waitMs);
    return { job: this.get(owner, jobId), ...found };
  }

  /** @throws CodedError `JOB_UNKNOWN`, `JOB_STATE`. */
  cancel(owner: string, jobId: string): Job {
    const job = this.get(owner, jobId);
    if (this.current?.jobId === jobId) {
      this.current.ending.abort(aiError("JOB_CANCELLED", { message: "the job was cancelled" }));
      return job;
    }
    requireState(job, ["waiting"], "is not waiting or running");
    return this.end(jobId, { state: "cancelled" }, "cancelled before it began");
  }

  /** A job that was cancelled or failed waits again. @throws CodedError `JOB_UNKNOWN`, `JOB_STATE`, `JOBS_FULL`. */
  resume(owner: string, jobId: string): Job {
    requireState(this.get(owner, jobId), ["cancelled", "failed"], "has nothing to resume");
    this.requireRoom(owner, false);
    this.tell(jobId, {
      kind: "log",
      text: "resumed: it goes on from the last state that was kept, and gives what it would have given",
    });
    return this.change(jobId, { state: "waiting", endedAt: null, failure: null });
  }

  /** Forgets a job; what it stored by hash stays. @throws CodedError `JOB_UNKNOWN`, `JOB_STATE` while it runs. */
  async delete(owner: string, jobId: string): Promise<void> {
    const job = this.get(owner, jobId);
    requireState(job, ["waiting", "done", "failed", "cancelled"], "runs: cancel it first");
    this.jobs.delete(jobId);
    if (this.compared?.jobId === jobId) this.compared = undefined;
    await this.log.forget(jobId);
    await this.options.files.remove(jobId);
  }

  /** Base and tuned model side by side. @throws CodedError `JOB_UNKNOWN`, `JOB_STATE`, and of answering. */
  async compare(owner: string, jobId: string, prompt: string, signal: AbortSignal): Promise<Comparison> {
    const job = this.get(owner, jobId);
    requireState(job, ["done"], "is not done");
    const { shared, ...rest } = this.options;
    const parts = { ...rest, bases: shared };
    if (this.compared?.jobId !== jobId) {
      const model = loadTrained(parts, job.order, job.result!);
      this.compared = { jobId, model };
      model.catch(() => {
        this.compared = undefined;
      });
    }
    const model = await this.compared.model;
    return this.answers.run(() => compare(parts, model, prompt, signal));
  }

  private async runOne({ jobId }: Job, stopping: AbortSignal): Promise<void> {
    const ending = new AbortController();
    this.current = { jobId, ending };
    const job = this.change(jobId, {
      ...{ state: "running", startedAt: now(), endedAt: null },
      starts: this.jobs.get(jobId)!.starts + 1,
    });
    const signal = AbortSignal.any([ending.signal, stopping]);
    try {
      const state = this.options.files.checkpoint(jobId);
      const result = await runJob(this.options, job, state, (told) => this.tell(jobId, told), signal);
      this.end(jobId, { state: "done", result }, "done");
    } catch (error) {
      // The worker ends: the next one finds the job running, and takes it up.
      if (stopping.aborted) return;
      if (ending.signal.aborted) this.end(jobId, { state: "cancelled" }, "cancelled");
      else this.fail(jobId, error);
    } finally {
      this.current = undefined;
    }
  }

  /** Removes the states of fine-tunings that nothing goes on from. */
  private async dropStates(): Promise<void> {
    const all = [...this.jobs.values()];
    const broken = all.filter(({ state }) => state === "cancelled" || state === "failed");
    const old = broken.toSorted((a, b) => b.endedAt! - a.endedAt!).slice(MAX_STATES);
    for (const { jobId } of [...old, ...all.filter(({ state }) => state === "done")])
      await removeCheckpoint(this.options.files.checkpoint(jobId));
  }

  private fail(jobId: string, error: unknown): void {
    const { code, message, fix } = error as { code?: string; message: string; fix?: string };
    const isTold = isCodedError(error) || code?.startsWith("NATIVE_");
    if (!isTold) this.options.logger.error({ jobId, error }, "A training job failed");
    const failure = isTold
      ? { code: code ?? "JOB_FAILED", message, fix }
      : { code: "JOB_FAILED", message: "the job failed; the node's log says why", fix: "try again" };
    this.end(jobId, { state: "failed", failure }, `failed: ${failure.message}`);
  }

  private end(jobId: string, change: Partial<Job>, text: string): Job {
    this.tell(jobId, { kind: "log", text });
    return this.change(jobId, { ...change, endedAt: now() });
  }

  private change(jobId: string, change: Partial<Job>): Job {
    const job = { ...this.jobs.get(jobId)!, ...change };
    this.options.files.write(job);
    this.jobs.set(jobId, job);
    this.log.wake(jobId);
    return job;
  }

  /** How many it keeps, by state. */
  counts(): Partial<Record<JobState, number>> {
    const counts: Partial<Record<JobState, number>> = {};
    for (const { state } of this.jobs.values()) counts[state] = (counts[state] ?? 0) + 1;
    return counts;
  }

  private tell(jobId: string, told: Told): void {
    this.log.add(jobId, told);
  }

  /** @throws CodedError `JOBS_FULL`. */
  private requireRoom(owner: string, isNew = true): void {
    const all = [...this.jobs.values()];
    const own = all.filter((job) => job.owner === owner);
    const active = (jobs: readonly Job[]) =>
      jobs.filter(({ state }) => state === "waiting" || state === "running").length;
    const isFull = active(own) >= MAX_ACTIVE || active(all) >= MAX_ALL_ACTIVE;
    if (!isFull && !(isNew && (own.length >= MAX_KEPT || all.length >= MAX_ALL_KEPT))) return;
    throw aiError("JOBS_FULL", {
      message: isFull ? "too many jobs wait or run already" : "too many jobs are kept already",
      fix: isFull ? `one account may have ${MAX_ACTIVE} at once: wait, or cancel one` : "delete old ones",
      facts: { active: active(own), kept: own.length },
    });
  }
}

function requireState({ jobId, state }: Job, allowed: readonly Job["state"][], what: string): void {
  if (allowed.includes(state)) return;
  throw aiError("JOB_STATE", {
    message: `the job ${jobId} ${what}`,
    fix: "look at its state first",
    facts: { jobId, state },
  });
}
