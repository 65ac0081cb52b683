import { parentPort, workerData } from "node:worker_threads";
import { encodeBlob } from "../../chain/codec/blob.ts";
import { commitmentOf, versionedHash } from "../../execution/blob-hash.ts";
import type { BlobSidecar } from "../l1/blob-transaction.ts";
import { blobProof } from "./blob-proof.ts";

const payloads = workerData as readonly Uint8Array[];
const sidecars = payloads.map((payload): BlobSidecar => {
  const blob = encodeBlob(payload);
  const commitment = commitmentOf(blob);
  if (commitment === undefined) throw new Error("encoded data is no blob");
  return { blob, commitment, proof: blobProof(blob, commitment), hash: versionedHash(commitment) };
});
parentPort?.postMessage(sidecars);
