import { maxSequencerDrift } from "../../chain/rules/chain-spec.ts";
import type { L1Block } from "../../chain/types/l1.ts";
import type { L2BlockRef, RollupConfig } from "../../chain/types/rollup.ts";
import type { KnownOrigins } from "./origins.ts";

/** Which L1 block the next L2 block refers to. */
export type OriginChoice =
  /** `mayIncludePool` is false past the sequencer drift: then verifiers accept only an empty block. */
  | { kind: "origin"; origin: L1Block; mayIncludePool: boolean }
  | { kind: "wait"; reason: string }
  /** The parent's origin is not on L1 any more. */
  | { kind: "reorganised"; reason: string };

export interface OriginQuestion {
  parent: L2BlockRef;
  /** Around the parent's L1 origin. */
  known: KnownOrigins;
  rollup: RollupConfig;
}

/**
 * Takes the next L1 block as soon as it is known and not newer than the L2 block; else stays, also while L1 says nothing, until
 * the sequencer drift is spent. Source: op-node `origin_selector.go`.
 */
export function selectOrigin({ parent, known, rollup }: OriginQuestion): OriginChoice {
  const l2Time = parent.timestamp + rollup.blockTime;
  const { current, next, replaced } = known;
  if (replaced !== undefined) return { kind: "reorganised", reason: replaced };
  const { number } = parent.l1Origin;
  if (current === undefined) return { kind: "wait", reason: `L1 does not give block ${number}` };
  const origin = next !== undefined && l2Time >= next.timestamp ? next : current;
  // Of the chosen origin, also right after moving to it: L1 blocks may come faster than L2's, or after a long pause.
  const drift = maxSequencerDrift(rollup, origin.timestamp);
  const isPastDrift = l2Time > origin.timestamp + drift;
  if (isPastDrift && next === undefined) {
    return { kind: "wait", reason: `L2 time is more than ${drift} s ahead of L1 block ${number}` };
  }
  return { kind: "origin", origin, mayIncludePool: !isPastDrift };
}
