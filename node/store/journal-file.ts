import { closeSync, fdatasync, ftruncateSync, openSync, writeSync } from "node:fs";
import { promisify } from "node:util";

const sync = promisify(fdatasync);

/**
 * A file that is only ever written at its end. What a write has returned for, survives the end of the process by any means.
 * A write that fails leaves the file as it was; nothing is written behind the rest of one.
 */
export class JournalFile {
  readonly path: string;
  private readonly fd: number;
  private length: number;
  /** What a failed write has left is not cut off yet. */
  private isTorn = false;
  private syncs = 0;
  private isClosed = false;

  /** @param length bytes that the file holds already; what lies beyond is cut off. */
  constructor(path: string, length: number) {
    this.path = path;
    this.fd = openSync(path, "a");
    this.length = length;
    ftruncateSync(this.fd, length);
  }

  get bytes(): number {
    return this.length;
  }

  /** @throws what the operating system says. */
  append(bytes: Uint8Array): void {
    if (this.isTorn) this.cut();
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at);
    } catch (error) {
      this.isTorn = true;
      this.cut();
      throw error;
    }
    this.length += bytes.length;
  }

  private cut(): void {
    ftruncateSync(this.fd, this.length);
    this.isTorn = false;
  }

  /** Once resolved, what was written before the call survives a power cut. */
  async sync(): Promise<void> {
    if (this.isClosed) return;
    this.syncs++;
    try {
      await sync(this.fd);
    } finally {
      this.syncs--;
      if (this.isClosed && this.syncs === 0) closeSync(this.fd);
    }
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    if (this.syncs === 0) closeSync(this.fd);
  }
}
