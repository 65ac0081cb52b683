import { startThread } from "../../base/threads.ts";
import type { BlobSidecar } from "../l1/blob-transaction.ts";

/**
 * The blobs with these data, with their commitments and proofs, made in a thread of its own: the thread that makes blocks has
 * no tenths of a second to spare. Rejects with what went wrong there.
 */
export function makeSidecars(payloads: readonly Uint8Array[]): Promise<BlobSidecar[]> {
  return new Promise((resolve, reject) => {
    const thread = startThread("./sidecar-thread", import.meta.url, { workerData: payloads });
    thread.once("message", resolve);
    thread.once("error", reject);
    thread.once("exit", (status) =>
      reject(new Error(`the thread that makes blobs ended with status ${status}`)),
    );
  });
}
