/** Appends the fields of a request: integers little-endian, words of 32 bytes big-endian, `bytes` with a u32 length. */
export class RequestWriter {
  private buffer = new Uint8Array(1024);
  private view = new DataView(this.buffer.buffer);
  private length = 0;

  /** The bytes so far; valid until the next {@link reset}. */
  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  reset(): this {
    this.length = 0;
    return this;
  }

  u8(value: number): this {
    const at = this.grow(1);
    this.view.setUint8(at, value);
    return this;
  }

  u32(value: number): this {
    const at = this.grow(4);
    this.view.setUint32(at, value, true);
    return this;
  }

  u64(value: bigint): this {
    const at = this.grow(8);
    this.view.setBigUint64(at, value, true);
    return this;
  }

  u128(value: bigint): this {
    return this.u64(value & MAX_U64).u64(value >> 64n);
  }

  word(value: bigint): this {
    const at = this.grow(32);
    for (let i = 0; i < 4; i++) {
      this.view.setBigUint64(at + 8 * i, (value >> BigInt(192 - 64 * i)) & MAX_U64);
    }
    return this;
  }

  raw(bytes: Uint8Array): this {
    const at = this.grow(bytes.length);
    this.buffer.set(bytes, at);
    return this;
  }

  bytesField(bytes: Uint8Array): this {
    return this.u32(bytes.length).raw(bytes);
  }

  private grow(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.buffer.length) {
      const larger = new Uint8Array(Math.max(this.length, this.buffer.length * 2));
      larger.set(this.buffer);
      this.buffer = larger;
      this.view = new DataView(larger.buffer);
    }
    return at;
  }
}

const MAX_U64 = (1n << 64n) - 1n;

/** Reads an answer from its front. Its bytes are copied out: the module's memory moves when it grows. */
export class AnswerReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  u8(): number {
    return this.view.getUint8(this.at++);
  }

  u16(): number {
    this.at += 2;
    return this.view.getUint16(this.at - 2, true);
  }

  u32(): number {
    this.at += 4;
    return this.view.getUint32(this.at - 4, true);
  }

  u64(): bigint {
    this.at += 8;
    return this.view.getBigUint64(this.at - 8, true);
  }

  word(): bigint {
    return readWord(this.view, this.skip(32));
  }

  raw(length: number): Uint8Array {
    const at = this.skip(length);
    return this.bytes.slice(at, at + length);
  }

  bytesField(): Uint8Array {
    return this.raw(this.u32());
  }

  text(): string {
    const length = this.u32();
    return length === 0 ? "" : Buffer.from(this.raw(length)).toString("utf8");
  }

  /** Passes over bytes that nobody wants; gives where they begin. */
  skip(length: number): number {
    const at = this.at;
    this.at += length;
    return at;
  }
}

/** A word of 32 bytes, big-endian. */
export function readWord(view: DataView, at: number): bigint {
  let value = view.getBigUint64(at);
  for (let i = 1; i < 4; i++) value = (value << 64n) | view.getBigUint64(at + 8 * i);
  return value;
}

/** Writes a word of 32 bytes, big-endian. */
export function writeWord(view: DataView, at: number, value: bigint): void {
  for (let i = 0; i < 4; i++) view.setBigUint64(at + 8 * i, (value >> BigInt(192 - 64 * i)) & MAX_U64);
}
