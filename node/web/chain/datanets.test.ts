import { expect, test } from "vitest";
import type { AcceptedContribution } from "../../ai/train/snapshot.ts";
import { changesBetween } from "./datanets.ts";

const of = (...ids: bigint[]) => ids.map((contributionId) => ({ contributionId }) as AcceptedContribution);
const skipping = (list: AcceptedContribution[], id: bigint) =>
  list.map((one) => (one.contributionId === id ? { ...one, skipped: true as const } : one));
const ids = (list: readonly AcceptedContribution[]) => list.map(({ contributionId }) => contributionId);

test("two snapshots differ in what was accepted and what was taken out between them", () => {
  const { added, out } = changesBetween(of(1n, 2n), skipping(of(1n, 2n, 3n), 2n));
  expect([ids(added), ids(out)]).toEqual([[3n], [2n]]);
  // The other way round, and from nothing.
  const back = changesBetween(skipping(of(1n, 2n, 3n), 2n), of(1n, 2n));
  expect([ids(back.added), ids(back.out)]).toEqual([[2n], [3n]]);
  expect(ids(changesBetween([], skipping(of(1n, 2n), 1n)).added)).toEqual([2n]);
  // What both skip is no difference.
  const same = changesBetween(skipping(of(1n, 2n), 1n), skipping(of(1n, 2n), 1n));
  expect([same.added, same.out]).toEqual([[], []]);
});
