import type { Address, Hex } from "../../../node/chain/types/primitives.ts";

/** A name of an opcode, a number (its smallest PUSH) or "0x…" (a PUSH of that many bytes); lists are put one after the other. */
export type Item = string | number | bigint | readonly Item[];

/** Opcodes that follow each other, from the first one's number on. */
const RUNS: readonly (readonly [number, string])[] = [
  [0x00, "STOP ADD MUL SUB DIV SDIV MOD SMOD ADDMOD MULMOD EXP SIGNEXTEND"],
  [0x10, "LT GT SLT SGT EQ ISZERO AND OR XOR NOT BYTE SHL SHR SAR"],
  [0x20, "KECCAK256"],
  [0x30, "ADDRESS BALANCE ORIGIN CALLER CALLVALUE CALLDATALOAD CALLDATASIZE CALLDATACOPY CODESIZE CODECOPY"],
  [0x3a, "GASPRICE EXTCODESIZE EXTCODECOPY RETURNDATASIZE RETURNDATACOPY EXTCODEHASH BLOCKHASH COINBASE"],
  [0x42, "TIMESTAMP NUMBER PREVRANDAO GASLIMIT CHAINID SELFBALANCE BASEFEE BLOBHASH BLOBBASEFEE"],
  [0x50, "POP MLOAD MSTORE MSTORE8 SLOAD SSTORE JUMP JUMPI PC MSIZE GAS JUMPDEST TLOAD TSTORE MCOPY PUSH0"],
  [0x80, Array.from({ length: 16 }, (_, i) => `DUP${i + 1}`).join(" ")],
  [0x90, Array.from({ length: 16 }, (_, i) => `SWAP${i + 1}`).join(" ")],
  [0xa0, "LOG0 LOG1 LOG2 LOG3 LOG4"],
  [0xf0, "CREATE CALL CALLCODE RETURN DELEGATECALL CREATE2"],
  [0xfa, "STATICCALL"],
  [0xfd, "REVERT INVALID SELFDESTRUCT"],
];
const OPCODES = new Map(
  RUNS.flatMap(([first, names]) => names.split(" ").map((name, i) => [name, first + i] as const)),
);
const PUSH0 = 0x5f;

/** A number as hex digits of this many bytes, without 0x. */
export function digits(value: number | bigint, bytes: number): string {
  return BigInt(value)
    .toString(16)
    .padStart(bytes * 2, "0");
}

export const word = (value: number | bigint): string => digits(value, 32);

export function address(value: number | bigint): Address {
  return `0x${digits(value, 20)}`;
}

/** A PUSH2 of a place in the code. */
const place = (offset: number): Hex => `0x${digits(offset, 2)}`;

/** Code as hex digits without 0x. */
export function assemble(...items: readonly Item[]): string {
  return items.map(assembleOne).join("");
}

function assembleOne(item: Item): string {
  if (typeof item === "object") return assemble(...item);
  if (typeof item === "string") {
    if (item.startsWith("0x")) return digits(PUSH0 + (item.length - 2) / 2, 1) + item.slice(2);
    const opcode = OPCODES.get(item);
    if (opcode === undefined) throw new Error(`no opcode ${item}`);
    return digits(opcode, 1);
  }
  if (BigInt(item) === 0n) return digits(PUSH0, 1);
  const plain = BigInt(item).toString(16);
  const even = plain.length % 2 === 0 ? plain : `0${plain}`;
  return digits(PUSH0 + even.length / 2, 1) + even;
}

export function repeat(times: number, body: Item): Item {
  return Array.from({ length: times }, () => body);
}

/** How a transaction into some code ends; all its gas is used in the first case. */
export interface Program {
  code: Hex;
  ends: "out of gas" | "success";
}

/** `before`, then `body` again and again until the gas is gone. */
export function loop(before: Item, body: Item, times = 50): Program {
  const head = assemble(before);
  const code = `${head}${assemble("JUMPDEST", repeat(times, body), place(head.length / 2), "JUMP")}`;
  return { code: `0x${code}`, ends: "out of gas" };
}

/** `before`, then `body` until less than `reserve` gas is left: what the body changes stays. */
export function loopUntil(reserve: number, before: Item, body: Item, times = 1): Program {
  const head = assemble(before);
  const round: Item = [
    "JUMPDEST",
    repeat(times, body),
    reserve,
    "GAS",
    "GT",
    place(head.length / 2),
    "JUMPI",
  ];
  return { code: `0x${head}${assemble(round, "STOP")}`, ends: "success" };
}

/** `first` a number of times, then `second` until the gas is gone. The counter lies on top of the stack meanwhile. */
export function firstThen(count: number, first: Item, second: Item): Program {
  const start = assemble(count);
  const counter: Item = [1, "SWAP1", "SUB", "DUP1", place(start.length / 2), "JUMPI", "POP"];
  const head = start + assemble("JUMPDEST", first, counter);
  const rest = assemble("JUMPDEST", repeat(20, second), place(head.length / 2), "JUMP");
  return { code: `0x${head}${rest}`, ends: "out of gas" };
}

/** Calls and gives what it left on the stack: 1 where it went well. */
export function answerOf(before: Item, call: Item): Hex {
  return `0x${assemble(before, call, 0, "MSTORE", 32, 0, "RETURN")}`;
}

export interface CallShape {
  gas?: Item;
  value?: Item;
  inLength?: number;
  inOffset?: number;
}

/** Leaves 1 or 0 on the stack. */
export function call(to: Item, { gas = 0, value = 0, inLength = 0, inOffset = 0 }: CallShape = {}): Item {
  return [0, 0, inLength, inOffset, value, to, gas, "CALL"];
}

export function staticCall(to: Item, { gas = "GAS", inLength = 0, inOffset = 0 }: CallShape = {}): Item {
  return [0, 0, inLength, inOffset, to, gas, "STATICCALL"];
}

export const MAX_CODE = 24_576;
export const MAX_INIT_CODE = 49_152;
/** Two odd words with no short form. */
export const BIG: Hex = `0x${"e7".repeat(31)}d5`;
export const BIG2: Hex = `0x${"9b".repeat(31)}a7`;

/** Hex digits of at most `size` bytes made of one unit. */
export function fill(unit: string, size = MAX_CODE): string {
  return unit.repeat(Math.floor(size / (unit.length / 2)));
}

/** Fills memory from `offset` on with `size` bytes made of 32-byte words. */
export function fillMemory(offset: number, size: number, unit: Hex = BIG): Item {
  const items: Item[] = [unit, offset, "MSTORE"];
  for (let have = 32; have < size; have *= 2) {
    items.push(Math.min(have, size - have), offset, offset + have, "MCOPY");
  }
  return items;
}
