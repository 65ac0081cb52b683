import { existsSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../node/base/paths.ts";

export interface CaseReason {
  case: string;
  reason: string;
}

/** What one group of third-party vectors gave. */
export interface GroupResult {
  /** As printed, for example `op-recordings/jovian-span-brotli`. */
  name: string;
  passed: number;
  failed: CaseReason[];
  skipped: CaseReason[];
}

/** Runs a group's cases in `folder` (the group's own folder); a group with several scenarios gives one result each. */
export type GroupRunner = (folder: string) => Promise<GroupResult | GroupResult[]>;

/** Collects results case by case. */
export class GroupRecorder {
  readonly result: GroupResult;

  constructor(name: string) {
    this.result = { name, passed: 0, failed: [], skipped: [] };
  }

  pass(): void {
    this.result.passed++;
  }

  fail(name: string, reason: unknown): void {
    this.result.failed.push({
      case: name,
      reason: reason instanceof Error ? reason.message : String(reason),
    });
  }

  skip(name: string, reason: string): void {
    this.result.skipped.push({ case: name, reason });
  }

  /** Runs one case; what it throws is its failure. */
  async run(name: string, body: () => void | Promise<void>): Promise<void> {
    try {
      await body();
      this.pass();
    } catch (error) {
      this.fail(name, error);
    }
  }
}

/** The folder of third-party vectors, or undefined where there is none. */
export function vectorsFolder(): string | undefined {
  const folder = process.env.OPENLEDGER_VECTORS ?? join(packageRoot(), "..", "shared", "vectors");
  return existsSync(folder) ? folder : undefined;
}

/** Throws with both values unless they are equal. */
export function assertEqual(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) throw new Error(`${what}: ${String(actual)} instead of ${String(expected)}`);
}
