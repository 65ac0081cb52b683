import { expect, test } from "vitest";
import { discountSaid } from "./discount-said.tsx";

test("what the base model would have answered by itself is told in words", () => {
  expect(discountSaid(10_000)).toContain("training earned all");
  expect(discountSaid(0)).toContain("training earned nothing");
  expect(discountSaid(1234)).toContain(
    "12.3 % of answers like this one would not be given without training.",
  );
});
