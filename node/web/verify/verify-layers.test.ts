import { expect, test } from "vitest";
import { NO_CONTEXT } from "../../ai/context/rule.ts";
import { CheckList } from "../../ai/receipt/checks.ts";
import { checkLayers, type ShownLayers } from "./verify-layers.ts";

const context: NonNullable<ShownLayers["context"]> = {
  rule: "openledger/context/1",
  rows: [
    { rowId: 4, without: 700, gain: 16 },
    { rowId: 6, without: 130, gain: 8 },
  ],
  base: { none: 1000, all: 100 },
  model: { none: 400, all: 100 },
};
const shares = { partBps: 3333, contributionIds: [14n, 16n], weights: [9600n, 240n] };
const discount = { rule: "openledger/discount/1", answer: "Paris" } as const;
const claim = { context: shares, earnedBps: 910 };

async function checked(shown: ShownLayers): Promise<[string, boolean | undefined][]> {
  const list = new CheckList();
  await checkLayers(list, shown, (rowId) => BigInt(10 + rowId));
  return list.checks.map(({ name, ok }) => [name, ok]);
}

test("parts and weights of a claim follow from the losses that its receipt names", async () => {
  expect(await checked({ claim, context, discount })).toEqual([["rows in the prompt", true]]);
  expect(await checked({ claim: { context: NO_CONTEXT, earnedBps: 10_000 } })).toEqual([]);
});

test("a claim that gives more than follows, or for nothing that is named, fails", async () => {
  const lies: ShownLayers[] = [
    { claim: { ...claim, context: { ...shares, partBps: 3334 } }, context, discount },
    { claim: { ...claim, context: { ...shares, weights: [9600n, 241n] } }, context, discount },
    { claim: { ...claim, context: NO_CONTEXT }, context, discount },
    { claim, discount },
  ];
  for (const lie of lies) expect((await checked(lie))[0]).toEqual(["rows in the prompt", false]);
  expect((await checked({ claim, context })).at(-1)).toEqual(["earned part", false]);
});
