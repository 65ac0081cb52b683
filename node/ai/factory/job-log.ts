import type { JobEvent, Told } from "./job.ts";
import type { JobFiles } from "./job-files.ts";

/** Events of one answer. */
const MOST = 2_000;
/** Jobs whose events are in memory. */
const MAX_JOBS = 8;

/** What happened in jobs: in memory while somebody asks for it, on disk always. */
export class JobLog {
  private readonly files: JobFiles;
  private readonly now: () => number;
  private readonly known = new Map<string, Promise<JobEvent[]>>();
  private readonly waiting = new Map<string, Set<() => void>>();
  /** Lines reach the disk in their order. */
  private written: Promise<void> = Promise.resolve();

  /** @param now milliseconds since 1970. */
  constructor(files: JobFiles, now: () => number) {
    this.files = files;
    this.now = now;
  }

  add(jobId: string, told: Told): void {
    const event = { ...told, at: this.now() } as JobEvent;
    this.written = this.written
      .then(() => this.eventsOf(jobId))
      .then(async (list) => {
        list.push(event);
        await this.files.append(jobId, event);
      })
      .catch(() => undefined)
      .then(() => this.wake(jobId));
  }

  /** Events from number `after` on, once there are any or the job has changed, or `waitMs` have passed. */
  async after(
    jobId: string,
    after: number,
    waitMs: number,
  ): Promise<{ events: readonly JobEvent[]; next: number }> {
    let all = await this.eventsOf(jobId);
    if (all.length <= after && waitMs > 0) {
      await this.news(jobId, waitMs);
      all = await this.eventsOf(jobId);
    }
    const events = all.slice(after, after + MOST);
    return { events, next: after + events.length };
  }

  /** Tells those who wait for news of a job. */
  wake(jobId: string): void {
    for (const tell of this.waiting.get(jobId) ?? []) tell();
  }

  /** Resolves when everything that was told is on disk. */
  async flush(): Promise<void> {
    await this.written;
  }

  /** Lets go of a job, once its last line is on disk. */
  async forget(jobId: string): Promise<void> {
    await this.flush();
    this.known.delete(jobId);
    this.wake(jobId);
  }

  private news(jobId: string, waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const waiters = this.waiting.get(jobId) ?? new Set();
      this.waiting.set(jobId, waiters);
      const done = () => {
        clearTimeout(timer);
        waiters.delete(done);
        if (waiters.size === 0) this.waiting.delete(jobId);
        resolve();
      };
      const timer = setTimeout(done, waitMs);
      waiters.add(done);
    });
  }

  private eventsOf(jobId: string): Promise<JobEvent[]> {
    const known = this.known.get(jobId) ?? this.files.events(jobId);
    // The newest used one is the last to go.
    this.known.delete(jobId);
    this.known.set(jobId, known);
    const [oldest] = this.known.keys();
    if (this.known.size > MAX_JOBS && oldest !== undefined) this.known.delete(oldest);
    return known;
  }
}
