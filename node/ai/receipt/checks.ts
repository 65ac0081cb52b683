import { isCodedError } from "../../base/errors.ts";

/**
 * How a thing is known: it was computed again here; it stands on chain as the receipt says; the chain's own arithmetic proved it;
 * it can still change until a window passes.
 */
export type Grounds = "recomputed" | "on chain" | "proved on chain" | "waits";

/** One thing that was verified. `undefined` ok: not applicable, `detail` says why. */
export interface Check {
  name: string;
  grounds: Grounds;
  ok: boolean | undefined;
  detail: string;
}

/** Runs checks one after the other; a check that throws has failed and does not stop the others. */
export class CheckList {
  readonly checks: Check[] = [];
  private readonly onCheck: ((check: Check) => void) | undefined;

  constructor(onCheck?: (check: Check) => void) {
    this.onCheck = onCheck;
  }

  /** `run` gives the detail of success, or throws {@link CheckFailed} or anything else. */
  async check(
    name: string,
    run: () => string | Promise<string>,
    grounds: Grounds = "recomputed",
  ): Promise<void> {
    try {
      this.add({ name, grounds, ok: true, detail: await run() });
    } catch (error) {
      const code = isCodedError(error) ? `${error.code}: ` : "";
      this.add({
        name,
        grounds,
        ok: false,
        detail: `${code}${error instanceof Error ? error.message : String(error)}`,
      });
    }
  }

  skip(name: string, detail: string, grounds: Grounds = "recomputed"): void {
    this.add({ name, grounds, ok: undefined, detail });
  }

  get ok(): boolean {
    return this.checks.every(({ ok }) => ok !== false);
  }

  private add(check: Check): void {
    this.checks.push(check);
    this.onCheck?.(check);
  }
}

/** Why a check failed. */
export class CheckFailed extends Error {}

/** @throws CheckFailed with both values unless they are equal. Bigints compare as numbers do. */
export function expectSame(what: string, found: unknown, expected: unknown): void {
  const [a, b] = [plain(found), plain(expected)];
  if (a === b) return;
  let at = 0;
  while (a[at] === b[at]) at++;
  throw new CheckFailed(`${what}: ${around(a, at)} in place of ${around(b, at)}`);
}

const SHOWN = 120;

/** A long text's part where it begins to differ. */
function around(text: string, at: number): string {
  if (text.length <= SHOWN) return text;
  const start = Math.max(0, at - SHOWN / 2);
  return `${start > 0 ? "…" : ""}${text.slice(start, start + SHOWN)}…`;
}

function plain(value: unknown): string {
  return (
    JSON.stringify(value, (_, item) => (typeof item === "bigint" ? item.toString() : item)) ?? "undefined"
  );
}
