import type { EVM, EVMInterface, ExecResult, Message, PrecompileInput } from "@ethereumjs/evm";
import { EVMError } from "@ethereumjs/evm";
import { Account, createAddressFromString, hexToBytes } from "@ethereumjs/util";
import type { Credit, Recipient } from "../../../../precompiles/reward-splitter/splitter.ts";
import {
  gasWithPayments,
  leastGas,
  type PrecompileCall,
  runPrecompile,
} from "../../../../precompiles/run.ts";
import type { Address } from "../../../chain/types/primitives.ts";
import { executionError } from "../../errors.ts";
import type { CustomPrecompile } from "./precompiles.ts";

const messages = new WeakMap<object, Message>();

/**
 * Makes `evm` remember the message that it runs: ethereumjs hands a precompile its input only. Call once on every EVM that has
 * our precompiles, copies included (`shallowCopy` keeps precompiles, not listeners).
 */
export function installFrameCapture(evm: EVMInterface): void {
  // Nothing runs between a message's start and its own precompile, so the newest message is always the right one.
  evm.events?.on("beforeMessage", (message: Message) => messages.set(evm, message));
}

/** The call that `evm` is just handing to a precompile. @throws CodedError `FRAME_CAPTURE_MISSING`: a mistake in the node's wiring. */
function currentCall(evm: EVMInterface): PrecompileCall {
  const message = messages.get(evm);
  if (message === undefined) {
    throw executionError("FRAME_CAPTURE_MISSING", {
      message: "the EVM has attribution precompiles but no frame capture",
      fix: "call installFrameCapture(evm) right after creating or copying an EVM",
    });
  }
  const codeAddress = message.codeAddress.toString();
  return {
    caller: message.caller.toString(),
    self: message.to?.toString() ?? codeAddress,
    codeAddress,
    value: message.value,
    isStatic: message.isStatic,
    depth: message.depth + 1,
  };
}

/**
 * Precompiles of ours for `createEVM({ customPrecompiles })`: those of the block. Every EVM that gets any needs
 * {@link installFrameCapture} too.
 */
export function attributionPrecompiles(addresses: readonly Address[]): CustomPrecompile[] {
  return addresses.map((address) => ({
    address: createAddressFromString(address),
    function: (input) => run(address, input),
  }));
}

async function run(address: Address, input: PrecompileInput): Promise<ExecResult> {
  const call = currentCall(input._EVM);
  // A call's overrides may have moved the precompile: it works on the account where it is.
  const { codeAddress: place } = call;
  const self = call.self === place ? address : call.self;
  const answer = runPrecompile({ ...call, self, codeAddress: address }, input.data, input.gasLimit);
  if (answer.kind === "halted") return outOfGas(input.gasLimit);
  const { output } = answer;
  if (answer.kind === "reverted") {
    const exceptionError = new EVMError(EVMError.errorMessages.REVERT);
    return { returnValue: output, executionGasUsed: answer.gasUsed, exceptionError };
  }
  if (leastGas(answer) > input.gasLimit) return outOfGas(input.gasLimit);
  const gasUsed = gasWithPayments(answer, await recipientsOf(input._EVM, answer.credits));
  if (gasUsed > input.gasLimit) return outOfGas(input.gasLimit);
  await credit(input._EVM, place, answer.credits);
  const emitter = hexToBytes(place);
  return {
    returnValue: output,
    executionGasUsed: gasUsed,
    logs: answer.logs.map(({ topics, data }) => [emitter, [...topics], data]),
  };
}

function outOfGas(gasLimit: bigint): ExecResult {
  return {
    returnValue: new Uint8Array(0),
    executionGasUsed: gasLimit,
    exceptionError: new EVMError(EVMError.errorMessages.OUT_OF_GAS),
  };
}

/** The journal with what a transaction has touched: the interface of an EVM names only a part of it. */
function journalOf(evm: EVMInterface): EVM["journal"] {
  return (evm as EVM).journal;
}

async function recipientsOf(
  evm: EVMInterface,
  credits: readonly Credit[],
): Promise<ReadonlyMap<Address, Recipient>> {
  const recipients = new Map<Address, Recipient>();
  for (const { to } of credits) {
    if (recipients.has(to)) continue;
    const address = createAddressFromString(to);
    const account = await evm.stateManager.getAccount(address);
    recipients.set(to, {
      isEmpty: account === undefined || account.isEmpty(),
      isCold: !journalOf(evm).isWarmedAddress(address.bytes),
    });
  }
  return recipients;
}

/** Moves balances through the journal, so that a revert above undoes them. One read and one write each: a recipient may repeat. */
async function credit(evm: EVMInterface, from: Address, credits: readonly Credit[]): Promise<void> {
  for (const { to, amount } of credits) {
    journalOf(evm).addWarmedAddress(hexToBytes(to));
    await addBalance(evm, from, -amount);
    await addBalance(evm, to, amount);
  }
}

async function addBalance(evm: EVMInterface, of: Address, amount: bigint): Promise<void> {
  const address = createAddressFromString(of);
  const account = (await evm.stateManager.getAccount(address)) ?? new Account();
  account.balance += amount;
  await evm.journal.putAccount(address, account);
}
