/** One case of a conformance group that did not pass, and why. */
export interface CaseNote {
  case: string;
  reason: string;
}

/** What running one group of vectors gave. */
export interface GroupResult {
  name: string;
  passed: number;
  failed: CaseNote[];
  skipped: CaseNote[];
}

/** Collects the cases of one group; a case that throws has failed. */
export class GroupRun {
  readonly result: GroupResult;

  constructor(name: string) {
    this.result = { name, passed: 0, failed: [], skipped: [] };
  }

  /** Runs one case: it passes when `check` gives undefined, fails with the reason that it gives or throws. */
  async case(name: string, check: () => string | undefined | Promise<string | undefined>): Promise<void> {
    let reason: string | undefined;
    try {
      reason = await check();
    } catch (error) {
      reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    }
    if (reason === undefined) this.result.passed += 1;
    else this.result.failed.push({ case: name, reason });
  }

  skip(name: string, reason: string): void {
    this.result.skipped.push({ case: name, reason });
  }
}
