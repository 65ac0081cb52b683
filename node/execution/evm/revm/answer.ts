import { maxBigInt } from "../../../base/bigint.ts";
import { bytesToHex } from "../../../base/bytes.ts";
import type { Log } from "../../../chain/types/block.ts";
import type { Hash } from "../../../chain/types/primitives.ts";
import type { AccessListEntry } from "../../../chain/types/transaction.ts";
import type { AccountChange } from "../../state/state-commit.ts";
import type { Refusal } from "../block/machine.ts";
import type { StateAccount } from "../block/tracer.ts";
import { AnswerReader } from "./bytes.ts";

/** A run that came to a result. */
export interface RunResult {
  kind: "done";
  status: "success" | "revert" | "halt";
  output: Uint8Array;
  /** Why it halted, in geth's words. */
  halt: string;
  gasUsed: bigint;
  refund: bigint;
  /** Gas before the refund, and the floor: the larger. */
  maxGasUsed: bigint;
  logs: readonly Log[];
}

export type RunAnswer = RunResult | { kind: "refused"; refusal: Refusal };

const INVALID = 3;
const HOST_FAILED = 4;
const STATUS = ["success", "revert", "halt"] as const;

/** Numbers of invalid transactions that another block might take: base fee, gas, nonce gap, forks to come. */
const LATER: ReadonlySet<number> = new Set([2, 3, 10, 15]);

/** Refusals in op-geth's words. */
const REASONS: Readonly<Record<number, string>> = {
  1: "max priority fee per gas higher than max fee per gas",
  2: "max fee per gas less than block base fee",
  4: "intrinsic gas too low",
  5: "gas below the calldata floor",
  6: "sender not an eoa",
  7: "insufficient funds for gas * price + value",
  9: "nonce has max value",
  10: "nonce too high",
  11: "nonce too low",
  12: "max initcode size exceeded",
  15: "transaction type 4 is not active yet",
};

/** Reads the answer to a transaction, call or system call as far as all have it; the rest is for who asked for more. */
export function readAnswer(bytes: Uint8Array): { answer: RunAnswer; rest: AnswerReader } {
  const reader = new AnswerReader(bytes);
  const status = reader.u8();
  if (status === HOST_FAILED) throw new Error(`the EVM module's host failed: ${reader.text()}`);
  if (status === INVALID) {
    const code = reader.u8();
    const text = reader.text();
    const reason = REASONS[code];
    const refusal = {
      reason: reason === undefined ? text : `${reason} (${text})`,
      later: LATER.has(code),
    };
    return { answer: { kind: "refused", refusal }, rest: reader };
  }
  const output = reader.bytesField();
  reader.u8();
  const halt = reader.text();
  const gasUsed = reader.u64();
  const refund = reader.u64();
  const maxGasUsed = maxBigInt(reader.u64(), reader.u64());
  // Whether it created, and what.
  reader.skip(1 + 20);
  const logs = readLogs(reader);
  // L1 and operator cost.
  reader.skip(2 * 32);
  return {
    answer: { kind: "done", status: STATUS[status]!, output, halt, gasUsed, refund, maxGasUsed, logs },
    rest: reader,
  };
}

/** Nonce and balance of an account that the module tells of. */
export function readAccount(bytes: Uint8Array): StateAccount {
  const reader = new AnswerReader(bytes);
  return { nonce: reader.u64(), balance: reader.word(), codeHash: bytesToHex(reader.raw(32)) };
}

const NO_LOGS: readonly Log[] = [];

function readLogs(reader: AnswerReader): readonly Log[] {
  const length = reader.u32();
  return length === 0 ? NO_LOGS : Array.from({ length }, () => readLog(reader));
}

function readLog(reader: AnswerReader): Log {
  const address = bytesToHex(reader.raw(20));
  const count = reader.u8();
  const topics: Hash[] = [];
  for (let i = 0; i < count; i++) topics.push(bytesToHex(reader.raw(32)));
  return { address, topics, data: reader.bytesField() };
}

/** Addresses and slots that a run touched, sorted. */
export function readAccessed(reader: AnswerReader): AccessListEntry[] {
  return Array.from({ length: reader.u32() }, () => {
    const address = bytesToHex(reader.raw(20));
    const storageKeys = Array.from({ length: reader.u32() }, (): Hash => bytesToHex(reader.raw(32)));
    return { address, storageKeys };
  });
}

const DELETED = 1;
const WIPED = 2;
const CODE_FOLLOWS = 4;

/** The block's changes. */
export function readChanges(bytes: Uint8Array): AccountChange[] {
  const reader = new AnswerReader(bytes);
  return Array.from({ length: reader.u32() }, () => readChange(reader));
}

function readChange(reader: AnswerReader): AccountChange {
  const address = reader.raw(20);
  const flags = reader.u8();
  if (flags & DELETED) return { address, account: undefined, code: undefined, wiped: true, slots: [] };
  const account = { nonce: reader.u64(), balance: reader.word(), codeHash: reader.raw(32) };
  const code = flags & CODE_FOLLOWS ? reader.bytesField() : undefined;
  const slots = Array.from({ length: reader.u32() }, () => ({
    slot: reader.raw(32),
    value: withoutZeros(reader.raw(32)),
  }));
  return { address, account, code, wiped: (flags & WIPED) !== 0, slots };
}

function withoutZeros(word: Uint8Array): Uint8Array {
  let from = 0;
  while (from < word.length && word[from] === 0) from++;
  return word.subarray(from);
}
