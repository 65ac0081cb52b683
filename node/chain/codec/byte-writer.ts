/** Bytes that grow at their end. */
export class ByteWriter {
  private buffer = new Uint8Array(1_024);
  private size = 0;

  get length(): number {
    return this.size;
  }

  push(bytes: Uint8Array): void {
    const end = this.size + bytes.length;
    if (end > this.buffer.length) {
      const larger = new Uint8Array(Math.max(end, this.buffer.length * 2));
      larger.set(this.bytes());
      this.buffer = larger;
    }
    this.buffer.set(bytes, this.size);
    this.size = end;
  }

  /** What was pushed so far; shares memory until the next push. */
  bytes(): Uint8Array {
    return this.buffer.subarray(0, this.size);
  }
}
