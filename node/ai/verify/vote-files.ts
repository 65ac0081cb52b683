import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { replaceFile } from "../../base/files.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { LAST_ROUND } from "../client/disputes.ts";

const hash = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .transform((text) => text as Hash);
const schema = z.strictObject({ value: hash, digest: hash, salt: hash });

/** A result with the salt that hides it until it is revealed. */
export type KeptVote = z.output<typeof schema>;

/**
 * A verifier's votes on disk, a file for each dispute and round. A vote is there before its commitment is sent: after a crash it is
 * committed or revealed as it was, never anew.
 */
export class VoteFiles {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  read(disputeId: bigint, round: number): KeptVote | undefined {
    try {
      return schema.parse(JSON.parse(readFileSync(this.path(disputeId, round), "utf8")));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** This verifier's vote in the latest round in which it had one. */
  last(disputeId: bigint): KeptVote | undefined {
    for (let round = LAST_ROUND; round >= 0; round--) {
      const kept = this.read(disputeId, round);
      if (kept !== undefined) return kept;
    }
    return undefined;
  }

  /** Whole and on the disk when it returns. */
  write(disputeId: bigint, round: number, vote: KeptVote): void {
    replaceFile(this.path(disputeId, round), `${JSON.stringify(vote)}\n`);
  }

  /** Forgets the votes of a dispute that is over. */
  remove(disputeId: bigint): void {
    for (const name of this.names()) {
      if (name.startsWith(`${disputeId}-`)) rmSync(join(this.folder, name), { force: true });
    }
  }

  private names(): string[] {
    try {
      return readdirSync(this.folder);
    } catch {
      return [];
    }
  }

  private path(disputeId: bigint, round: number): string {
    return join(this.folder, `${disputeId}-${round}.json`);
  }
}
