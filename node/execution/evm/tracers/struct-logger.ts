import { bytesToHex } from "../../../base/bytes.ts";
import type { Address } from "../../../chain/types/primitives.ts";
import type { FrameEnd, FrameStart, TraceStep, TraceWants } from "../block/tracer.ts";
import { REVERT } from "../call/simulation.ts";
import { opcodeName } from "./opcodes.ts";
import { ownAddress } from "./own-address.ts";
import type { ResultTracer, TraceBudget } from "./result-tracer.ts";
import type { StructLoggerSpec } from "./spec.ts";

const WORD = 32;
const SSTORE = 0x55;
const CREATE = 0xf0;
const CREATE2 = 0xf5;
const EMPTY = new Uint8Array(0);

interface OpenFrame {
  kind: FrameStart["kind"];
  address: Address;
  /** What its last call gave back. */
  returnData: Uint8Array;
}

interface Unfinished {
  op: number;
  /** JSON before and behind the cost. */
  head: string;
  tail: string;
  cost: bigint;
  /** Before it ran. */
  refund: bigint;
}

/** What begins the words of errors that geth finds before it runs an instruction: only those stand beside it. */
const FOUND_BEFORE = ["out of gas", "gas uint64 overflow", "stack underflow", "stack limit reached"];

function hexWord(value: bigint): string {
  return `0x${value.toString(16).padStart(64, "0")}`;
}

/** geth's struct logs: every instruction. Source: op-geth eth/tracers/logger/logger.go; 0x before all hex as execution-apis asks. */
export class StructLogger implements ResultTracer {
  readonly wants: TraceWants;
  private readonly spec: StructLoggerSpec;
  private readonly budget: TraceBudget;
  private readonly frames: OpenFrame[] = [];
  /** By contract: slots that were read or written, as JSON members. */
  private readonly storage = new Map<Address, Map<bigint, string>>();
  private readonly entries: string[] = [];
  private size = 0;
  /** The last instruction, until what comes next tells the rest of it. */
  private last: Unfinished | undefined;
  private top: FrameEnd | undefined;
  private gasUsed = 0n;

  constructor(spec: StructLoggerSpec, budget: TraceBudget) {
    this.spec = spec;
    this.budget = budget;
    this.wants = { steps: true, memory: spec.memory, slots: spec.storage, states: false };
  }

  begin(): void {}

  enter(frame: FrameStart): void {
    this.finish({ passed: frame.gas });
    this.frames.push({ kind: frame.kind, address: ownAddress(frame), returnData: EMPTY });
  }

  leave(end: FrameEnd): void {
    this.finish({});
    const closed = this.frames.pop();
    const above = this.frames.at(-1);
    if (above === undefined) this.top = end;
    else if (closed?.kind !== "SELFDESTRUCT") above.returnData = returnDataOf(closed?.kind, end);
  }

  step(step: TraceStep): void {
    this.finish({ refund: step.refund });
    if (this.spec.limit !== 0 && this.size > this.spec.limit) return;
    const frame = this.frames.at(-1);
    if (frame === undefined) throw new Error("an instruction outside of all frames");
    this.last = this.entry(step, frame);
  }

  /** geth shows SSTORE's refund beside SSTORE itself, and leaves out of a creation's cost what it passes on. */
  private finish({ passed = 0n, refund }: { passed?: bigint; refund?: bigint }): void {
    if (this.last === undefined) return;
    const { op, head, tail, cost, refund: before } = this.last;
    this.last = undefined;
    const shownCost = op === CREATE || op === CREATE2 ? cost - passed : cost;
    const shown = op === SSTORE ? (refund ?? before) : before;
    const entry = `${head}${shownCost}${tail}${shown > 0n ? `,"refund":${shown}` : ""}}`;
    this.budget.take(entry.length + 1);
    this.size += entry.length;
    this.entries.push(entry);
  }

  log(): void {}
  before(): void {}

  end({ gasUsed }: { gasUsed: bigint }): void {
    this.gasUsed = gasUsed;
  }

  result(): string {
    const { error, output } = this.top ?? { error: "failed deposit transaction", output: EMPTY };
    const shown = error === undefined || error === REVERT ? output : EMPTY;
    const failed = error !== undefined;
    const head = `{"gas":${this.gasUsed},"failed":${failed},"returnValue":"${bytesToHex(shown)}"`;
    return `${head},"structLogs":[${this.entries.join(",")}]}`;
  }

  private entry(step: TraceStep, frame: OpenFrame): Unfinished {
    const { pc, op, gas, cost, depth, stack, memory, refund } = step;
    const slot = this.spec.storage ? slotOf(step) : undefined;
    const head = `{"pc":${pc},"op":"${opcodeName(op)}","gas":${gas},"gasCost":`;
    let text = `,"depth":${depth}`;
    const error = errorOf(step);
    if (error !== undefined) text += `,"error":${JSON.stringify(error)}`;
    if (this.spec.stack) {
      const words: string[] = [];
      for (let i = stack.length - 1; i >= 0; i--) words.push(`"0x${stack.at(i).toString(16)}"`);
      text += `,"stack":[${words.join(",")}]`;
    }
    if (this.spec.returnData && frame.returnData.length > 0)
      text += `,"returnData":"${bytesToHex(frame.returnData)}"`;
    if (memory !== undefined && memory.length > 0) text += `,"memory":[${memoryWords(memory)}]`;
    if (slot !== undefined) text += `,"storage":{${this.slots(frame.address, slot)}}`;
    return { op, head, cost, tail: text, refund };
  }

  /** All slots that the contract has read or written so far, with this one. */
  private slots(address: Address, { key, value }: { key: bigint; value: bigint }): string {
    const known = this.storage.get(address) ?? new Map<bigint, string>();
    this.storage.set(address, known);
    known.set(key, `"${hexWord(key)}":"${hexWord(value)}"`);
    return [...known.values()].join(",");
  }
}

function errorOf({ error }: TraceStep): string | undefined {
  return FOUND_BEFORE.some((words) => error?.startsWith(words)) ? error : undefined;
}

/** geth shows what SSTORE would have written also where it can't pay for it. */
function slotOf({ op, slot, stack }: TraceStep): TraceStep["slot"] {
  if (slot !== undefined || op !== SSTORE || stack.length < 2) return slot;
  return { key: stack.at(0), value: stack.at(1) };
}

function returnDataOf(kind: FrameStart["kind"] | undefined, { output, error }: FrameEnd): Uint8Array {
  const isCreation = kind === "CREATE" || kind === "CREATE2";
  return isCreation && error === undefined ? EMPTY : output;
}

function memoryWords(memory: Uint8Array): string {
  const words: string[] = [];
  for (let at = 0; at < memory.length; at += WORD)
    words.push(`"${bytesToHex(memory.subarray(at, at + WORD))}"`);
  return words.join(",");
}
