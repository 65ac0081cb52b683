import type { MempoolJournal } from "../../node/store/mempool-journal.ts";

/** A mempool's journal without a disk. */
export interface MemoryJournal extends MempoolJournal {
  raws: Map<number, Uint8Array>;
}

export function memoryJournal(): MemoryJournal {
  const raws = new Map<number, Uint8Array>();
  let next = 0;
  const add = (added: readonly Uint8Array[]) =>
    added.map((raw) => {
      raws.set(next, raw);
      return next++;
    });
  return {
    raws,
    append: add,
    async remove(arrivals) {
      for (const arrival of arrivals) raws.delete(arrival);
    },
    async sync() {},
    close() {},
    *entries() {
      for (const [arrival, raw] of raws) yield { arrival, raw };
    },
  };
}
