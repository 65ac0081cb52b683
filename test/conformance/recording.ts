import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hexToBytes } from "../../node/base/bytes.ts";
import { BLOB_BYTES } from "../../node/chain/codec/blob.ts";
import { readL1ChainConfig } from "../../node/chain/config/l1-chain-config.ts";
import type { L1Block } from "../../node/chain/types/l1.ts";
import type { Address, Hash, Hex } from "../../node/chain/types/primitives.ts";
import type { L1ChainConfig } from "../../node/chain/types/rollup.ts";
import { blobHash } from "../../node/execution/blob-hash.ts";
import { parseL1Block } from "../../node/rollup/l1/format.ts";
import { verifyL1Block } from "../../node/rollup/l1/verify.ts";
import { readGzipLines } from "../support/recordings.ts";

/** After all up to an L1 block is derived: its number and hash, the safe head's number and hash. */
export type RecordedSafeHead = readonly [l1Number: number, l1Hash: Hash, l2Number: number, l2Hash: Hash];

/** The L1 side of a recorded scenario. */
export interface RecordedL1 {
  l1Chain: L1ChainConfig;
  /** In the order in which they came; a block that does not continue the one before it starts a reorganisation. */
  blocks: L1Block[];
  /** By versioned hash, each of them checked against it. */
  blobs: ReadonlyMap<Hash, Uint8Array>;
  safe: RecordedSafeHead[];
}

/** True if `folder` holds a recorded chain. */
export function isRecording(folder: string): boolean {
  return existsSync(join(folder, "l1.jsonl.gz"));
}

/** Reads L1 blocks and safe heads of a scenario; their form is described in the recordings' README. */
export function readRecordedL1(folder: string): RecordedL1 {
  const lines = readGzipLines<RecordedLine>(join(folder, "l1.jsonl.gz"));
  const rollup = JSON.parse(readFileSync(join(folder, "rollup.json"), "utf8")) as {
    batch_inbox_address: Address;
  };
  return {
    l1Chain: readL1ChainConfig(join(folder, "l1-chain-config.json")),
    blocks: lines
      .filter(({ block }) => block !== undefined)
      .map((line) => {
        const block = parseL1Block(line.block, line.receipts);
        verifyL1Block(line.block, line.receipts, block, rollup.batch_inbox_address);
        return block;
      }),
    blobs: new Map(lines.flatMap(({ blobs = [] }) => blobs.map(readBlob))),
    safe: JSON.parse(readFileSync(join(folder, "safe.json"), "utf8")) as RecordedSafeHead[],
  };
}

interface RecordedLine {
  block?: unknown;
  receipts?: unknown;
  blobs?: { versionedHash: Hash; blob: Hex }[];
}

/** @throws Error for a blob that is not what its hash says. */
function readBlob({ versionedHash, blob: text }: { versionedHash: Hash; blob: Hex }): [Hash, Uint8Array] {
  const blob = new Uint8Array(BLOB_BYTES);
  blob.set(hexToBytes(text));
  if (blobHash(blob) !== versionedHash) throw new Error(`a recorded blob is not ${versionedHash}`);
  return [versionedHash, blob];
}
