import { expect, test } from "vitest";
import { discountSaid } from "./discount-said.tsx";

test("what training earned beside the base model's own answer is told in words", () => {
  expect(discountSaid(10_000)).toContain("training earned all");
  expect(discountSaid(0)).toContain("training earned nothing");
  expect(discountSaid(1234)).toContain("Training earned 12.3 %, which is divided here");
});
