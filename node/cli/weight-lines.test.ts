import { expect, test } from "vitest";
import { weightLines } from "./weight-lines.ts";

const list = { rowIds: [], scores: [], gains: [], floor: 0n, contributionIds: [7n, 3n], weights: [20n, 10n] };
const context = { partBps: 2_500, contributionIds: [3n, 9n], weights: [5n, 6n] };

test("each contribution is told with the weights by which it is paid", () => {
  const contributors = [7n, 3n, 9n].map((contributionId) => ({
    contributionId,
    contributor: "0xa" as const,
  }));
  const claim = { list, context } as unknown as Parameters<typeof weightLines>[0]["claim"];
  expect(weightLines({ claim, contributors })).toEqual([
    "  contribution 7 of 0xa  weight 20",
    "  contribution 3 of 0xa  weight 10, weight 5 of rows in the prompt",
    "  contribution 9 of 0xa  weight 6 of rows in the prompt",
  ]);
});
