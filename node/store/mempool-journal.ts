import { BUCKET, bucketEnd, bucketKey, numberKey, numberOfKey } from "./keys.ts";
import type { KeyValueStore } from "./level.ts";

/** Accepted transactions that no block holds yet, in order of arrival. */
export interface MempoolJournal {
  /** Adds a raw transaction; it survives a power cut once this resolves. Gives its arrival number. */
  append(raw: Uint8Array): Promise<bigint>;
  remove(arrivals: readonly bigint[]): Promise<void>;
  entries(): AsyncIterableIterator<{ arrival: bigint; raw: Uint8Array }>;
}

/** The journal in `level`; arrival numbers go on after the highest one that is still there. */
export async function createMempoolJournal(level: KeyValueStore): Promise<MempoolJournal> {
  const from = bucketKey(BUCKET.mempool);
  const to = bucketEnd(BUCKET.mempool);
  const last = await level.entries(from, to, true).next();
  let next = last.done ? 0n : numberOfKey(last.value[0]) + 1n;
  return {
    async append(raw) {
      const arrival = next++;
      await level.write([{ key: numberKey(BUCKET.mempool, arrival), value: raw }], true);
      return arrival;
    },
    async remove(arrivals) {
      const writes = arrivals.map((arrival) => ({
        key: numberKey(BUCKET.mempool, arrival),
        value: undefined,
      }));
      if (writes.length > 0) await level.write(writes, false);
    },
    async *entries() {
      for await (const [key, raw] of level.entries(from, to)) yield { arrival: numberOfKey(key), raw };
    },
  };
}
