import type { EVM, InterpreterStep } from "@ethereumjs/evm";
import type { Address, Hash } from "../../../chain/types/primitives.ts";
import type { AccessListEntry } from "../../../chain/types/transaction.ts";

/** Addresses with the slots that instructions named; lower-case hex. */
export type Touched = Map<Address, Set<Hash>>;

const SLOT_OPS: ReadonlySet<number> = new Set([0x54, 0x55]);
/** EXTCODESIZE, EXTCODECOPY, EXTCODEHASH, BALANCE, SELFDESTRUCT. */
const ADDRESS_OPS: ReadonlySet<number> = new Set([0x3b, 0x3c, 0x3f, 0x31, 0xff]);
/** CALL, CALLCODE, DELEGATECALL, STATICCALL: the address is second. */
const CALL_OPS: ReadonlySet<number> = new Set([0xf1, 0xf2, 0xf4, 0xfa]);
const LEAST_CALL_STACK = 5;

function addressOf(word: bigint): Address {
  return `0x${(word & ((1n << 160n) - 1n)).toString(16).padStart(40, "0")}`;
}

/**
 * Notes what the instructions of `evm` name from now on, also in frames that revert; precompiles are left out.
 * Source: go-ethereum eth/tracers/logger/access_list_tracer.go.
 */
export function noteTouched(evm: EVM): Touched {
  const touched: Touched = new Map();
  const slotsOf = (address: Address): Set<Hash> => {
    const known = touched.get(address) ?? new Set();
    touched.set(address, known);
    return known;
  };
  const note = (address: Address) => {
    if (!evm.precompiles.has(address.slice(2))) slotsOf(address);
  };
  evm.events.on("step", ({ opcode: { code }, stack, address }: InterpreterStep) => {
    const [first, second] = [stack.at(-1), stack.at(-2)];
    if (SLOT_OPS.has(code) && first !== undefined) {
      slotsOf(address.toString()).add(`0x${first.toString(16).padStart(64, "0")}`);
    } else if (ADDRESS_OPS.has(code) && first !== undefined) {
      note(addressOf(first));
    } else if (CALL_OPS.has(code) && second !== undefined && stack.length >= LEAST_CALL_STACK) {
      note(addressOf(second));
    }
  });
  return touched;
}

/** In the form of an access list, sorted. */
export function sortedList(touched: Touched): AccessListEntry[] {
  return [...touched]
    .map(([address, slots]) => ({ address, storageKeys: [...slots].sort() }))
    .sort((a, b) => (a.address < b.address ? -1 : 1));
}
