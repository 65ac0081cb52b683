import { encodeFunctionData } from "viem";
import { epochChallengesAbi as abi } from "../../chain/generated/abi.ts";
import type { Hash, Hex } from "../../chain/types/primitives.ts";
import {
  comparePayouts,
  type Epoch,
  type EpochInference,
  type EpochPayout,
  type EpochTerms,
  earnedOf,
  netOf,
  requestIdOf,
} from "./epoch.ts";
import { shownLeaf, shownNode, shownPayout } from "./shown.ts";

/** What is false in an epoch, as far as fees and payouts show it; see the contracts' IEpochChallenges. */
export type EpochFault =
  | { kind: "range"; at: number }
  | { kind: "leaf"; position: number }
  | { kind: "order"; at: number }
  | { kind: "payout"; at: number }
  | { kind: "missing"; position: number; contributionId: bigint; gap: number };

const BPS = 10_000;
/** keccak256 of nothing: no query has it. */
const EMPTY_QUERY = "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";

/**
 * Looks for what is false in an epoch whose leaves are known: payers, names, fees, sums of ranges, order and amounts of payouts.
 * Whether a list is true of its query is for the claims' own checks.
 * @param hasForm whether a claim's list and context have the form that they must have
 * @param largestNet what the closing says
 * @returns undefined where nothing is
 */
export function findEpochFault(
  epoch: Epoch,
  terms: EpochTerms,
  largestNet: bigint,
  hasForm: (inference: EpochInference) => boolean,
): EpochFault | undefined {
  return (
    falseLeaf(epoch, terms, largestNet, hasForm) ??
    falseRange(epoch) ??
    disorder(epoch) ??
    falsePayout(epoch, terms) ??
    missingPayout(epoch, terms)
  );
}

/**
 * The call to EpochChallenges that shows a fault.
 * @param salt a secret of the challenger
 * @param query of a false leaf, where the query has no form
 */
export function epochChallengeCall(epoch: Epoch, fault: EpochFault, salt: Hash, query: Hex = "0x"): Hex {
  const { epochId, ranges, payouts } = epoch;
  if (fault.kind === "range") {
    const start = ranges.slice(0, fault.at).reduce((sum, { count }) => sum + count, 0);
    const [first, last] = [start, start + ranges[fault.at]!.count - 1].map((at) => shownNode(epoch, at));
    const args = [epochId, ranges, BigInt(fault.at), first!, last!, salt] as const;
    return encodeFunctionData({ abi, functionName: "challengeRange", args });
  }
  if (fault.kind === "leaf") {
    const args = [epochId, shownLeaf(epoch, fault.position), ranges, query, salt] as const;
    return encodeFunctionData({ abi, functionName: "challengeLeaf", args });
  }
  if (fault.kind === "order") {
    const args = [epochId, shownPayout(epoch, fault.at), shownPayout(epoch, fault.at + 1), salt] as const;
    return encodeFunctionData({ abi, functionName: "challengeOrder", args });
  }
  if (fault.kind === "payout") {
    const { inference } = payouts[fault.at]!;
    // The contract looks at no inference where the epoch has none such.
    const shown = shownLeaf(epoch, inference < epoch.inferences.length ? inference : 0);
    const args = [epochId, shownPayout(epoch, fault.at), shown, salt] as const;
    return encodeFunctionData({ abi, functionName: "challengePayout", args });
  }
  const { position, contributionId, gap } = fault;
  const around = [shownPayout(epoch, gap - 1), shownPayout(epoch, gap)] as const;
  const args = [epochId, shownLeaf(epoch, position), contributionId, gap, ...around, salt] as const;
  return encodeFunctionData({ abi, functionName: "challengeMissing", args });
}

function falseLeaf(
  { epochId, inferences, ranges }: Epoch,
  terms: EpochTerms,
  largestNet: bigint,
  hasForm: (inference: EpochInference) => boolean,
): EpochFault | undefined {
  const payers = ranges.flatMap(({ payer, count }) => Array<string>(count).fill(payer.toLowerCase()));
  const position = inferences.findIndex((inference, i) => {
    const { payer, net, claim } = inference;
    const isRight =
      payer.toLowerCase() === payers[i] &&
      claim.requestId === requestIdOf(epochId, i) &&
      claim.modelId === terms.modelId &&
      claim.earnedBps <= BPS &&
      claim.queryHash !== EMPTY_QUERY &&
      net <= largestNet &&
      net === netOf(terms, claim);
    return !isRight || !hasForm(inference);
  });
  return position < 0 ? undefined : { kind: "leaf", position };
}

function falseRange({ inferences, ranges }: Epoch): EpochFault | undefined {
  let start = 0;
  for (const [at, { count, net }] of ranges.entries()) {
    const sum = inferences.slice(start, start + count).reduce((all, one) => all + one.net, 0n);
    if (sum !== net) return { kind: "range", at };
    start += count;
  }
  return undefined;
}

function disorder({ payouts }: Epoch): EpochFault | undefined {
  const later = payouts.findIndex((payout, i) => i > 0 && comparePayouts(payouts[i - 1]!, payout) >= 0);
  return later < 0 ? undefined : { kind: "order", at: later - 1 };
}

function falsePayout({ inferences, payouts }: Epoch, terms: EpochTerms): EpochFault | undefined {
  const at = payouts.findIndex(({ contributionId, inference, amount }) => {
    const one = inferences[inference];
    return one === undefined || (earnings(one, terms).get(contributionId) ?? 0n) !== amount;
  });
  return at < 0 ? undefined : { kind: "payout", at };
}

/** In payouts that are in order. */
function missingPayout({ inferences, payouts }: Epoch, terms: EpochTerms): EpochFault | undefined {
  const there = new Set(payouts.map(keyOf));
  for (const [position, one] of inferences.entries()) {
    for (const [contributionId, amount] of earnings(one, terms)) {
      const missing = { contributionId, inference: position };
      if (amount === 0n || there.has(keyOf(missing))) continue;
      const behind = payouts.findIndex((payout) => comparePayouts(payout, missing) > 0);
      return { kind: "missing", position, contributionId, gap: behind < 0 ? payouts.length : behind };
    }
  }
  return undefined;
}

function earnings(one: EpochInference, terms: EpochTerms): Map<bigint, bigint> {
  return new Map(earnedOf(terms, one).map(({ contributionId, amount }) => [contributionId, amount]));
}

const keyOf = ({ contributionId, inference }: Pick<EpochPayout, "contributionId" | "inference">): string =>
  `${contributionId} ${inference}`;
