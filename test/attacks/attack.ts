/** `small`: what a test run can afford, judged without a clock. */
export type AttackSize = "full" | "small";

/** What an attack did to a node. */
export interface AttackResult {
  /** Times and counts, for a person. */
  facts: string;
  /** What must not be; empty when the node stood. */
  failures: readonly string[];
}

/** One thing that a stranger, a broken part or a slow one does to a node; it starts its own chain and ends it again. */
export interface Attack {
  name: string;
  run(size: AttackSize): Promise<AttackResult>;
}

/** One line: name, verdict, facts, and what failed. */
export function formatResult(name: string, { facts, failures }: AttackResult): string {
  const verdict = failures.length === 0 ? "ok  " : "FAIL";
  return `${verdict} ${name}: ${[facts, ...failures].filter((text) => text !== "").join("; ")}`;
}
