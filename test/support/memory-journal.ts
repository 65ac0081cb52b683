import type { MempoolJournal } from "../../node/store/mempool-journal.ts";

/** A mempool's journal without a disk. */
export interface MemoryJournal extends MempoolJournal {
  raws: Map<bigint, Uint8Array>;
}

export function memoryJournal(): MemoryJournal {
  const raws = new Map<bigint, Uint8Array>();
  let next = 0n;
  return {
    raws,
    append(added) {
      const first = next;
      for (const raw of added) raws.set(next++, raw);
      return { first, done: Promise.resolve() };
    },
    reserve(added) {
      const first = next;
      next += BigInt(added.length);
      for (const [index, raw] of added.entries()) raws.set(first + BigInt(index), raw);
      return { first, writes: [] };
    },
    async remove(arrivals) {
      for (const arrival of arrivals) raws.delete(arrival);
    },
    async *entries() {
      for (const [arrival, raw] of raws) yield { arrival, raw };
    },
  };
}
