import { Turns } from "../../../base/turns.ts";
import type { BlockId, Hash } from "../../../chain/types/primitives.ts";
import type { ChainReader } from "../../types.ts";

/** Blocks back from a head that was left by a reorg; who has been away for longer starts anew. */
const MAX_BACK = 50_000;

/** The way from one head to the present one. */
export interface HeadPath {
  /** Blocks that are canonical no more, newest first. */
  removed: readonly Hash[];
  /** The last block that both heads have. */
  common: bigint;
  head: BlockId;
}

/** Follows the way from `head` to where the chain is now; undefined where that is too far. */
export async function pathFrom(chain: ChainReader, head: BlockId): Promise<HeadPath | undefined> {
  const removed: Hash[] = [];
  const turns = new Turns();
  let { hash, number } = head;
  while ((await chain.headerByNumber(number))?.hash !== hash) {
    const header = await chain.headerByHash(hash);
    if (header === undefined || number === 0n || removed.length >= MAX_BACK) return undefined;
    removed.push(hash);
    hash = header.parentHash;
    number--;
    if (turns.isOver) await turns.next();
  }
  return { removed, common: number, head: chain.head("unsafe") };
}
