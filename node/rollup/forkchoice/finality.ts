import type { L1BlockRef } from "../../chain/types/l1.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import type { ChainStore } from "../../store/chain-store.ts";
import type { SafeHeadEntry } from "../../store/types.ts";
import type { L1Reader } from "../l1/reader.ts";
import type { DerivationDriver } from "./derivation-driver.ts";
import type { Engine } from "./engine.ts";

export interface FinalityOptions {
  engine: Pick<Engine, "finalize">;
  driver: Pick<DerivationDriver, "isReady">;
  store: Pick<ChainStore, "safeHeads">;
  l1: Pick<L1Reader, "refByNumber">;
}

export interface Finality {
  /** L1 says that this block is final. Errors: those of reading L1; it is enough to try again with the next block. */
  follow(finalized: L1BlockRef): Promise<void>;
}

/**
 * Makes the L2 blocks final that came from finalized L1 blocks. Nothing is believed that L1 does not repeat by number: neither
 * the signal nor the L1 block that the safe head was recorded for, since either may be of a dead fork. Source: op-node
 * `tryFinalize`.
 */
export function createFinality({ engine, driver, store, l1 }: FinalityOptions): Finality {
  let done: Hash | undefined;
  let isBusy = false;
  const isCanonical = async ({ hash, number }: SafeHeadEntry["l1"]) =>
    (await l1.refByNumber(number))?.hash === hash;
  const step = async (finalized: L1BlockRef) => {
    const record = await newestRecord(store, finalized.number);
    if (record === undefined || record.l1.hash === done) return;
    if (!(await isCanonical(finalized)) || !(await isCanonical(record.l1))) return;
    if (driver.isReady() && (await engine.finalize(record))) done = record.l1.hash;
  };
  return {
    async follow(finalized) {
      if (isBusy || !driver.isReady()) return;
      isBusy = true;
      try {
        await step(finalized);
      } finally {
        isBusy = false;
      }
    },
  };
}

async function newestRecord(
  store: FinalityOptions["store"],
  l1Number: bigint,
): Promise<SafeHeadEntry | undefined> {
  for await (const record of store.safeHeads(l1Number)) return record;
  return undefined;
}
