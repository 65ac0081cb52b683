import { existsSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../node/base/paths.ts";

/** One case of a conformance group that did not pass, and why. */
export interface CaseNote {
  case: string;
  reason: string;
}

/** What running one group of vectors gave. */
export interface GroupResult {
  /** As printed, for example `op-recordings/jovian-span-brotli`. */
  name: string;
  passed: number;
  failed: CaseNote[];
  skipped: CaseNote[];
}

/**
 * Runs the cases in `folder` (the group's own folder); a group with several scenarios gives one result each, and runs only that
 * of the name where there is one.
 */
export type GroupRunner = (folder: string, scenario?: string) => Promise<GroupResult | GroupResult[]>;

/** Collects the cases of one group; a case that throws has failed. */
export class GroupRun {
  readonly result: GroupResult;

  constructor(name: string) {
    this.result = { name, passed: 0, failed: [], skipped: [] };
  }

  /** Runs one case: it passes when `check` gives undefined, fails with the reason that it gives or throws. */
  async case(name: string, check: () => unknown): Promise<void> {
    let reason: unknown;
    try {
      reason = await check();
    } catch (error) {
      reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    }
    if (reason === undefined) this.result.passed += 1;
    else this.result.failed.push({ case: name, reason: String(reason) });
  }

  skip(name: string, reason: string): void {
    this.result.skipped.push({ case: name, reason });
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
