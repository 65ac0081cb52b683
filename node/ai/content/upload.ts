import type { Hash } from "../../chain/types/primitives.ts";
import { aiError } from "../errors.ts";
import type { ContentSink } from "./source.ts";
import { requireHash } from "./source.ts";

export interface UploadLimits {
  /** Of one content. */
  maxBytes: number;
  /** Of one part. */
  maxPartBytes: number;
  /** Of all unfinished uploads together. */
  maxPendingBytes: number;
}

export const DEFAULT_UPLOAD_LIMITS: UploadLimits = {
  maxBytes: 256 * 1024 * 1024,
  maxPartBytes: 1024 * 1024,
  maxPendingBytes: 512 * 1024 * 1024,
};

interface Pending {
  bytes: Uint8Array;
  filled: number;
}

/** Takes content in parts, in order, and stores it once it is whole and has its hash. */
export class Uploads {
  private readonly sink: ContentSink;
  private readonly limits: UploadLimits;
  private readonly pending = new Map<Hash, Pending>();
  private pendingBytes = 0;

  constructor(sink: ContentSink, limits: UploadLimits = DEFAULT_UPLOAD_LIMITS) {
    this.sink = sink;
    this.limits = limits;
  }

  /**
   * Takes one part; a part at 0 begins the upload anew.
   * @returns bytes that are here now.
   * @throws CodedError `CONTENT_TOO_LARGE`, `UPLOAD_PART_INVALID`, `UPLOAD_ORDER`, `CONTENT_HASH_MISMATCH`.
   */
  async put(hash: Hash, total: number, offset: number, part: Uint8Array): Promise<number> {
    this.check(total, offset, part);
    if (offset === 0) this.begin(hash, total);
    const upload = this.pending.get(hash);
    if (!upload || upload.bytes.length !== total || upload.filled !== offset) {
      throw aiError("UPLOAD_ORDER", {
        message: `a part at byte ${offset} was given, but the upload of ${hash} stands at byte ${upload?.filled ?? 0}`,
        fix: "begin again with the part at 0",
        facts: { hash, offset, expected: upload?.filled ?? 0 },
      });
    }
    upload.bytes.set(part, offset);
    upload.filled += part.length;
    if (upload.filled < total) return upload.filled;
    this.drop(hash);
    await this.sink.put(requireHash(upload.bytes, hash, "the upload"));
    return total;
  }

  private check(total: number, offset: number, part: Uint8Array): void {
    const { maxBytes, maxPartBytes } = this.limits;
    if (total > maxBytes) {
      throw aiError("CONTENT_TOO_LARGE", {
        message: `the content has ${total} bytes; this node takes at most ${maxBytes}`,
        fix: "split it into several contents",
        facts: { size: total, maximum: maxBytes },
      });
    }
    const isEmpty = part.length === 0 && total > 0;
    if (isEmpty || part.length > maxPartBytes || offset + part.length > total) {
      throw aiError("UPLOAD_PART_INVALID", {
        message: `a part of ${part.length} bytes at ${offset} of ${total} cannot be taken`,
        fix: `send parts of 1 to ${maxPartBytes} bytes that end within the content`,
        facts: { offset, length: part.length, total },
      });
    }
  }

  private begin(hash: Hash, total: number): void {
    this.drop(hash);
    // Unfinished uploads may not fill the memory: the oldest give way.
    for (const oldest of this.pending.keys()) {
      if (this.pendingBytes + total <= this.limits.maxPendingBytes) break;
      this.drop(oldest);
    }
    this.pending.set(hash, { bytes: new Uint8Array(total), filled: 0 });
    this.pendingBytes += total;
  }

  private drop(hash: Hash): void {
    this.pendingBytes -= this.pending.get(hash)?.bytes.length ?? 0;
    this.pending.delete(hash);
  }
}
