import { expect, test } from "vitest";
import type { ReadContribution } from "../../chain/rows.ts";
import { textWithSources } from "./sources-text.ts";

const found = {
  ...{ contributionId: 3n, contributor: "0xabc", datanet: "plants", licence: "CC-BY-4.0" },
  document: { rows: [{ prompt: "?", completion: 'It is a "willow".' }] },
} as unknown as ReadContribution;
const rows = [
  { contributionId: 3n, row: 0, weight: 30n },
  { contributionId: 5n, row: 7, weight: 10n },
  { contributionId: 5n, row: 8, weight: 0n },
];

test("an answer is copied with the rows that it is paid to, and its receipt", () => {
  const receipt = { requestId: 12n, chainId: 9545, transaction: "0xdef" };
  expect(textWithSources({ answer: " blue willow\n", receipt }, rows, new Map([[3n, found]]))).toBe(
    [
      "blue willow",
      "",
      "Sources, by estimated influence:",
      '1. "It is a \\"willow\\".", by 0xabc, plants (CC-BY-4.0), contribution 3, row 0: 75 %',
      "2. contribution 5, row 7: 25 %",
      "Receipt: request 12 of chain 9545, claimed in 0xdef",
      "",
    ].join("\n"),
  );
});

test("one that nobody was paid for says so", () => {
  const text = textWithSources({ answer: "x", receipt: undefined }, [], new Map());
  expect(text).toContain("No row stood out.\nAsked by a key: there is no receipt.");
});
