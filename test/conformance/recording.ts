import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { hexToBytes } from "@ethereumjs/util";
import { decodeBlock } from "../../node/chain/codec/block.ts";
import { type Genesis, parseGenesis } from "../../node/chain/genesis.ts";
import { parseL1ChainConfig } from "../../node/chain/l1-chain-config.ts";
import { parseRollupConfig } from "../../node/chain/rollup-config.ts";
import type { Block } from "../../node/chain/types/block.ts";
import type { L1Block } from "../../node/chain/types/l1.ts";
import type { Hash, Hex } from "../../node/chain/types/primitives.ts";
import type { L1ChainConfig, RollupConfig } from "../../node/chain/types/rollup.ts";
import { parseL1Block } from "../../node/l1/format.ts";

/** One L2 block as the reference nodes had it. */
export interface RecordedL2Block {
  number: number;
  hash: Hash;
  raw: Hex;
  outputRoot: Hash;
  stateRoot: Hash;
  withdrawalStorageRoot: Hash;
  l1Origin: { hash: Hash; number: number };
  sequenceNumber: number;
}

/** After all up to an L1 block is derived: its number and hash, the safe head's number and hash. */
export type RecordedSafeHead = readonly [l1Number: number, l1Hash: Hash, l2Number: number, l2Hash: Hash];

/** A chain recorded from op-node and op-geth. */
export interface Recording {
  rollup: RollupConfig;
  l1Chain: L1ChainConfig;
  genesis: Genesis;
  /** In the order in which they came; a block that does not continue the one before it starts a reorganisation. */
  l1: L1Block[];
  l2: RecordedL2Block[];
  safe: RecordedSafeHead[];
}

function json(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}

function gzippedLines(path: string): unknown[] {
  const text = gunzipSync(readFileSync(path)).toString("utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

interface AllocRef {
  file: string;
  remove?: string[];
  removeStorage?: Record<string, string[]>;
}

/** The genesis with its alloc in place; the recordings share one and say what to take out of it. */
function readGenesis(folder: string): Genesis {
  const { allocRef, ...genesis } = json(join(folder, "genesis.json")) as { allocRef: AllocRef };
  const alloc = JSON.parse(gunzipSync(readFileSync(join(folder, allocRef.file))).toString("utf8")) as Record<
    string,
    { storage?: Record<string, string> }
  >;
  for (const address of allocRef.remove ?? []) delete alloc[address];
  for (const [address, slots] of Object.entries(allocRef.removeStorage ?? {})) {
    for (const slot of slots) delete alloc[address]?.storage?.[slot];
  }
  return parseGenesis({ ...genesis, alloc });
}

/** True if `folder` holds a recorded chain. */
export function isRecording(folder: string): boolean {
  return existsSync(join(folder, "l1.jsonl.gz"));
}

export function readRollup(folder: string): RollupConfig {
  return parseRollupConfig(json(join(folder, "rollup.json")));
}

/** Reads a scenario's folder; its form is described in the recordings' README. */
export function readRecording(folder: string): Recording {
  const lines = gzippedLines(join(folder, "l1.jsonl.gz")) as { block?: unknown; receipts?: unknown }[];
  return {
    rollup: readRollup(folder),
    l1Chain: parseL1ChainConfig(json(join(folder, "l1-chain-config.json"))),
    genesis: readGenesis(folder),
    l1: lines
      .filter(({ block }) => block !== undefined)
      .map((line) => parseL1Block(line.block, line.receipts)),
    l2: gzippedLines(join(folder, "l2.jsonl.gz")) as RecordedL2Block[],
    safe: json(join(folder, "safe.json")) as RecordedSafeHead[],
  };
}

/** A recorded block, decoded. */
export function decodeRecorded(recorded: RecordedL2Block, rollup: RollupConfig): Block {
  return decodeBlock(hexToBytes(recorded.raw), rollup);
}
