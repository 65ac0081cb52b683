import { expect, it } from "vitest";
import { wordsOfRevert } from "./reverts.ts";

it("says amounts in OPEN and times as dates", () => {
  expect(wordsOfRevert("BondMismatch", [5n * 10n ** 17n, 10n ** 18n])?.message).toBe(
    "the bond is 1 OPEN, not 0.5 OPEN",
  );
  expect(wordsOfRevert("TooEarly", [86_400n])?.message).toContain("1970-01-02T00:00:00");
});

it("leaves what it does not know to the error's name", () => {
  expect(wordsOfRevert("WrongForkOrder", [])).toBeUndefined();
});
