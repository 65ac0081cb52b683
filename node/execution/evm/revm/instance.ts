import { randomBytes } from "../../../base/clock.ts";
import type { StateView } from "../../state/state-view.ts";
import { writeWord } from "./bytes.ts";
import type { CryptoOperation } from "./crypto.ts";
import { type EvmExports, instantiateEvm } from "./module.ts";
import { type CalledPrecompile, runHostPrecompile } from "./precompile-host.ts";

/** What the module asks while it runs a block. */
export interface BlockHost {
  view: StateView;
  /** An ancestor's hash by number; undefined where there is none. */
  blockHash(number: bigint): Uint8Array | undefined;
  /** Receives the records of a trace: whole ones, one after the other. */
  trace?(records: Uint8Array): void;
}

/** The operation of `h_crypto` that asks for the seed of the module's maps: nobody can choose keys that collide in them. */
const SEED = 0;
const SEED_BYTES = 16;
/** Of the answers of `h_crypto`. */
const CRYPTO_FAILED = -1;
/** A larger memory is given back with its instance once the block is done. It never shrinks. */
const LARGE_MEMORY = 128 << 20;

/** A trap of the module: a bug in it, or no memory. The instance is of no more use. */
export class EvmTrap extends Error {
  constructor(cause: unknown) {
    super(`the EVM module trapped: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = "EvmTrap";
  }
}

/**
 * One instance of the EVM module: one block at a time. The host answers from the block's state; what fails in the host ends the
 * module's call and is thrown again here.
 */
export class EvmInstance {
  private readonly exports: EvmExports;
  private readonly crypto: CryptoOperation;
  private host: BlockHost | undefined;
  private failure: { error: unknown } | undefined;
  private buffer = Buffer.alloc(0);
  private isBroken = false;

  /** `precompiles`: addresses of precompiles that the host runs, 20 bytes each. */
  constructor(chainId: bigint, precompiles: readonly Uint8Array[], crypto: CryptoOperation) {
    this.crypto = crypto;
    this.exports = instantiateEvm(this.imports());
    const config = new Uint8Array(8 + 20 * precompiles.length);
    new DataView(config.buffer).setBigUint64(0, chainId, true);
    for (const [i, address] of precompiles.entries()) config.set(address, 8 + 20 * i);
    this.request(config);
    this.exports.configure();
  }

  /** False once it trapped or its memory grew too large to keep. */
  get isReusable(): boolean {
    return !this.isBroken && this.exports.memory.buffer.byteLength <= LARGE_MEMORY;
  }

  openBlock(request: Uint8Array, host: BlockHost): void {
    this.host = host;
    this.guard(() => {
      this.request(request);
      this.exports.open_block();
    });
  }

  /**
   * Runs a transaction or call; its changes are pending until {@link settle}. Gives the answer's bytes, which like all answers lie in the
   * module's memory: they are gone when it is called again.
   */
  exec(request: Uint8Array): Uint8Array {
    return this.guard(() => {
      this.request(request);
      return this.answer(this.exports.exec());
    });
  }

  systemCall(request: Uint8Array): Uint8Array {
    return this.guard(() => {
      this.request(request);
      return this.answer(this.exports.system_call());
    });
  }

  putCode(request: Uint8Array): void {
    this.guard(() => {
      this.request(request);
      this.exports.put_code();
    });
  }

  settle(keep: boolean): void {
    this.guard(() => this.exports.settle(keep ? 1 : 0));
  }

  changes(): Uint8Array {
    return this.guard(() => this.answer(this.exports.changes()));
  }

  /** An account of the open block, before what is pending: nonce, balance and code hash, 72 bytes. */
  account(address: Uint8Array): Uint8Array | undefined {
    return this.guard(() => {
      const place = this.exports.outbuf(92);
      this.memory().set(address, place);
      const exists = this.exports.block_account(place) === 1;
      return exists ? this.copy(place + 20, 72) : undefined;
    });
  }

  /** A slot of the open block, before what is pending; 32 bytes. */
  storage(address: Uint8Array, slot: Uint8Array): Uint8Array {
    return this.guard(() => {
      const place = this.exports.outbuf(84);
      this.memory().set(address, place);
      this.memory().set(slot, place + 20);
      this.exports.block_storage(place);
      return this.copy(place + 52, 32);
    });
  }

  /** Forgets the block's host. */
  closeBlock(): void {
    this.host = undefined;
  }

  /** Memory of the module; a view of it is stale once the module has grown. */
  private memory(): Buffer {
    const { buffer } = this.exports.memory;
    if (this.buffer.buffer !== buffer) this.buffer = Buffer.from(buffer);
    return this.buffer;
  }

  /** A copy of module memory. Short ones live on JavaScript's own heap, so the array is made before it is filled. */
  private copy(at: number, length: number): Uint8Array {
    const out = new Uint8Array(length);
    this.memory().copy(out, 0, at, at + length);
    return out;
  }

  private request(bytes: Uint8Array): void {
    const at = this.exports.inbuf(bytes.length);
    this.memory().set(bytes, at);
  }

  private answer(length: number): Uint8Array {
    const at = this.exports.outp();
    return new Uint8Array(this.exports.memory.buffer, at, length);
  }

  /** Runs something in the module. @throws what failed in the host; EvmTrap. */
  private guard<T>(work: () => T): T {
    if (this.isBroken) throw new EvmTrap("it trapped before");
    this.failure = undefined;
    let result: T;
    try {
      result = work();
    } catch (error) {
      this.isBroken = true;
      throw new EvmTrap(error);
    }
    this.rethrow();
    return result;
  }

  /** Throws what failed in the host meanwhile. */
  private rethrow(): void {
    if (this.failure !== undefined) throw this.failure.error;
  }

  /** An import: nothing may throw through the module. */
  private safely(work: () => number): number {
    try {
      return work();
    } catch (error) {
      this.failure ??= { error };
      return -1;
    }
  }

  private imports() {
    const host = () => {
      if (this.host === undefined) throw new Error("no block is open");
      return this.host;
    };
    return {
      h_account: (address: number, out: number) =>
        this.safely(() => this.putAccount(host().view, address, out)),
      h_storage: (address: number, slot: number, out: number) =>
        this.safely(() => {
          const value = host().view.storage(this.copy(address, 20), this.copy(slot, 32));
          this.memory().set(value, out + 32 - value.length);
          return 0;
        }),
      h_code: (hash: number) =>
        this.safely(() => {
          const { code, analysed } = host().view.storedCode(this.copy(hash, 32));
          this.put(analysed ?? code);
          return analysed === undefined ? 0 : 1;
        }),
      h_code_size: (hash: number) => this.safely(() => host().view.code(this.copy(hash, 32)).length),
      h_block_hash: (number: bigint, out: number) =>
        this.safely(() => {
          this.memory().set(host().blockHash(number) ?? [], out);
          return 0;
        }),
      h_precompile: (record: number, input: number, length: number) =>
        this.safely(() => runHostPrecompile(this.called(record, input, length))),
      h_crypto: (operation: number, input: number, length: number, out: number) =>
        this.safely(() => this.runCrypto(operation, input, length, out)),
      h_trace: (records: number, length: number) =>
        this.safely(() => {
          host().trace?.(this.copy(records, length));
          return 0;
        }),
    };
  }

  private putAccount(view: StateView, address: number, out: number): number {
    const account = view.account(this.copy(address, 20));
    if (account === undefined) return 0;
    const { buffer } = this.exports.memory;
    const place = new DataView(buffer, out, 72);
    place.setBigUint64(0, account.nonce, true);
    writeWord(place, 8, account.balance);
    this.memory().set(account.codeHash, out + 40);
    return 1;
  }

  /** Gives the module an answer that has no place of its own. */
  private put(bytes: Uint8Array): void {
    const at = this.exports.outbuf(bytes.length);
    this.memory().set(bytes, at);
  }

  private runCrypto(operation: number, input: number, length: number, out: number): number {
    if (operation === SEED) {
      this.memory().set(randomBytes(SEED_BYTES), out);
      return SEED_BYTES;
    }
    const { buffer } = this.exports.memory;
    const written = this.crypto(operation, new Uint8Array(buffer, input, length));
    if (typeof written === "number") return written === CRYPTO_FAILED ? -1 : written;
    if (written.place === "long") {
      this.put(written.bytes);
      return 0;
    }
    this.memory().set(written.bytes, out);
    return written.bytes.length;
  }

  private called(record: number, input: number, length: number): CalledPrecompile {
    const { exports } = this;
    const withPlace = <T>(size: number, fill: (at: number) => void, use: (at: number) => T): T => {
      const at = exports.outbuf(size);
      fill(at);
      return use(at);
    };
    return {
      record: this.copy(record, 106),
      // Not copied: a caller may give far more input than it pays for.
      input: new Uint8Array(exports.memory.buffer, input, length),
      setGasUsed: (gas) => this.memory().writeBigUInt64LE(gas, record),
      answer: (output) => this.put(output),
      account: (address) =>
        withPlace(
          92,
          (at) => this.memory().set(address, at),
          (at) => exports.pre_account(at, 0),
        ),
      transfer: (bytes) =>
        withPlace(
          bytes.length,
          (at) => this.memory().set(bytes, at),
          (at) => exports.pre_transfer(at),
        ),
      log: (bytes) =>
        withPlace(
          bytes.length,
          (at) => this.memory().set(bytes, at),
          (at) => exports.pre_log(at, bytes.length),
        ),
    };
  }
}
