import type { Address, Hex } from "../../../node/chain/types/primitives.ts";
import { address, type Item, loop, loopUntil, type Program } from "./assembler.ts";

/** Where the code of a case lies, and contracts that it calls. */
export const MAIN = address(0xc0de0001);
export const OTHER = address(0xc0de0002);
/** An account that nobody has. */
export const NOBODY = address(0xdead0001);
/** The first of the accounts on disk. */
export const COLD = 0xc01d000000n;
/** So many of them, the first ones, have code of their own. */
export const COLD_CODES = 12_000;

/** A call that must answer 1 or 0, so that no case is fast because what it calls refuses its input. */
export interface Probe {
  code: Hex;
  want: 0 | 1;
}

/** What fills a block: one transaction into a program, or a list of envelopes. */
export interface Work extends Partial<Program> {
  /** The transaction's calldata; as a function, of its gas limit. */
  data?: Hex | ((gas: number) => Hex);
  /** Contracts beside the program. */
  accounts?: readonly (readonly [Address, Hex])[];
  /** Over the accounts, codes and slots on disk, in a store that is opened anew for each run. */
  disk?: boolean;
  probe?: Probe;
  /** Envelopes that use at most `gas`, all successful. */
  block?(gas: number): Promise<Uint8Array[]>;
  /** The envelopes are to fail, each with all of its gas. */
  fails?: boolean;
  /** Smallest gas with which the case does what it is for. */
  least?: number;
  /** Largest gas with which it does; the rest is scaled. */
  most?: number;
  /** Number of the parent block; 0 unless given. */
  parentNumber?: bigint;
  /** Gas that may stay unused, as a share of the limit; 0.1 unless given. */
  unused?: number;
}

export interface WorstCase {
  name: string;
  /** Starts from the state on disk. */
  disk: boolean;
  make(): Work | Promise<Work>;
}

/** Work that is dear to make is given as a function; the disk's is never. */
export function workCase(name: string, work: Work | (() => Work | Promise<Work>)): WorstCase {
  const lazy = typeof work === "function";
  return { name, disk: !lazy && work.disk === true, make: lazy ? work : () => work };
}

/** `body` until the gas is gone. */
export function loopCase(name: string, before: Item, body: Item, times = 50, more: Work = {}): WorstCase {
  return workCase(name, { ...loop(before, body, times), ...more });
}

/** `body` until less than `reserve` gas is left. */
export function keptCase(
  name: string,
  reserve: number,
  before: Item,
  body: Item,
  times = 1,
  more: Work = {},
): WorstCase {
  return workCase(name, { ...loopUntil(reserve, before, body, times), ...more });
}

/** `body` for each of the accounts from COLD on; the address is on top of the stack. */
export function coldLoop(body: Item): Program {
  return loop([address(COLD)], ["DUP1", body, 1, "ADD"], 20);
}
