import { bytesToHex } from "../../../base/bytes.ts";
import type { FrameEnd, FrameKind, FrameStart, TransactionStart } from "../block/tracer.ts";
import { hexQuantity } from "./call-tracer.ts";
import { type Frame, FrameTree } from "./frame-tree.ts";
import { FRAMES_ONLY, type ResultTracer, type TraceBudget } from "./result-tracer.ts";
import type { OtterscanSpec } from "./spec.ts";

/** Numbers of Otterscan's internal operations. */
const TRANSFER = 0;
const OPERATIONS: Partial<Record<FrameKind | "STOP", number>> = { SELFDESTRUCT: 1, CREATE: 2, CREATE2: 3 };

/** What Otterscan's `ots_` methods ask of one transaction. Source: Erigon, turbo/jsonrpc/otterscan_*.go. */
export class OtterscanTracer implements ResultTracer {
  readonly wants = FRAMES_ONLY;
  private readonly spec: OtterscanSpec;
  private readonly tree: FrameTree;
  private text = "";

  constructor(spec: OtterscanSpec, budget: TraceBudget) {
    this.spec = spec;
    this.tree = new FrameTree(budget);
  }

  begin(start: TransactionStart): void {
    this.tree.begin(start);
  }

  enter(frame: FrameStart): void {
    this.tree.enter(frame);
  }

  leave(end: FrameEnd): void {
    this.tree.leave(end);
  }

  step(): void {}
  log(): void {}
  before(): void {}

  end({ gasUsed }: { gasUsed: bigint }): void {
    const top = this.tree.end(gasUsed);
    const { wants } = this.spec;
    if (wants === "error")
      this.text = JSON.stringify(top.error === undefined ? "0x" : bytesToHex(top.output));
    else if (wants === "calls") this.text = JSON.stringify(calls(top, 0));
    else this.text = JSON.stringify(top.calls.flatMap(operations));
  }

  result(): string {
    return this.text;
  }
}

function calls(frame: Frame, depth: number): Record<string, unknown>[] {
  const { kind, from, to, value, input, output } = frame;
  const isValueless = kind === "DELEGATECALL" || kind === "STATICCALL";
  const call = {
    type: kind,
    depth,
    from,
    to: to ?? `0x${"00".repeat(20)}`,
    value: isValueless || value === undefined ? null : hexQuantity(value),
    input: bytesToHex(input),
    output: bytesToHex(output),
  };
  return [call, ...frame.calls.flatMap((inner) => calls(inner, depth + 1))];
}

/** What moved ether or made or ended contracts, in frames that were kept. */
function operations(frame: Frame): Record<string, unknown>[] {
  if (frame.error !== undefined) return [];
  const { kind, from, to, value = 0n } = frame;
  const type = OPERATIONS[kind] ?? (kind === "CALL" && value > 0n ? TRANSFER : undefined);
  const own = type === undefined ? [] : [{ type, from, to, value: hexQuantity(value) }];
  return [...own, ...frame.calls.flatMap(operations)];
}
