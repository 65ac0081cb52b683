import type { InfluenceList } from "../../../precompiles/influence-verifier/types.ts";

/** Whom a rule pays for an answer. */
export interface Pay {
  /** Contributor with the largest weight; undefined when nobody or two lead. */
  first: string | undefined;
  /** Share of the weights of each contributor that has any. */
  shares: ReadonlyMap<string, number>;
}

/** Whom a list pays. @param nameOf contributor of a contribution. */
export function payOfList(
  { contributionIds, weights }: Pick<InfluenceList, "contributionIds" | "weights">,
  nameOf: (contributionId: bigint) => string,
): Pay {
  const sums = new Map<string, bigint>();
  for (const [i, weight] of weights.entries()) {
    const name = nameOf(contributionIds[i]!);
    sums.set(name, (sums.get(name) ?? 0n) + weight);
  }
  const total = Number([...sums.values()].reduce((sum, weight) => sum + weight, 0n));
  const [first, second] = [...sums].toSorted(([, a], [, b]) => (b > a ? 1 : -1));
  return {
    first: first !== undefined && first[1] > 0n && first[1] !== second?.[1] ? first[0] : undefined,
    shares: new Map([...sums].map(([name, weight]) => [name, total === 0 ? 0 : Number(weight) / total])),
  };
}
