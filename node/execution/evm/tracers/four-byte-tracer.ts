import { bytesToHex } from "../../../base/bytes.ts";
import type { FrameStart, TransactionStart } from "../block/tracer.ts";
import { FRAMES_ONLY, type ResultTracer, type TraceBudget } from "./result-tracer.ts";

const SELECTOR_BYTES = 4;
const ENTRY_BYTES = 40;
const CALLS: ReadonlySet<string> = new Set(["CALL", "CALLCODE", "DELEGATECALL", "STATICCALL"]);

/** geth's 4byteTracer: how often each selector was called with so many bytes behind it. */
export class FourByteTracer implements ResultTracer {
  readonly wants = FRAMES_ONLY;
  private readonly budget: TraceBudget;
  private readonly counts = new Map<string, number>();
  private isPrecompile: TransactionStart["isPrecompile"] = () => false;

  constructor(budget: TraceBudget) {
    this.budget = budget;
  }

  begin({ isPrecompile }: TransactionStart): void {
    this.isPrecompile = isPrecompile;
  }

  enter({ kind, to, input }: FrameStart): void {
    if (!CALLS.has(kind) || input.length < SELECTOR_BYTES || this.isPrecompile(to)) return;
    const key = `${bytesToHex(input.subarray(0, SELECTOR_BYTES))}-${input.length - SELECTOR_BYTES}`;
    const count = this.counts.get(key);
    if (count === undefined) this.budget.take(ENTRY_BYTES);
    this.counts.set(key, (count ?? 0) + 1);
  }

  leave(): void {}
  step(): void {}
  log(): void {}
  before(): void {}
  end(): void {}

  result(): string {
    return JSON.stringify(Object.fromEntries([...this.counts].sort(([a], [b]) => (a < b ? -1 : 1))));
  }
}
