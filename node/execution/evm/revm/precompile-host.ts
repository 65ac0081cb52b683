import type { Recipient } from "../../../../precompiles/reward-splitter/splitter.ts";
import {
  gasWithPayments,
  leastGas,
  type PrecompileAnswer,
  type PrecompileCall,
  runPrecompile,
} from "../../../../precompiles/run.ts";
import { bytesToHex, hexToBytes } from "../../../base/bytes.ts";
import type { Address } from "../../../chain/types/primitives.ts";
import { RequestWriter, readWord } from "./bytes.ts";

/** A call of a host precompile, and what may be done through the module's journal while it runs. */
export interface CalledPrecompile {
  /** Gas limit u64, code address, caller, own address, value 32, static u8, scheme u8, depth u32. */
  record: Uint8Array;
  /** A view of the module's memory: valid until one of the functions below is called. */
  input: Uint8Array;
  setGasUsed(gas: bigint): void;
  answer(output: Uint8Array): void;
  /** Bits: 1 exists, 2 is cold, 4 has code; negative: failed. Warms nothing. */
  account(address: Uint8Array): number;
  /** From, to, value; 0 done, 1 not enough balance, negative: failed. */
  transfer(bytes: Uint8Array): number;
  /** Address, u8 topics, topics, data. */
  log(bytes: Uint8Array): number;
}

const RETURNED = 0;
const REVERTED = 1;
const EXISTS = 1;
const IS_COLD = 2;
const EMPTY = new Uint8Array(0);

/** Runs an attribution precompile for the module; gives the number that its import answers. */
export function runHostPrecompile(called: CalledPrecompile): number {
  const { record, input } = called;
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const call: PrecompileCall = {
    codeAddress: bytesToHex(record.subarray(8, 28)),
    caller: bytesToHex(record.subarray(28, 48)),
    self: bytesToHex(record.subarray(48, 68)),
    value: readWord(view, 68),
    isStatic: record[100] === 1,
    depth: view.getUint32(102, true),
  };
  const gasLimit = view.getBigUint64(0, true);
  const result = runPrecompile(call, input, gasLimit);
  const gasUsed = result.kind === "halted" ? undefined : gasOf(called, result, gasLimit);
  if (result.kind === "halted" || gasUsed === undefined) {
    // Using more than the limit is running out of gas, which the module says of no other answer.
    called.setGasUsed(gasLimit + 1n);
    called.answer(EMPTY);
    return RETURNED;
  }
  called.setGasUsed(gasUsed);
  if (result.kind === "returned") applyEffects(called, record.subarray(8, 28), result);
  called.answer(result.output);
  return result.kind === "returned" ? RETURNED : REVERTED;
}

/** All gas of an answer, that of its payments included; undefined where the limit does not cover it. */
function gasOf(
  called: CalledPrecompile,
  result: Exclude<PrecompileAnswer, { kind: "halted" }>,
  gasLimit: bigint,
): bigint | undefined {
  if (result.kind === "reverted") return result.gasUsed;
  if (leastGas(result) > gasLimit) return undefined;
  const recipients = new Map<Address, Recipient>();
  for (const { to } of result.credits) {
    if (recipients.has(to)) continue;
    const bits = called.account(hexToBytes(to));
    if (bits < 0) throw new Error(`a precompile's recipient could not be read (${bits})`);
    recipients.set(to, { isEmpty: (bits & EXISTS) === 0, isCold: (bits & IS_COLD) !== 0 });
  }
  const gas = gasWithPayments(result, recipients);
  return gas > gasLimit ? undefined : gas;
}

function applyEffects(
  called: CalledPrecompile,
  self: Uint8Array,
  { credits, logs }: Extract<PrecompileAnswer, { kind: "returned" }>,
): void {
  const writer = new RequestWriter();
  for (const { to, amount } of credits) {
    const done = called.transfer(writer.reset().raw(self).raw(hexToBytes(to)).word(amount).bytes);
    if (done !== 0) throw new Error(`a precompile's payment could not be made (${done})`);
  }
  for (const { topics, data } of logs) {
    writer.reset().raw(self).u8(topics.length);
    for (const topic of topics) writer.raw(topic);
    if (called.log(writer.raw(data).bytes) !== 0) throw new Error("a precompile's log could not be written");
  }
}
