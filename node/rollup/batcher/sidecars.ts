import { startThread } from "../../base/threads.ts";
import type { BlobSidecar, ProofForm } from "../l1/blob-transaction.ts";

/** What the thread is to make. */
export interface SidecarOrder {
  payloads: readonly Uint8Array[];
  form: ProofForm;
}

/**
 * The blobs with these data, with their commitments and proofs, made in a thread of its own: the thread that makes blocks has
 * no tenths of a second to spare. Rejects with what went wrong there.
 */
export function makeSidecars(payloads: readonly Uint8Array[], form: ProofForm): Promise<BlobSidecar[]> {
  return new Promise((resolve, reject) => {
    const order: SidecarOrder = { payloads, form };
    const thread = startThread("./sidecar-thread", import.meta.url, { workerData: order });
    thread.once("message", resolve);
    thread.once("error", reject);
    thread.once("exit", (status) =>
      reject(new Error(`the thread that makes blobs ended with status ${status}`)),
    );
  });
}
