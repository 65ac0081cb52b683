import { Turns } from "../../base/turns.ts";
import { keccak256 } from "../../chain/crypto.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { hexOfBytes } from "../codec/hash.ts";
import type { MerkleTree } from "../codec/merkle.ts";
import { aiError } from "../errors.ts";

const HASH = 32;
/** Hashes between two looks at the clock. */
const HASHES_A_LOOK = 256;

/**
 * The tree over records that lie end to end, as `merkleTree` makes it of their leaf hashes. It is made for many: a hash takes
 * 32 bytes, and other work of the process goes on in between.
 * @param size bytes of a record; `bytes` holds one or more whole ones.
 * @throws the signal's reason when it ends the work.
 */
export async function recordTree(bytes: Uint8Array, size: number, signal?: AbortSignal): Promise<MerkleTree> {
  const rows = bytes.length / size;
  const steps = new Steps(signal);
  let level: Uint8Array = new Uint8Array(HASH * 2 ** Math.ceil(Math.log2(rows)));
  const leaf = new Uint8Array(1 + size);
  for (let row = 0; row < rows; row++) {
    leaf.set(bytes.subarray(row * size, (row + 1) * size), 1);
    level.set(keccak256(leaf), row * HASH);
    if (steps.isDue()) await steps.pause();
  }
  const levels = [level];
  const node = new Uint8Array(1 + 2 * HASH);
  node[0] = 1;
  while (level.length > HASH) {
    const above = new Uint8Array(level.length / 2);
    for (let at = 0; at < above.length; at += HASH) {
      node.set(level.subarray(2 * at, 2 * at + 2 * HASH), 1);
      above.set(keccak256(node), at);
      if (steps.isDue()) await steps.pause();
    }
    levels.push(above);
    level = above;
  }
  return { root: hexOfBytes(level), path: (row) => pathOf(levels, rows, row) };
}

/** @throws CodedError `MERKLE_INDEX` unless there is such a row. */
export function requireRow(row: number, rows: number): void {
  if (Number.isInteger(row) && row >= 0 && row < rows) return;
  throw aiError("MERKLE_INDEX", {
    message: `record ${row} is outside 0…${rows - 1}`,
    facts: { index: row, leaves: rows },
  });
}

function pathOf(levels: readonly Uint8Array[], rows: number, row: number): Hash[] {
  requireRow(row, rows);
  return levels.slice(0, -1).map((level, height) => {
    const at = ((row >> height) ^ 1) * HASH;
    return hexOfBytes(level.subarray(at, at + HASH));
  });
}

/** Counts hashes, so that other work of the process goes on in between and the signal is heard. */
class Steps {
  private readonly signal: AbortSignal | undefined;
  private readonly turns = new Turns();
  private done = 0;

  constructor(signal: AbortSignal | undefined) {
    this.signal = signal;
  }

  isDue(): boolean {
    return ++this.done % HASHES_A_LOOK === 0 && this.turns.isOver;
  }

  async pause(): Promise<void> {
    await this.turns.next();
    this.signal?.throwIfAborted();
  }
}
