import type { EVM, EVMResult, InterpreterStep, Message } from "@ethereumjs/evm";
import { Address, bigIntToBytes, setLengthLeft } from "@ethereumjs/util";
import type { FrameStart, Tracer } from "../block/tracer.ts";
import { gethWords } from "./call.ts";

const ZERO_ADDRESS = `0x${"00".repeat(20)}` as const;
const SELFDESTRUCT = 0xff;
const DELEGATECALL = 0xf4;
const CALLCODE = 0xf2;
const STATICCALL = 0xfa;
const CREATE2 = 0xf5;

/** Tells `tracer` of all that `evm` runs, until the function that it gives is called. */
export function traceEvm(evm: EVM, tracer: Tracer): () => void {
  /** The instruction that the next frame comes from. */
  let last: InterpreterStep | undefined;
  const onStep = (step: InterpreterStep) => {
    last = step;
    if (tracer.steps) {
      tracer.step({
        pc: step.pc,
        op: step.opcode.code,
        gas: step.gasLeft,
        depth: step.depth + 1,
        stack: step.stack,
        memory: tracer.memory ? step.memory : undefined,
      });
    }
  };
  const onEnter = (message: Message) => tracer.enter(frameOf(message, last));
  const onLeave = ({ execResult, createdAddress }: EVMResult) => {
    // It is always its frame's last instruction, and done only if the frame ends well.
    if (last?.opcode.code === SELFDESTRUCT && execResult.exceptionError === undefined)
      destroyed(last, tracer);
    last = undefined;
    tracer.leave({
      to: createdAddress?.toString(),
      gasUsed: execResult.executionGasUsed,
      output: execResult.returnValue.slice(),
      error: gethWords(execResult.exceptionError?.error),
    });
  };
  evm.events.on("step", onStep);
  evm.events.on("beforeMessage", onEnter);
  evm.events.on("afterMessage", onLeave);
  return () => {
    evm.events.off("step", onStep);
    evm.events.off("beforeMessage", onEnter);
    evm.events.off("afterMessage", onLeave);
  };
}

function frameOf(message: Message, last: InterpreterStep | undefined): FrameStart {
  const op = message.depth === 0 ? undefined : last?.opcode.code;
  const kind =
    message.to === undefined
      ? op === CREATE2
        ? "CREATE2"
        : "CREATE"
      : op === DELEGATECALL
        ? "DELEGATECALL"
        : op === CALLCODE
          ? "CALLCODE"
          : op === STATICCALL
            ? "STATICCALL"
            : "CALL";
  const code = message.to === undefined ? undefined : message.codeAddress;
  return {
    kind,
    // A delegatecall keeps its caller's caller: the contract that makes it is where it works.
    from: (kind === "DELEGATECALL" && message.to ? message.to : message.caller).toString(),
    to: code?.toString() ?? ZERO_ADDRESS,
    value: message.value,
    gas: message.gasLimit,
    // A view of the memory of the frame below, which goes on to write there.
    input: message.data.slice(),
  };
}

/** geth shows a self-destruction as a frame of its own. */
function destroyed(step: InterpreterStep, tracer: Tracer): void {
  const heir = setLengthLeft(bigIntToBytes(step.stack.at(-1)! & ((1n << 160n) - 1n)), 20);
  tracer.enter({
    kind: "SELFDESTRUCT",
    from: step.address.toString(),
    to: new Address(heir).toString(),
    value: step.account.balance,
    gas: 0n,
    input: new Uint8Array(0),
  });
  tracer.leave({ gasUsed: 0n, output: new Uint8Array(0), error: undefined });
}
