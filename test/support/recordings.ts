import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import { type Genesis, parseGenesis } from "../../node/chain/config/genesis.ts";
import { readRollupConfig } from "../../node/chain/config/rollup-config.ts";
import type { Hex } from "../../node/chain/types/primitives.ts";
import type { RollupConfig } from "../../node/chain/types/rollup.ts";

const allocRef = z.object({
  file: z.string(),
  remove: z.array(z.string()).default([]),
  removeStorage: z.record(z.string(), z.array(z.string())).default({}),
});

const alloc = z.record(z.string(), z.looseObject({ storage: z.record(z.string(), z.string()).optional() }));

/** Reads a file of gzipped JSON. */
export function readGzipJson(path: string): unknown {
  return JSON.parse(gunzipSync(readFileSync(path)).toString());
}

/** Reads a file of gzipped JSON lines. */
export function readGzipLines<T>(path: string): T[] {
  return gunzipSync(readFileSync(path))
    .toString()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as T);
}

/** A recorded scenario's genesis with the alloc that its `allocRef` names. */
export function readRecordedGenesis(folder: string): Genesis {
  const json = JSON.parse(readFileSync(join(folder, "genesis.json"), "utf8")) as Record<string, unknown>;
  const ref = allocRef.parse(json.allocRef);
  const accounts = alloc.parse(readGzipJson(join(folder, ref.file)));
  for (const address of ref.remove) delete accounts[address];
  for (const [address, slots] of Object.entries(ref.removeStorage)) {
    for (const slot of slots) delete accounts[address]?.storage?.[slot];
  }
  return parseGenesis({ ...json, alloc: accounts });
}

export interface RecordedBlock {
  number: number;
  hash: Hex;
  /** debug_getRawBlock. */
  raw: Hex;
  /** eth_getBlockReceipts. */
  receipts: Record<string, unknown>[];
  outputRoot: Hex;
  stateRoot: Hex;
  withdrawalStorageRoot: Hex;
  l1Origin: { hash: Hex; number: number };
  sequenceNumber: number;
}

export interface Recording {
  genesis: Genesis;
  rollup: RollupConfig;
  blocks: RecordedBlock[];
}

/** Reads genesis, rollup config and L2 blocks of one of the `op-recordings`. */
export function readRecording(folder: string): Recording {
  return {
    genesis: readRecordedGenesis(folder),
    rollup: readRollupConfig(join(folder, "rollup.json")),
    blocks: readGzipLines<RecordedBlock>(join(folder, "l2.jsonl.gz")),
  };
}

/** Name of the folder's parent and its own, for messages. */
export function scenarioName(folder: string): string {
  return join(dirname(folder).split("/").at(-1) ?? "", folder.split("/").at(-1) ?? "");
}
