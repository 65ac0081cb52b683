import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  type FactoredBasis,
  type FactoredTerms,
  factoredSizes,
  fitFactored,
  sketchFactored,
} from "./factored.ts";
import { backends, Session } from "./index.ts";
import { fitBasis } from "./influence.ts";
import { CONFIG, subject } from "./influence-testing.ts";

const TERMS: FactoredTerms = { damping: 0.1, axes: 8, dimension: 64, unit: true };
/** More directions than the twenty rows span in the 28 tensors. */
const WHOLE: FactoredTerms = { ...TERMS, dimension: 576, unit: false };

async function everything(session: Session, terms = TERMS) {
  const { tensors, rank, ...request } = subject();
  const { basis } = await fitFactored(session, { ...request, ...terms }).wait();
  return { basis, coordinates: await sketchFactored(session, { ...request, basis, terms }).wait() };
}

function digest({ basis, coordinates }: { basis: FactoredBasis; coordinates: Float32Array }): string {
  const hash = createHash("sha256");
  for (const array of [basis.counts, basis.exponents, basis.mantissas, coordinates]) {
    hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  return hash.digest("hex");
}

const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
const squares = (values: Float32Array) => dot(values, values);

/** Of rows of k numbers, each one's dot products with all. */
function products(coordinates: Float32Array, k: number): number[][] {
  const rows = Array.from({ length: coordinates.length / k }, (_, i) =>
    coordinates.subarray(i * k, (i + 1) * k),
  );
  return rows.map((x) => rows.map((y) => dot(x, y)));
}

/** The same by EK-FAC's own dense basis, which holds all that the rows span. */
async function denseProducts(session: Session, of: ReturnType<typeof subject>): Promise<number[][]> {
  const { tensors, rank, ...request } = of;
  const fitting = { ...request, damping: 0.1, dimension: 64, sketches: true };
  return products((await fitBasis(session, fitting).wait()).coordinates!, 64);
}

/** How far two tables of products are from one another, as a part of the largest. */
function distance(a: number[][], b: number[][]): number {
  const largest = Math.max(...b.flat().map(Math.abs));
  return Math.max(...a.flatMap((row, i) => row.map((value, j) => Math.abs(value - b[i]![j]!)))) / largest;
}

describe("a factored sketch", () => {
  const { isas } = backends();

  it(`has the same bytes on ${isas.join(", ")}, 1 and 3 threads, small and large micro-batches`, async () => {
    const reference = digest(await everything(new Session({ isa: "scalar", threads: 1 })));
    for (const isa of isas) {
      for (const options of [{ threads: 1 }, { threads: 3, microbatchTokens: 24 }]) {
        expect(digest(await everything(new Session({ isa, ...options })))).toBe(reference);
      }
    }
  });

  it("has EK-FAC's dot products where every axis is whitened by itself and all rows give directions", async () => {
    const session = new Session();
    const { coordinates } = await everything(session, { ...WHOLE, axes: 4096 });
    const found = products(coordinates, WHOLE.dimension);
    expect(distance(found, await denseProducts(session, subject()))).toBeLessThan(1e-3);
  });

  it("weighs every axis alike, and what the axes leave out by what it has", async () => {
    const session = new Session();
    // With next to no damping each coordinate's mean square is 1, so their sum is how many there are, whatever is taken as one.
    const sums: number[] = [];
    for (const axes of [1, 2, 8, 4096]) {
      const { coordinates } = await everything(session, { ...WHOLE, axes, damping: 1e-7 });
      sums.push(squares(coordinates));
    }
    for (const sum of sums) expect(sum / sums.at(-1)!).toBeCloseTo(1, 1);
  });

  it("has unit rows where asked for", async () => {
    const { coordinates } = await everything(new Session(), { ...WHOLE, unit: true });
    const found = products(coordinates, WHOLE.dimension);
    for (const [i, row] of found.entries()) expect(row[i]).toBeCloseTo(1, 4);
  });

  it("takes the longest directions where there are more than k", async () => {
    const session = new Session();
    const lengths: number[] = [];
    for (const dimension of [64, 128, 256, 576]) {
      const { basis, coordinates } = await everything(session, { ...WHOLE, dimension });
      const directions = basis.counts.reduce((sum, count) => sum + count, 0);
      expect(directions).toBe(basis.exponents.length);
      expect(directions).toBeLessThanOrEqual(dimension);
      lengths.push(squares(coordinates));
    }
    const parts = lengths.map((length) => length / lengths.at(-1)!);
    expect(parts).toEqual([...parts].sort((a, b) => a - b));
    // A ninth of the directions holds far more than a ninth.
    expect(parts[0]).toBeGreaterThan(0.2);
  });

  it("is never larger than its sizes say", async () => {
    const { tensors } = subject();
    for (const terms of [TERMS, WHOLE]) {
      const { basis } = await everything(new Session(), terms);
      const { mantissas, exponents } = factoredSizes(tensors, terms.dimension);
      expect(basis.mantissas.length).toBeLessThanOrEqual(mantissas);
      expect(basis.exponents.length).toBeLessThanOrEqual(exponents);
    }
  });

  it("sketches an example alone as it does among others", async () => {
    const session = new Session();
    const { basis, coordinates } = await everything(session);
    const { model, adapter, examples } = subject();
    const one = { model, adapter, basis, terms: TERMS, examples: [examples[5]!] };
    expect(await sketchFactored(session, one).wait()).toEqual(coordinates.slice(5 * 64, 6 * 64));
  });

  it("comes with the fit as it comes later, however many gradients are kept between the passes", async () => {
    const session = new Session({ microbatchTokens: 24 });
    const { tensors, rank, ...request } = subject();
    const reference = digest(await everything(session));
    const row = 4 * tensors.reduce((sum, { count }) => sum + count, 0);
    // None, part of a row, seven of twenty, one less than all, all.
    for (const mostKept of [0, row - 1, 7 * row, 19 * row, 20 * row, undefined]) {
      const fitting = { ...request, ...TERMS, sketches: true, mostKept };
      const { basis, coordinates } = await fitFactored(session, fitting).wait();
      expect(digest({ basis, coordinates: coordinates! })).toBe(reference);
    }
    const { coordinates } = await fitFactored(session, { ...request, ...TERMS }).wait();
    expect(coordinates).toBeUndefined();
  });

  it("finds the leading axes of a side above 1,024 by iteration", { timeout: 120_000 }, async () => {
    const wide = { ...CONFIG, layers: 1, intermediateSize: 1040 };
    // At most 30 tokens: so many axes hold every gradient, but for what sums in fp32 lose.
    const of = subject(wide, ["down_proj"], 5, 7);
    const { tensors, rank, ...request } = of;
    const session = new Session();
    const terms = { ...WHOLE, axes: 32, dimension: 64 };
    const { coordinates } = await fitFactored(session, { ...request, ...terms, sketches: true }).wait();
    expect(distance(products(coordinates!, 64), await denseProducts(session, of))).toBeLessThan(1e-2);
  });

  it("refuses a basis of another adapter, wrong numbers and no damping", async () => {
    const session = new Session();
    const { basis } = await everything(session);
    const { model, adapter, examples } = subject();
    const request = { model, adapter, examples, terms: TERMS };
    const refusal = (other: Partial<FactoredBasis>) => () =>
      sketchFactored(session, { ...request, basis: { ...basis, ...other } });
    const counts = (at: number, by: number) =>
      basis.counts.map((count, i) => (i === at ? count + by : count));
    expect(refusal({ mantissas: basis.mantissas.slice(1) })).toThrow("does not fit");
    expect(refusal({ exponents: basis.exponents.slice(1) })).toThrow("does not fit");
    expect(refusal({ counts: basis.counts.slice(1) })).toThrow("does not fit");
    expect(refusal({ counts: counts(0, 1) })).toThrow("does not fit");
    expect(refusal({ counts: counts(0, -1e9) })).toThrow("does not fit");
    expect(refusal({ counts: counts(0, 2 ** 31 - 100) })).toThrow("does not fit");
    expect(refusal({ exponents: basis.exponents.map(() => -127) })).toThrow("below -126");
    const odd = { ...TERMS, dimension: 63 };
    expect(() => sketchFactored(session, { ...request, basis, terms: odd })).toThrow("multiple of 64");
    const fitting = (terms: Partial<FactoredTerms>) => () =>
      fitFactored(session, { model, adapter, examples, ...TERMS, ...terms });
    expect(fitting({ dimension: 63 })).toThrow("of 64");
    expect(fitting({ damping: 0 })).toThrow("damping");
    expect(fitting({ axes: 0 })).toThrow("axes");
    expect(fitting({ axes: 1.5 })).toThrow("whole number");
  });
});
