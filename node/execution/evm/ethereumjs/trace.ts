import type { EVM, EVMResult, InterpreterStep, Message } from "@ethereumjs/evm";
import { generateAddress2 } from "@ethereumjs/util";
import { OWN_PRECOMPILES } from "../../../../precompiles/addresses.ts";
import { bigIntToBytes, bytesToBigInt, bytesToHex } from "../../../base/bytes.ts";
import type { Log } from "../../../chain/types/block.ts";
import type { Address, Hash } from "../../../chain/types/primitives.ts";
import { creationAddress } from "../block/outcome.ts";
import type { FrameStart, StackView, Tracer, TraceStep } from "../block/tracer.ts";
import { REVERT } from "../call/simulation.ts";
import type { ChainState } from "./chain-state.ts";
import { gethWords } from "./halts.ts";

const SLOAD = 0x54;
const SSTORE = 0x55;
const LOG0 = 0xa0;
const LOG4 = 0xa4;
const SELFDESTRUCT = 0xff;
const DELEGATECALL = 0xf4;
const CALLCODE = 0xf2;
const CALL = 0xf1;
const STATICCALL = 0xfa;
const CREATE2 = 0xf5;
/** What a call that carries value gives to its callee on top. */
const STIPEND = 2_300n;
const PRECOMPILE_FAILED = "precompile error";
const EMPTY = new Uint8Array(0);

class WordStack implements StackView {
  private readonly words: readonly bigint[];

  constructor(words: readonly bigint[]) {
    this.words = words;
  }

  get length(): number {
    return this.words.length;
  }

  at(depth: number): bigint {
    return this.words[this.words.length - 1 - depth]!;
  }
}

function addressOf(word: bigint): Address {
  return `0x${(word & ((1n << 160n) - 1n)).toString(16).padStart(40, "0")}`;
}

/** Tells `tracer` of all that `evm` runs on `state`, until the function that it gives is called. */
export function traceEvm(evm: EVM, state: ChainState, tracer: Tracer): () => void {
  const teller = new Teller(evm, state, tracer);
  const onStep = (step: InterpreterStep) => teller.onStep(step);
  const onEnter = (message: Message) => teller.onEnter(message);
  const onLeave = (result: EVMResult) => teller.onLeave(result);
  evm.events.on("step", onStep);
  evm.events.on("beforeMessage", onEnter);
  evm.events.on("afterMessage", onLeave);
  return () => {
    evm.events.off("step", onStep);
    evm.events.off("beforeMessage", onEnter);
    evm.events.off("afterMessage", onLeave);
  };
}

/** Turns ethereumjs's events into a tracer's: a step is told when what comes next shows how it went. */
class Teller {
  private readonly evm: EVM;
  private readonly state: ChainState;
  private readonly tracer: Tracer;
  /** The instruction that runs. */
  private last: InterpreterStep | undefined;
  /** Refund before it. */
  private refund = 0n;
  /** What it reads or writes. */
  private slot: TraceStep["slot"];
  /** Open frames with the refund so far: a step of SSTORE shows its own already, which a tracer hears with the next one. */
  private readonly frames: { message: Message; refund: bigint }[] = [];

  constructor(evm: EVM, state: ChainState, tracer: Tracer) {
    this.evm = evm;
    this.state = state;
    this.tracer = tracer;
  }

  onStep(step: InterpreterStep): void {
    this.tellStep(0n, undefined);
    this.last = step;
    const frame = this.frames.at(-1)!;
    this.refund = step.opcode.code === SSTORE ? frame.refund : step.gasRefund;
    frame.refund = step.gasRefund;
    this.slot = this.tracer.wants.slots ? this.slotOf(step) : undefined;
  }

  onEnter(message: Message): void {
    const step = this.last;
    const op = step?.opcode.code;
    const withStipend = (op === CALL || op === CALLCODE) && message.value > 0n;
    this.tellStep(message.gasLimit - (withStipend ? STIPEND : 0n), undefined);
    this.frames.push({ message, refund: message.gasRefund ?? 0n });
    this.tracer.enter(frameOf(message, message.depth === 0 ? undefined : op, this.state));
  }

  onLeave({ execResult }: EVMResult): void {
    const message = this.frames.pop()?.message;
    const error = this.errorOf(message, execResult.exceptionError?.error);
    const above = this.frames.at(-1);
    if (above !== undefined && error === undefined) above.refund = execResult.gasRefund ?? above.refund;
    const step = this.last;
    this.tellStep(0n, error);
    // It is always its frame's last instruction, and done only if the frame ends well.
    if (step?.opcode.code === SELFDESTRUCT && error === undefined) destroyed(step, this.tracer);
    if (error === undefined && this.isPrecompile(message)) {
      for (const [address, topics, data] of execResult.logs ?? []) {
        this.tracer.log({
          address: bytesToHex(address),
          topics: topics.map((topic) => bytesToHex(topic)),
          data,
        });
      }
    }
    this.tracer.leave({
      gasUsed: execResult.executionGasUsed,
      output: execResult.returnValue.slice(),
      error,
    });
  }

  private stepOf(
    step: InterpreterStep,
    passed: bigint,
    error: string | undefined,
  ): Omit<TraceStep, "memory"> {
    return {
      pc: step.pc,
      op: step.opcode.code,
      gas: step.gasLeft,
      cost: (step.opcode.dynamicFee ?? BigInt(step.opcode.fee)) + passed,
      depth: step.depth + 1,
      refund: this.refund,
      stack: new WordStack(step.stack),
      slot: this.slot,
      error,
    };
  }

  /** ethereumjs lets precompiles of its own revert, which only ours can. */
  private errorOf(message: Message | undefined, error: string | undefined): string | undefined {
    const words = gethWords(error);
    if (words !== REVERT || !this.isPrecompile(message)) return words;
    const isOurs = OWN_PRECOMPILES.includes(message!.codeAddress.toString());
    return isOurs ? words : PRECOMPILE_FAILED;
  }

  private slotOf({ opcode, stack, address }: InterpreterStep): TraceStep["slot"] {
    const key = stack.at(-1);
    if (key === undefined) return undefined;
    if (opcode.code === SLOAD) {
      const value = this.state.storage(address.bytes, bigIntToBytes(key, 32));
      return { key, value: bytesToBigInt(value) };
    }
    const value = stack.at(-2);
    return opcode.code === SSTORE && value !== undefined ? { key, value } : undefined;
  }

  private isPrecompile(message: Message | undefined): boolean {
    const address = message?.to === undefined ? undefined : message.codeAddress;
    return address !== undefined && this.evm.precompiles.has(address.toString().slice(2));
  }

  /** `passed`: what the step gave to the frame that it opens. `error`: how it ended its frame. */
  private tellStep(passed: bigint, error: string | undefined): void {
    const step = this.last;
    this.last = undefined;
    if (step === undefined) return;
    const { code } = step.opcode;
    const { steps, memory } = this.tracer.wants;
    if (steps)
      this.tracer.step({ ...this.stepOf(step, passed, error), memory: memory ? step.memory : undefined });
    if (code >= LOG0 && code <= LOG4 && error === undefined) this.tracer.log(logOf(step));
  }
}

function logOf(step: InterpreterStep): Log {
  const stack = new WordStack(step.stack);
  const count = step.opcode.code - LOG0;
  const [offset, length] = [Number(stack.at(0)), Number(stack.at(1))];
  const data = new Uint8Array(length);
  if (length > 0) data.set(step.memory.subarray(offset, offset + length));
  const topics = Array.from(
    { length: count },
    (_, i): Hash =>
      `0x${stack
        .at(2 + i)
        .toString(16)
        .padStart(64, "0")}`,
  );
  return { address: step.address.toString(), topics, data };
}

function kindOf(message: Message, op: number | undefined): FrameStart["kind"] {
  if (message.to === undefined) return op === CREATE2 ? "CREATE2" : "CREATE";
  if (op === DELEGATECALL) return "DELEGATECALL";
  if (op === CALLCODE) return "CALLCODE";
  return op === STATICCALL ? "STATICCALL" : "CALL";
}

function frameOf(message: Message, op: number | undefined, state: ChainState): FrameStart {
  const kind = kindOf(message, op);
  return {
    kind,
    // A delegatecall keeps its caller's caller: the contract that makes it is where it works.
    from: (kind === "DELEGATECALL" && message.to ? message.to : message.caller).toString(),
    to: message.to === undefined ? createdBy(message, state) : message.codeAddress.toString(),
    value: message.value,
    gas: message.gasLimit,
    // A view of the memory of the frame below, which goes on to write there.
    input: message.data.slice(),
  };
}

/** The creator's nonce is stepped already. */
function createdBy({ caller, salt, data }: Message, state: ChainState): Address {
  if (salt !== undefined) return bytesToHex(generateAddress2(caller.bytes, salt, data));
  const nonce = state.account(caller.bytes)?.nonce ?? 1n;
  return creationAddress(caller.toString(), nonce - 1n);
}

/** geth shows a self-destruction as a frame of its own. */
function destroyed(step: InterpreterStep, tracer: Tracer): void {
  tracer.enter({
    kind: "SELFDESTRUCT",
    from: step.address.toString(),
    to: addressOf(step.stack.at(-1)!),
    value: step.account.balance,
    gas: 0n,
    input: EMPTY,
  });
  tracer.leave({ gasUsed: 0n, output: EMPTY, error: undefined });
}
