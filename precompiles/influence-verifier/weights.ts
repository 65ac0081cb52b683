import type { Address } from "../../node/chain/types/primitives.ts";

export interface Weights {
  contributors: Address[];
  weights: bigint[];
}

/**
 * Sum of max(0, score - floor) per contributor, in the order of first earning row; who earns nothing is left out.
 * Per row, never max(0, sum): moving rows to another wallet changes nothing.
 */
export function sumWeights(
  contributors: readonly Address[],
  scores: readonly bigint[],
  floor: bigint,
): Weights {
  const sums = new Map<Address, bigint>();
  scores.forEach((score, i) => {
    if (score <= floor) return;
    const contributor = contributors[i]!;
    sums.set(contributor, (sums.get(contributor) ?? 0n) + score - floor);
  });
  return { contributors: [...sums.keys()], weights: [...sums.values()] };
}
