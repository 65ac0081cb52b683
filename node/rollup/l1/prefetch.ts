import type { L1Block } from "../../chain/types/l1.ts";
import type { L1Reader } from "./reader.ts";

/** Blocks that are fetched ahead of the one that is read. */
const AHEAD = 12n;

/** Reads L1 block by block, with the next ones on their way. */
export interface L1Prefetcher {
  /** The block of that number, which L1's head has reached. Errors: those of reading L1. */
  block(number: bigint, head: bigint): Promise<L1Block | undefined>;
  /** Forgets what was fetched: L1 may have been reorganised. */
  clear(): void;
}

/** At most `ahead` blocks are kept beside the one that is asked for. */
export function createPrefetcher(l1: Pick<L1Reader, "blockByNumber">, ahead = AHEAD): L1Prefetcher {
  let fetched = new Map<bigint, Promise<L1Block | undefined>>();
  const start = (number: bigint) => {
    const own = fetched;
    const answer = l1.blockByNumber(number);
    own.set(number, answer);
    const forget = () => {
      if (own.get(number) === answer) own.delete(number);
    };
    // Whoever asks for it meets the failure; until then it is nobody's.
    answer.then((block) => block === undefined && forget(), forget);
  };
  return {
    block(number, head) {
      for (const kept of fetched.keys()) if (kept < number || kept > number + ahead) fetched.delete(kept);
      for (let next = number; next <= number + ahead && next <= head; next++) {
        if (!fetched.has(next)) start(next);
      }
      const asked = fetched.get(number) ?? l1.blockByNumber(number);
      fetched.delete(number);
      return asked;
    },
    clear() {
      fetched = new Map();
    },
  };
}
