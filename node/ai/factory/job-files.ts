import { appendFile, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../../base/files.ts";
import { eventSchema, type Job, type JobEvent, jobSchema } from "./job.ts";

/** The jobs on disk: a folder each, with its record and what happened in it, a line each. */
export class JobFiles {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** All records, oldest first. A folder without a whole record is a job that was never acknowledged: it goes. */
  async open(): Promise<Job[]> {
    await mkdir(this.folder, { recursive: true });
    const jobs: Job[] = [];
    for (const name of await readdir(this.folder)) {
      if (!/^[0-9a-f]{16}$/.test(name)) continue;
      const job = await this.read(name);
      if (job === undefined) await rm(join(this.folder, name), { recursive: true, force: true });
      else jobs.push(job);
    }
    return jobs.sort((a, b) => a.createdAt - b.createdAt);
  }

  /** Whole or not at all, and on disk when it returns. */
  write(job: Job): void {
    replaceFile(join(this.folder, job.jobId, "job.json"), `${JSON.stringify(job, null, 2)}\n`);
  }

  async append(jobId: string, event: JobEvent): Promise<void> {
    await appendFile(join(this.folder, jobId, "events.jsonl"), `${JSON.stringify(event)}\n`);
  }

  /** Every event, oldest first; the last line may be torn by a crash. */
  async events(jobId: string): Promise<JobEvent[]> {
    const text = await readFile(join(this.folder, jobId, "events.jsonl"), "utf8").catch(() => "");
    return text.split("\n").flatMap((line) => {
      try {
        return [eventSchema.parse(JSON.parse(line))];
      } catch {
        return [];
      }
    });
  }

  /** Where the state of its fine-tuning lies while it runs. */
  checkpoint(jobId: string): string {
    return join(this.folder, jobId, "checkpoint");
  }

  async remove(jobId: string): Promise<void> {
    await rm(join(this.folder, jobId), { recursive: true, force: true });
  }

  private async read(jobId: string): Promise<Job | undefined> {
    try {
      return jobSchema.parse(JSON.parse(await readFile(join(this.folder, jobId, "job.json"), "utf8")));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }
}
