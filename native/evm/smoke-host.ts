import { readFileSync } from "node:fs";

/** The smallest host of the EVM module: state in maps, one precompile, records of traces. */

const imageUrl = process.env.OPENLEDGER_EVM_WASM ?? new URL("openledger_evm.wasm", import.meta.url);

export const EMPTY_CODE_HASH = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";

export interface Account {
  nonce: bigint;
  balance: bigint;
  codeHash: string;
}

export interface Exports {
  memory: { buffer: ArrayBuffer };
  abi_version(): number;
  inbuf(length: number): number;
  outbuf(length: number): number;
  outp(): number;
  configure(): void;
  open_block(): void;
  exec(): number;
  settle(keep: number): void;
  system_call(): number;
  put_code(): number;
  changes(): number;
  code_cache_bytes(): number;
  pre_account(place: number, load: number): number;
  pre_storage(place: number, write: number): number;
  pre_transfer(place: number): number;
  pre_log(place: number, length: number): number;
}

/** What a host precompile is called with; it answers status, gas used and output. */
export interface PrecompileCall {
  gas: bigint;
  self: string;
  input: Uint8Array;
  isStatic: boolean;
  depth: number;
}

export type Precompile = (call: PrecompileCall) => { status: number; gas: bigint; output: Uint8Array };

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
export const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));
export const wordOf = (value: bigint): string => value.toString(16).padStart(64, "0");
export const addressOf = (low: number | bigint): string => low.toString(16).padStart(40, "0");

/** Little-endian integer of `size` bytes as hex. */
export function le(value: bigint | number, size: number): string {
  const bytes = new Uint8Array(size);
  let rest = BigInt(value);
  for (let at = 0; at < size; at++, rest >>= 8n) bytes[at] = Number(rest & 0xffn);
  return hexOf(bytes);
}

export const sized = (hex: string): string => le(hex.length / 2, 4) + hex;

/** Reads an answer from its front. */
export class Reader {
  private at = 0;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  raw(length: number): string {
    if (this.at + length > this.bytes.length) throw new Error("answer too short");
    this.at += length;
    return hexOf(this.bytes.subarray(this.at - length, this.at));
  }

  uint(size: number): number {
    return Number(this.big(size));
  }

  big(size: number): bigint {
    return BigInt(`0x${hexOf(bytesOf(this.raw(size)).reverse())}`);
  }

  word(): bigint {
    return BigInt(`0x${this.raw(32)}`);
  }

  sized(): string {
    return this.raw(this.uint(4));
  }

  text(): string {
    return Buffer.from(this.sized(), "hex").toString();
  }

  list<T>(item: () => T): T[] {
    return Array.from({ length: this.uint(4) }, item);
  }

  get done(): boolean {
    return this.at === this.bytes.length;
  }
}

export class Host {
  readonly accounts = new Map<string, Account>();
  readonly storage = new Map<string, string>();
  readonly codes = new Map<string, string>();
  readonly asked: string[] = [];
  readonly traces: Uint8Array[] = [];
  precompile: Precompile | undefined;
  fails = false;
  crypto: ((operation: number, input: Uint8Array) => Uint8Array | number) | undefined;
  readonly module: Exports;

  constructor() {
    const image = new WebAssembly.Module(readFileSync(imageUrl));
    const instance = new WebAssembly.Instance(image, { host: this.functions() });
    this.module = instance.exports as unknown as Exports;
  }

  private bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.module.memory.buffer, at, length).slice();
  }

  write(at: number, hex: string): void {
    new Uint8Array(this.module.memory.buffer).set(bytesOf(hex), at);
  }

  private functions(): Record<string, (...args: never[]) => number> {
    return {
      h_account: (at: number, out: number) => this.account(hexOf(this.bytes(at, 20)), out),
      h_storage: (at: number, slot: number, out: number) => {
        const key = hexOf(this.bytes(at, 20)) + hexOf(this.bytes(slot, 32));
        this.asked.push(`storage ${key}`);
        this.write(out, this.storage.get(key) ?? "");
        return this.fails ? -1 : 0;
      },
      h_code: (hash: number) => {
        const key = hexOf(this.bytes(hash, 32));
        this.asked.push(`code ${key}`);
        return this.answer(this.codes.get(key));
      },
      h_code_size: (hash: number) => {
        const key = hexOf(this.bytes(hash, 32));
        this.asked.push(`code size ${key}`);
        return (this.codes.get(key)?.length ?? -2) / 2;
      },
      h_block_hash: (number: bigint, out: number) => {
        this.write(out, wordOf(number));
        return 0;
      },
      h_precompile: (record: number, input: number, length: number) => {
        const reader = new Reader(this.bytes(record, 106));
        const gas = reader.big(8);
        reader.raw(40);
        const self = reader.raw(20);
        reader.raw(32);
        const [isStatic] = [reader.uint(1) === 1, reader.uint(1)];
        const depth = reader.uint(4);
        const call = { gas, self, input: this.bytes(input, length), isStatic, depth };
        const { status, gas: used, output } = this.precompile!(call);
        this.write(record, le(used, 8));
        this.answer(hexOf(output));
        return status;
      },
      h_crypto: (operation: number, input: number, length: number, out: number) => {
        const done = this.crypto?.(operation, this.bytes(input, length)) ?? -2;
        if (typeof done === "number") return done;
        this.write(out, hexOf(done));
        return done.length;
      },
      h_trace: (at: number, length: number) => {
        this.traces.push(this.bytes(at, length));
        return 0;
      },
    };
  }

  private account(address: string, out: number): number {
    this.asked.push(`account ${address}`);
    const account = this.accounts.get(address);
    if (account === undefined) return 0;
    this.write(out, le(account.nonce, 8) + wordOf(account.balance) + account.codeHash);
    return 1;
  }

  private answer(hex: string | undefined): number {
    if (hex === undefined) return -1;
    this.write(this.module.outbuf(hex.length / 2), hex);
    return 0;
  }

  /** Sends a request to an export and reads its answer; an export without one gives an empty reader. */
  call(name: "configure" | "open_block" | "exec" | "system_call" | "put_code" | "changes", request: string) {
    this.write(this.module.inbuf(request.length / 2), request);
    const length = this.module[name]();
    const has = typeof length === "number" && name !== "put_code";
    return new Reader(has ? this.bytes(this.module.outp(), length) : new Uint8Array());
  }
}
