import { expect } from "vitest";
import { addressOf, EMPTY_CODE_HASH, Host, le, Reader, sized, wordOf } from "./smoke-host.ts";

/** Requests and answers of the EVM module, and a world to send them to. */

export const JOVIAN = 108;
export const CALL = 1;
export const CREATE = 2;
export const DEPOSIT = 4;
export const MINT = 16;
export const FRAMES = 32;
export const STEPS = 64;
export const TOUCHED = 128;
export const ACCESS = 256;
export const MEMORY = 1024;
export const STORAGE = 2048;

export const alice = addressOf(0xa11ce);
export const bob = addressOf(0xb0b);
export const token = addressOf(0x70c3);
export const hostPrecompile = addressOf(0xa03);
export const l1Block = "4200000000000000000000000000000000000015";
export const baseFeeVault = "4200000000000000000000000000000000000019";
export const ether = 10n ** 18n;

export interface Transaction {
  flags?: number;
  type?: number;
  from?: string;
  to?: string;
  value?: bigint;
  gas?: bigint;
  nonce?: bigint;
  fee?: bigint;
  tip?: bigint;
  mint?: bigint;
  data?: string;
  enveloped?: string;
}

export function encode(tx: Transaction): string {
  const deposit = ((tx.flags ?? 0) & DEPOSIT) !== 0;
  return [
    le(tx.flags ?? 0, 4),
    le(tx.type ?? (deposit ? 0x7e : 2), 1),
    tx.from ?? alice,
    tx.to ?? bob,
    wordOf(tx.value ?? 0n),
    le(tx.gas ?? 100_000n, 8),
    le(tx.nonce ?? 0n, 8),
    le(tx.fee ?? 10n ** 9n, 16),
    le(tx.tip ?? 0n, 16),
    le(tx.mint ?? 0n, 16),
    wordOf(deposit ? 77n : 0n),
    sized(tx.data ?? ""),
    sized(tx.enveloped ?? (deposit ? "" : "02ff")),
    le(0, 4),
    le(0, 4),
  ].join("");
}

export function read(reader: Reader) {
  const status = reader.uint(1);
  if (status === 3) return { status, code: reader.uint(1), text: reader.text() };
  if (status === 4) return { status, text: reader.text() };
  const output = reader.sized();
  const halt = [reader.uint(1), reader.text()];
  const [used, refund, spent, floor] = [reader.big(8), reader.big(8), reader.big(8), reader.big(8)];
  const [isCreation, address] = [reader.uint(1) === 1, reader.raw(20)];
  const created = isCreation ? address : undefined;
  const logs = reader.list(() => ({
    address: reader.raw(20),
    topics: Array.from({ length: reader.uint(1) }, () => reader.raw(32)),
    data: reader.sized(),
  }));
  const costs = [reader.word(), reader.word()];
  return { status, output, halt, used, refund, spent, floor, created, logs, costs, rest: reader };
}

export function readChanges(reader: Reader) {
  const changes = reader.list(() => {
    const [address, flags] = [reader.raw(20), reader.uint(1)];
    if (flags & 1) return { address, flags };
    const [nonce, balance, codeHash] = [reader.big(8), reader.word(), reader.raw(32)];
    const code = flags & 4 ? reader.sized() : undefined;
    const slots = reader.list(() => [reader.word(), reader.word()]);
    return { address, flags, nonce, balance, codeHash, code, slots };
  });
  expect(reader.done).toBe(true);
  return Object.fromEntries(changes.map(({ address, ...rest }) => [address, rest]));
}

/** A host with alice, and L1Block's fee parameters. */
export class World extends Host {
  constructor() {
    super();
    this.put(alice, ether);
    this.put(l1Block, 0n, "00");
    this.storage.set(l1Block + wordOf(1n), wordOf(1_000n));
    // Operator fee: scalar 7, constant 9.
    this.storage.set(l1Block + wordOf(8n), `${"00".repeat(20)}00000007${"00".repeat(7)}09`);
  }

  put(address: string, balance: bigint, code?: string): void {
    const codeHash = code === undefined ? EMPTY_CODE_HASH : wordOf(BigInt(`0x${address}`));
    if (code !== undefined) this.codes.set(codeHash, code);
    this.accounts.set(address, { nonce: code === undefined ? 0n : 1n, balance, codeHash });
  }

  openBlock(spec = JOVIAN): void {
    const block = le(7, 8) + le(1_000, 8) + le(30_000_000, 8) + le(50, 8);
    this.call("open_block", le(spec, 1) + block + addressOf(0xc0) + wordOf(9n) + le(0, 8));
  }

  exec(tx: Transaction) {
    return read(this.call("exec", encode(tx)));
  }

  changes() {
    return readChanges(this.call("changes", ""));
  }

  /** Reads the stream of records; ops as `[op, pc, cost, error]`. */
  records(): unknown[] {
    const all = Buffer.concat(this.traces);
    const reader = new Reader(all);
    const list: unknown[] = [];
    while (!reader.done) {
      const kind = reader.uint(1);
      if (kind === 1) {
        const head = {
          enter: reader.uint(1),
          from: reader.raw(20),
          to: reader.raw(20),
          value: reader.word(),
        };
        list.push({ ...head, gas: reader.big(8), input: reader.sized() });
      } else if (kind === 2) {
        const head = { leave: reader.uint(1), gas: reader.big(8), created: reader.raw(20) };
        list.push({ ...head, output: reader.sized(), error: reader.text() });
      } else if (kind === 3) {
        const head = { op: reader.uint(1), pc: reader.uint(4), gas: reader.big(8), depth: reader.uint(2) };
        const refund = reader.big(8);
        const stack = Array.from({ length: reader.uint(2) }, () => reader.word());
        const memory = reader.sized();
        const cost = reader.big(8);
        const slot = reader.uint(1) === 1 ? [reader.word(), reader.word()] : undefined;
        list.push({ ...head, refund, stack, memory, cost, slot, error: reader.text() });
      } else if (kind === 4) {
        list.push({ destroyed: reader.raw(20), heir: reader.raw(20), balance: reader.word() });
      } else {
        list.push({ log: reader.raw(20), topics: reader.raw(32 * reader.uint(1)), data: reader.sized() });
      }
    }
    return list;
  }
}
