import type { PrepaidAnswer } from "../ai/epoch/prepaid.ts";

/** Who is paid for an answer, by the weights of the rows that made it: by training, and in the prompt. */
export function weightLines({
  claim,
  contributors,
}: Pick<PrepaidAnswer, "claim" | "contributors">): string[] {
  const { list, context } = claim;
  const [taught, shown] = [list, context].map(
    ({ contributionIds, weights }) => new Map(contributionIds.map((id, i) => [id, weights[i]!])),
  ) as [Map<bigint, bigint>, Map<bigint, bigint>];
  return contributors.map(({ contributionId: id, contributor }) => {
    const weights = [
      ...(taught.has(id) ? [`weight ${taught.get(id)}`] : []),
      ...(shown.has(id) ? [`weight ${shown.get(id)} of rows in the prompt`] : []),
    ];
    return `  contribution ${id} of ${contributor}  ${weights.join(", ")}`;
  });
}
