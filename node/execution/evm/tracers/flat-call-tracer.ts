import { bytesToHex } from "../../../base/bytes.ts";
import type { FrameEnd, FrameStart, TransactionStart } from "../block/tracer.ts";
import { REVERT } from "../call/simulation.ts";
import { hexQuantity } from "./call-tracer.ts";
import { type Frame, FrameTree } from "./frame-tree.ts";
import { FRAMES_ONLY, type ResultTracer, type TraceBudget } from "./result-tracer.ts";
import type { FlatCallTracerSpec } from "./spec.ts";

/** Parity's words for geth's. Source: op-geth eth/tracers/native/call_flat.go. */
const PARITY_WORDS: Readonly<Record<string, string>> = {
  "contract creation code storage out of gas": "Out of gas",
  "out of gas": "Out of gas",
  "gas uint64 overflow": "Out of gas",
  "max code size exceeded": "Out of gas",
  "invalid jump destination": "Bad jump destination",
  "execution reverted": "Reverted",
  "return data out of bounds": "Out of bounds",
  "stack limit reached 1024 (1023)": "Out of stack",
  "precompiled failed": "Built-in failed",
  "invalid input length": "Built-in failed",
  "precompile error": "Built-in failed",
};
const PARITY_BEGINNINGS = [
  ["invalid opcode:", "Bad instruction"],
  ["stack underflow", "Stack underflow"],
  ["out of gas:", "Out of gas"],
] as const;

/** geth's flatCallTracer: the calls of a transaction one after the other, each with its place in the tree. */
export class FlatCallTracer implements ResultTracer {
  readonly wants = FRAMES_ONLY;
  private readonly spec: FlatCallTracerSpec;
  private readonly tree: FrameTree;
  private start: TransactionStart | undefined;
  private text = "";

  constructor(spec: FlatCallTracerSpec, budget: TraceBudget) {
    this.spec = spec;
    this.tree = new FrameTree(budget);
  }

  begin(start: TransactionStart): void {
    this.start = start;
    this.tree.begin(start);
  }

  enter(frame: FrameStart): void {
    this.tree.enter(frame);
  }

  leave(end: FrameEnd): void {
    const { kind, to } = this.tree.leave(end);
    if (this.spec.includePrecompiles || this.tree.depth === 0) return;
    if ((kind === "CALL" || kind === "STATICCALL") && to && this.start?.isPrecompile(to))
      this.tree.dropLastCall();
  }

  step(): void {}
  log(): void {}
  before(): void {}

  end({ gasUsed }: { gasUsed: bigint }): void {
    const { block, transaction } = this.start ?? {};
    const shared = {
      blockHash: block?.hash ?? null,
      blockNumber: transaction === undefined ? 0 : Number(block?.number ?? 0n),
      transactionHash: transaction?.hash ?? null,
      transactionPosition: transaction?.index ?? 0,
    };
    const flat: Record<string, unknown>[] = [];
    this.flatten(this.tree.end(gasUsed), [], shared, flat);
    this.text = JSON.stringify(flat);
  }

  result(): string {
    return this.text;
  }

  private flatten(
    frame: Frame,
    traceAddress: readonly number[],
    shared: Record<string, unknown>,
    into: Record<string, unknown>[],
  ): void {
    const { error, calls } = frame;
    const { result, ...shape } = shapeOf(frame, traceAddress.length === 0);
    const hasResult = error === undefined || error === REVERT;
    into.push({
      ...shape,
      ...shared,
      error: error !== undefined && this.spec.convertParityErrors ? parityWords(error) : error,
      result: hasResult ? result : undefined,
      subtraces: calls.length,
      traceAddress,
    });
    for (const [i, call] of calls.entries()) this.flatten(call, [...traceAddress, i], shared, into);
  }
}

function shapeOf({ kind, from, to, value, gas, gasUsed, input, output }: Frame, isTop: boolean) {
  // Only a static call has no value; as a child it shows a zero.
  const shownValue = value ?? (isTop ? undefined : 0n);
  const hexValue = shownValue === undefined ? undefined : hexQuantity(shownValue);
  const used = { gasUsed: hexQuantity(gasUsed) };
  if (kind === "SELFDESTRUCT") {
    return {
      type: "suicide",
      action: { address: from, balance: hexValue, refundAddress: to },
      result: undefined,
    };
  }
  if (kind === "CREATE" || kind === "CREATE2") {
    return {
      type: "create",
      action: {
        ...{ creationMethod: kind.toLowerCase(), from, gas: hexQuantity(gas) },
        ...{ init: bytesToHex(input), value: hexValue },
      },
      result: { address: to, code: bytesToHex(output), ...used },
    };
  }
  return {
    type: "call",
    action: {
      ...{ callType: kind.toLowerCase(), from, gas: hexQuantity(gas) },
      ...{ input: bytesToHex(input), to, value: hexValue },
    },
    result: { ...used, output: bytesToHex(output) },
  };
}

function parityWords(error: string): string {
  return (
    PARITY_WORDS[error] ?? PARITY_BEGINNINGS.find(([beginning]) => error.startsWith(beginning))?.[1] ?? error
  );
}
