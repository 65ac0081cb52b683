import type { EVMInterface, Message } from "@ethereumjs/evm";
import { CodedError } from "../../../base/errors.ts";
import type { Address } from "../../../chain/types/primitives.ts";

/** What a precompile may know of the call that reached it; ethereumjs hands it the input only. */
export interface Frame {
  caller: Address;
  /** The account whose balance and storage the call works on. */
  to: Address | undefined;
  /** Where the code was taken from; differs from `to` in DELEGATECALL and CALLCODE. */
  codeAddress: Address;
  /** Wei that moved with the call. */
  value: bigint;
  isStatic: boolean;
  /** Seconds. */
  blockTimestamp: bigint;
}

const messages = new WeakMap<object, Message>();

/**
 * Makes `evm` remember the message that it runs. Call once on every EVM that has our precompiles, copies included
 * (`shallowCopy` keeps precompiles, not listeners).
 */
export function installFrameCapture(evm: EVMInterface): void {
  // Nothing runs between a message's start and its own precompile, so the newest message is always the right one.
  evm.events?.on("beforeMessage", (message: Message) => messages.set(evm, message));
}

/** The call that `evm` is just handing to a precompile. @throws CodedError FRAME_CAPTURE_MISSING: a mistake in the node's wiring. */
export function currentFrame(evm: EVMInterface): Frame {
  const message = messages.get(evm);
  if (message === undefined) {
    throw new CodedError("FRAME_CAPTURE_MISSING", "fatal", {
      message: "the EVM has attribution precompiles but no frame capture",
      fix: "call installFrameCapture(evm) right after creating or copying an EVM",
    });
  }
  return {
    caller: message.caller.toString(),
    to: message.to?.toString(),
    codeAddress: message.codeAddress.toString(),
    value: message.value,
    isStatic: message.isStatic,
    blockTimestamp: blockTimestamp(evm),
  };
}

/** ethereumjs keeps the block of the running call in a protected field and passes it to opcodes only. */
function blockTimestamp(evm: EVMInterface): bigint {
  const { _block } = evm as unknown as { _block?: { header: { timestamp: bigint } } };
  return _block?.header.timestamp ?? 0n;
}
