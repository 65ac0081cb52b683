import type { Address, Hash } from "../../chain/types/primitives.ts";
import { type Claim, claimTuple } from "../client/claims.ts";
import type { Epoch, EpochTerms } from "./epoch.ts";
import type { SumNode } from "./sum-tree.ts";

/** What the contracts take of an epoch: structs of the same names. */

export interface Closing {
  modelId: bigint;
  number: bigint;
  count: number;
  payoutCount: number;
  net: bigint;
  payoutSum: bigint;
  largestNet: bigint;
  rateIn: bigint;
  rateOut: bigint;
  root: Hash;
  payoutRoot: Hash;
  contents: Hash;
}

export interface ShownLeaf {
  position: number;
  net: bigint;
  payer: Address;
  claim: Claim;
  path: SumNode[];
}

export interface ShownPayout {
  position: number;
  contributionId: bigint;
  inference: number;
  amount: bigint;
  path: SumNode[];
}

export interface ShownNode {
  position: number;
  leaf: SumNode;
  path: SumNode[];
}

/** Where a call needs no payout. */
const NO_PAYOUT: ShownPayout = { position: 0, contributionId: 0n, inference: 0, amount: 0n, path: [] };

/**
 * @param terms by which the epoch was composed
 * @param contents content id of the leaves' file
 */
export function closingOf(
  epoch: Epoch,
  { modelId, rateIn, rateOut }: Pick<EpochTerms, "modelId" | "rateIn" | "rateOut">,
  contents: Hash,
): Closing {
  const { number, inferences, payouts, inferenceTree, payoutTree, largestNet } = epoch;
  return {
    modelId,
    number,
    count: inferences.length,
    payoutCount: payouts.length,
    net: inferenceTree.root.sum,
    payoutSum: payoutTree.root.sum,
    ...{ largestNet, rateIn, rateOut },
    root: inferenceTree.root.hash,
    payoutRoot: payoutTree.root.hash,
    contents,
  };
}

/** An inference with its path. @throws CodedError `MERKLE_INDEX` for a position that the epoch has not */
export function shownLeaf({ inferences, inferenceTree }: Epoch, position: number): ShownLeaf {
  const path = inferenceTree.path(position);
  const { net, payer, claim } = inferences[position]!;
  return { position, net, payer, claim: claimTuple(claim), path };
}

/** A payout with its path; one that says nothing for a position before or behind all. */
export function shownPayout({ payouts, payoutTree }: Epoch, position: number): ShownPayout {
  const payout = payouts[position];
  return payout === undefined ? NO_PAYOUT : { ...payout, position, path: payoutTree.path(position) };
}

/** An inference's leaf by its hash, with its path. */
export function shownNode({ inferenceTree }: Epoch, position: number): ShownNode {
  const path = inferenceTree.path(position);
  return { position, leaf: inferenceTree.nodeAt(0, position), path };
}

/**
 * What draws all of a contribution that is not drawn: the payout before its first, its first and its last; undefined if it has none.
 * @param drawnTo leaves up to this position are drawn; 0 if none of the contribution's is
 */
export function drawOf(
  epoch: Epoch,
  contributionId: bigint,
  drawnTo = 0,
): [before: ShownPayout, first: ShownPayout, last: ShownPayout] | undefined {
  const isIts = (payout: { contributionId: bigint }) => payout.contributionId === contributionId;
  const first = epoch.payouts.findIndex((payout, i) => i >= drawnTo && isIts(payout));
  if (first < 0) return undefined;
  const last = epoch.payouts.findLastIndex(isIts);
  return [shownPayout(epoch, first - 1), shownPayout(epoch, first), shownPayout(epoch, last)];
}
