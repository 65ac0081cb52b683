import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import type { ContextCredit } from "../../../ai/context/rule.ts";
import { formatNats, Parts, paidSaid } from "./context-layer.tsx";

const UNIT = 2 ** 20;

test("an answer's log p is shown with the three parts that it is the sum of", () => {
  const context: ContextCredit = {
    rule: "openledger/context/1",
    rows: [{ rowId: 3, without: 9 * UNIT, gain: 16 }],
    base: { none: 40.5 * UNIT, all: 4 * UNIT },
    model: { none: 12.25 * UNIT, all: 13 * UNIT },
  };
  const text = renderToStaticMarkup(<Parts context={context} />)
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ");
  expect(text.trim()).toBe(
    "The answer&#x27;s log p −13.00 nats What the base model knew −40.50 nats What training added 28.25 nats What the rows in the prompt added −0.75 nats",
  );
});

test("what rows in the prompt have of the pay is said, and that they have none", () => {
  expect(paidSaid(1234)).toBe(
    "12.3 % of what contributors earn by this answer goes to those of these rows, the rest by influence.",
  );
  expect(paidSaid(0)).toContain("no part");
});

test("less than a hundredth of a nat has no sign", () => {
  expect([0, -1, 1, -0.5 * UNIT].map(formatNats)).toEqual(["0.00", "0.00", "0.00", "−0.50"]);
});
