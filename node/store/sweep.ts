import type { Mutex } from "../base/mutex.ts";
import { BUCKET, bucketEnd, bucketKey } from "./keys.ts";
import type { KeyValueStore } from "./level.ts";
import type { StateWrite } from "./types.ts";

/** Which state entries stay. Keys are those of trie nodes and code. */
export interface SweepPlan {
  /** The oldest block whose state stays: from before the first deletion on, older states count as gone. */
  oldest: bigint;
  /** Finds out what stays. Called when no commit is under way; whatever is committed later goes to `keep`. */
  mark(): Promise<void>;
  keep(key: Uint8Array): void;
  isKept(key: Uint8Array): boolean;
  signal?: AbortSignal;
  /** Called now and then with the share of the entries that were looked at, 0 … 1. */
  progress?(share: number): void;
}

/** Entries, and bytes of keys and values. */
export interface SweepResult {
  kept: number;
  deleted: number;
  deletedBytes: number;
}

export interface Sweeper {
  oldest(): bigint;
  /** States of blocks before this number count as gone from now on. */
  setOldest(number: bigint): Promise<void>;
  /** Tells a running sweep what a commit is about to write. */
  wrote(writes: readonly StateWrite[]): void;
  /** @throws the reason of an abort; what was deleted until then was needed by no kept state. */
  sweep(plan: SweepPlan): Promise<SweepResult>;
}

/** Entries that one step looks at: a commit waits for no more than that. */
const STEP = 1_000;
const HISTORY_KEY = bucketKey(BUCKET.history);

/** `writing`: what commits hold while they write. */
export function createSweeper(level: KeyValueStore, writing: Mutex): Sweeper {
  const record = level.get(HISTORY_KEY);
  let oldest = record === undefined ? 0n : new DataView(record.buffer, record.byteOffset).getBigUint64(0);
  let running: SweepPlan | undefined;

  const setOldest = async (number: bigint) => {
    if (number <= oldest) return;
    const value = new Uint8Array(8);
    new DataView(value.buffer).setBigUint64(0, number);
    await level.write([{ key: HISTORY_KEY, value }], true);
    oldest = number;
  };
  const deleteAll = (keys: readonly Uint8Array[], { isKept }: SweepPlan) =>
    writing.run(async () => {
      // Again: a commit may have brought one of them back since.
      const gone = keys.filter((key) => !isKept(key.subarray(1)));
      await level.write(
        gone.map((key) => ({ key, value: undefined })),
        false,
      );
      return gone.length;
    });

  return {
    oldest: () => oldest,
    setOldest,
    wrote(writes) {
      if (running === undefined) return;
      for (const { key } of writes) running.keep(key);
    },
    async sweep(plan) {
      if (running !== undefined) throw new Error("the state is being swept already");
      await writing.run(async () => {
        running = plan;
      });
      try {
        await plan.mark();
        await setOldest(plan.oldest);
        return await sweepAll(level, plan, deleteAll);
      } finally {
        running = undefined;
      }
    },
  };
}

async function sweepAll(
  level: KeyValueStore,
  plan: SweepPlan,
  deleteAll: (keys: readonly Uint8Array[], plan: SweepPlan) => Promise<number>,
): Promise<SweepResult> {
  const [from, to] = [bucketKey(BUCKET.state), bucketEnd(BUCKET.state)];
  const result: SweepResult = { kept: 0, deleted: 0, deletedBytes: 0 };
  let step: Uint8Array[] = [];
  let seen = 0;
  const finish = async () => {
    plan.signal?.throwIfAborted();
    if (step.length > 0) result.deleted += await deleteAll(step, plan);
    step = [];
  };
  for await (const [key, value] of level.entries(from, to)) {
    if (plan.isKept(key.subarray(1))) result.kept++;
    else {
      step.push(key.slice());
      result.deletedBytes += key.length + value.length;
    }
    if (++seen % STEP !== 0) continue;
    await finish();
    // Keys are hashes: their first two bytes tell how far it is.
    plan.progress?.((key[1]! * 256 + key[2]!) / 65_536);
  }
  await finish();
  await level.compact(from, to);
  return result;
}
