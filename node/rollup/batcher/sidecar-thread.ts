import { parentPort, workerData } from "node:worker_threads";
import { encodeBlob } from "../../chain/codec/blob.ts";
import { cellProofs, commitmentOf, versionedHash } from "../../execution/blob-hash.ts";
import type { BlobSidecar } from "../l1/blob-transaction.ts";
import { blobProof } from "./blob-proof.ts";
import type { SidecarOrder } from "./sidecars.ts";

const { payloads, form } = workerData as SidecarOrder;
const sidecars = payloads.map((payload): BlobSidecar => {
  const blob = encodeBlob(payload);
  const commitment = commitmentOf(blob);
  if (commitment === undefined) throw new Error("encoded data is no blob");
  const proofs = form === "cells" ? cellProofs(blob) : [blobProof(blob, commitment)];
  return { blob, commitment, form, proofs, hash: versionedHash(commitment) };
});
parentPort?.postMessage(sidecars);
