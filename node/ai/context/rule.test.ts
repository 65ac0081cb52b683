import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CONTEXT_RULE,
  type ContextCredit,
  claimedContext,
  contextPart,
  countsOf,
  dropsOf,
  partsOf,
  sharesOf,
} from "./rule.ts";

const units = fc.nat(2 ** 45);
const losses = fc
  .record({
    rows: fc.array(fc.tuple(units, fc.nat(16)), { maxLength: 8 }),
    none: units,
    all: units,
    m0: units,
    m: units,
  })
  .map(
    ({ rows, none, all, m0, m }): ContextCredit => ({
      rule: CONTEXT_RULE,
      rows: rows.map(([without, gain], rowId) => ({ rowId, without, gain })),
      base: { none, all },
      model: { none: m0, all: m },
    }),
  );
const made = (without: readonly number[], [none, all]: [number, number], [m0, m]: [number, number]) => ({
  rule: CONTEXT_RULE,
  rows: without.map((loss, rowId) => ({ rowId, without: loss, gain: 16 })),
  base: { none, all },
  model: { none: m0, all: m },
});

describe("what base, training and context added", () => {
  it("adds up to log p exactly", () => {
    fc.assert(
      fc.property(losses, (given) => {
        const { total, base, training, context } = partsOf(given);
        expect(base + training + context).toBe(total);
        expect(total).toBe(0 - given.model.all);
      }),
    );
  });

  it("gives shares that lose at most a part each, none to a row that has no drop or says nothing of the answer", () => {
    fc.assert(
      fc.property(losses, (given) => {
        const shares = sharesOf(given);
        const drops = dropsOf(given).map((drop, i) => Math.max(drop, 0) * given.rows[i]!.gain);
        const sum = shares.reduce((all, share) => all + share, 0);
        const some = drops.filter((drop) => drop > 0).length;
        expect(sum).toBeLessThanOrEqual(10_000);
        if (some > 0) expect(sum).toBeGreaterThan(10_000 - some);
        else expect(sum).toBe(0);
        for (const [i, drop] of drops.entries()) if (drop <= 0) expect(shares[i]).toBe(0);
        for (const [i, a] of drops.entries())
          for (const [j, b] of drops.entries())
            if (a > b) expect(shares[i]).toBeGreaterThanOrEqual(shares[j]!);
      }),
    );
  });

  it("gives the context a part from 0 to all, and more for more gain", () => {
    fc.assert(
      fc.property(losses, units, (given, more) => {
        const part = contextPart(given);
        expect(part).toBeGreaterThanOrEqual(0);
        expect(part).toBeLessThanOrEqual(10_000);
        const better = { ...given, model: { ...given.model, all: Math.max(0, given.model.all - more) } };
        expect(contextPart(better)).toBeGreaterThanOrEqual(part);
      }),
    );
  });

  it("is by hand", () => {
    const given = made([700, 130, 90], [1000, 100], [400, 100]);
    expect(partsOf(given)).toEqual({ total: -100, base: -1000, training: 600, context: 300 });
    expect(dropsOf(given)).toEqual([600, 30, -10]);
    expect(sharesOf(given)).toEqual([9523, 476, 0]);
    expect(contextPart(given)).toBe(3333);
    expect(contextPart(made([700], [1000, 100], [1200, 100]))).toBe(10_000);
    expect(contextPart(made([700], [1000, 100], [400, 500]))).toBe(0);
    expect(contextPart(made([90], [1000, 100], [400, 100]))).toBe(0);
    expect(contextPart(made([], [1000, 1000], [400, 400]))).toBe(0);
    const [first, ...others] = given.rows;
    const silent = { ...given, rows: [{ ...first!, gain: 0 }, ...others] };
    expect(sharesOf(silent)).toEqual([0, 10_000, 0]);
    expect(contextPart({ ...given, rows: given.rows.map((row) => ({ ...row, gain: 0 })) })).toBe(0);
  });

  it("is claimed by contribution, ascending, and not at all where nobody has a part", () => {
    const given = { ...made([700, 130, 90, 200], [1000, 100], [400, 100]), rule: CONTEXT_RULE };
    const of = [9n, 4n, 4n, 9n];
    expect(claimedContext(given as ContextCredit, (rowId) => of[rowId]!)).toEqual({
      partBps: 3333,
      contributionIds: [4n, 9n],
      weights: [30n * 16n, 700n * 16n],
    });
    fc.assert(
      fc.property(losses, fc.array(fc.bigInt(1n, 5n), { minLength: 8, maxLength: 8 }), (credit, ids) => {
        const { partBps, contributionIds, weights } = claimedContext(credit, (rowId) => ids[rowId]!);
        expect(partBps).toBe(contextPart(credit));
        expect(contributionIds.length > 0).toBe(partBps > 0);
        expect(contributionIds.every((id, i) => i === 0 || contributionIds[i - 1]! < id)).toBe(true);
        expect(weights.every((weight) => weight > 0n && weight < 1n << 64n)).toBe(true);
        const sum = countsOf(credit).reduce((all, count) => all + count, 0n);
        expect(weights.reduce((all, weight) => all + weight, 0n)).toBe(partBps > 0 ? sum : 0n);
      }),
    );
  });
});
