import { maxSequencerDrift } from "../../chain/rules/chain-spec.ts";
import type { L1Block } from "../../chain/types/l1.ts";
import type { L2BlockRef, RollupConfig } from "../../chain/types/rollup.ts";
import type { L1Reader } from "../l1/reader.ts";

/** Which L1 block the next L2 block refers to. */
export type OriginChoice =
  /** `mayIncludePool` is false past the sequencer drift: then verifiers accept only an empty block. */
  | { kind: "origin"; origin: L1Block; mayIncludePool: boolean }
  | { kind: "wait"; reason: string }
  /** The parent's origin is not on L1 any more. */
  | { kind: "reorganised"; reason: string };

export interface OriginQuestion {
  parent: L2BlockRef;
  l1: Pick<L1Reader, "blockByNumber">;
  /** Number of L1's head. */
  l1Head: bigint;
  /** L1 blocks that must lie above a new origin. */
  confirmations: bigint;
  rollup: RollupConfig;
}

/**
 * Takes the next L1 block as soon as it is known and not newer than the L2 block; else stays. Source: op-node
 * `origin_selector.go`. Errors: those of reading L1.
 */
export async function selectOrigin(question: OriginQuestion): Promise<OriginChoice> {
  const { parent, l1, rollup } = question;
  const l2Time = parent.timestamp + rollup.blockTime;
  const { number, hash } = parent.l1Origin;
  const current = await l1.blockByNumber(number);
  if (current === undefined) return { kind: "wait", reason: `L1 does not have block ${number}` };
  if (current.hash !== hash)
    return { kind: "reorganised", reason: `L1 block ${number} is not ${hash} any more` };

  const isConfirmed = number + 1n + question.confirmations <= question.l1Head;
  const next = isConfirmed ? await l1.blockByNumber(number + 1n) : undefined;
  if (next !== undefined && next.parentHash !== hash) {
    return { kind: "reorganised", reason: `L1 block ${next.number} does not follow ${hash}` };
  }
  const origin = next !== undefined && l2Time >= next.timestamp ? next : current;
  // Of the chosen origin, also right after moving to it: L1 blocks may come faster than L2's, or after a long pause.
  const drift = maxSequencerDrift(rollup, origin.timestamp);
  const isPastDrift = l2Time > origin.timestamp + drift;
  if (isPastDrift && next === undefined) {
    return { kind: "wait", reason: `L2 time is more than ${drift} s ahead of L1 block ${number}` };
  }
  return { kind: "origin", origin, mayIncludePool: !isPastDrift };
}
