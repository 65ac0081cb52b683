import { describe, expect, it } from "vitest";
import { natUnits } from "./nats.ts";

describe("nats in whole units", () => {
  it("are rounded to the nearest, ties to even", () => {
    const unit = 2 ** -20;
    const of = [0, 0.5, 0.75, 1.5, 2.5, 2.5000001, 3.5].map((units) => natUnits(units * unit));
    expect(of).toEqual([0, 0, 1, 2, 2, 3, 4]);
    expect(natUnits(-1e-7)).toBe(0);
    expect(natUnits(12.25)).toBe(12.25 * 2 ** 20);
    expect(natUnits(4e9)).toBe(4e9 * 2 ** 20);
  });
});
