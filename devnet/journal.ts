import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { devnetError } from "./errors.ts";
import { writeJson } from "./layout.ts";

const journalSchema = z.record(z.string(), z.unknown());

/** Results of steps on disk: a job that was interrupted goes on where it stopped. */
export class Journal {
  private readonly file: string;
  private readonly results: Record<string, unknown>;

  /** @throws CodedError JOURNAL_CORRUPT. */
  constructor(file: string) {
    this.file = file;
    try {
      this.results = existsSync(file) ? journalSchema.parse(JSON.parse(readFileSync(file, "utf8"))) : {};
    } catch (cause) {
      throw devnetError("JOURNAL_CORRUPT", {
        message: `${file} is not a journal`,
        fix: "restore the file, or begin anew with --reset",
        cause,
      });
    }
  }

  has(name: string): boolean {
    return name in this.results;
  }

  /** The step's earlier result, or `work`'s, kept before it is given back. Results must be plain JSON. */
  async step<T>(name: string, schema: z.ZodType<T>, work: () => Promise<unknown>): Promise<T> {
    if (!this.has(name)) {
      const result = await work();
      this.results[name] = JSON.parse(JSON.stringify(result ?? null));
      writeJson(this.file, this.results);
    }
    return schema.parse(this.results[name]);
  }
}
