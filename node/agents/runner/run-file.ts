import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { replaceFile } from "../../base/files.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { agentError } from "../errors.ts";
import { signedSchema } from "../signed.ts";

const integer = z
  .string()
  .regex(/^\d{1,78}$/)
  .transform(BigInt);
const hash = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .transform((text) => text as Hash);
/** `from`: block from which its effect is looked for. */
const signed = { order: signedSchema, from: integer };
const asked = { question: z.string(), salt: hash };

const schema = z.discriminatedUnion("stage", [
  z.strictObject({ stage: z.literal("idle") }),
  z.strictObject({ stage: z.literal("asking"), ...asked, requestHash: hash, ...signed }),
  z.strictObject({ stage: z.literal("asked"), ...asked, requestId: integer }),
  z.strictObject({ stage: z.literal("acting"), requestId: integer, said: z.string(), ...signed }),
]);

/** Where a running agent is in its round. */
export type RunState = z.output<typeof schema>;

/**
 * What a running agent has on disk. Every order lies there, signed, before it is sent: after a crash the same one is brought on, which
 * the account takes once, and never another in its place.
 */
export class RunFile {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** @throws CodedError `RUN_FILE_INVALID`. */
  read(): RunState {
    let text: string;
    try {
      text = readFileSync(this.path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return { stage: "idle" };
      throw error;
    }
    try {
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      throw agentError("RUN_FILE_INVALID", {
        message: `${this.path} does not say where the agent was`,
        fix: "move it away: an order that was signed last may still be mined until its deadline",
        cause,
      });
    }
  }

  /** Whole and on the disk when it returns. */
  write(state: RunState): void {
    const text = JSON.stringify(state, (_key, value: unknown) =>
      typeof value === "bigint" ? `${value}` : value,
    );
    replaceFile(this.path, `${text}\n`);
  }

  /** Keeps the rationale of a deed: its panel will want it. */
  keepRationale(id: Hash, bytes: Uint8Array): void {
    replaceFile(this.rationalePath(id), bytes);
  }

  rationale(id: Hash): Uint8Array | undefined {
    try {
      return readFileSync(this.rationalePath(id));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  private get path(): string {
    return join(this.folder, "run.json");
  }

  private rationalePath(id: Hash): string {
    return join(this.folder, "rationales", `${id}.json`);
  }
}
