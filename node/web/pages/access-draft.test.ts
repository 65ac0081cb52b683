import { expect, test } from "vitest";
import { type AccessDraft, accessProblems, termsOf } from "./access-draft.ts";

const DRAFT: AccessDraft = {
  perSnapshot: "20",
  perRow: "0.1",
  curation: "25.5",
  royalty: "0.29",
  licence: "LicenseRef-notes",
  closed: false,
};

test("a draft's numbers are the contract's, to the last digit", () => {
  expect(accessProblems(DRAFT)).toEqual({});
  expect(termsOf(DRAFT)).toEqual({
    perSnapshot: 20n * 10n ** 18n,
    perRow: 10n ** 17n,
    curationBps: 2_550,
    royaltyBps: 29,
    closed: false,
  });
});

test("what the contract would refuse is said beside its field", () => {
  const wrong: AccessDraft = {
    ...{ perSnapshot: "-1", perRow: "much", curation: "50.01", royalty: "10.001" },
    ...{ licence: "ä".repeat(513), closed: true },
  };
  expect(Object.keys(accessProblems(wrong))).toEqual([
    ...["perSnapshot", "perRow", "curation", "royalty", "licence"],
  ]);
  expect(accessProblems({ ...DRAFT, curation: "50", royalty: "10", licence: "" })).toEqual({});
});
