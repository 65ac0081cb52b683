import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type FactoredBasis, type Fold, fitFactored, sketchFactored } from "./factored.ts";
import { backends, Session } from "./index.ts";
import { fitBasis } from "./influence.ts";
import { CONFIG, subject } from "./influence-testing.ts";

const FOLD: Fold = { dimension: 64, seed: 5, unit: true };
/** More than there are coordinates: nothing is folded together. */
const FLAT: Fold = { dimension: 2176, seed: 5, unit: false };

async function everything(session: Session, fold = FOLD, axes = 8, damping = 0.1) {
  const { tensors, rank, ...request } = subject();
  const { basis } = await fitFactored(session, { ...request, damping, axes }).wait();
  return { basis, coordinates: await sketchFactored(session, { ...request, basis, fold }).wait() };
}

function digest({ basis, coordinates }: { basis: FactoredBasis; coordinates: Float32Array }): string {
  const hash = createHash("sha256");
  for (const array of [basis.exponents, basis.mantissas, coordinates]) {
    hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  return hash.digest("hex");
}

/** Of the first tensor: what each coordinate is multiplied by, [rank, axes]. */
function whitening({ axes, exponents, mantissas }: FactoredBasis, longer: number, rank: number): number[][] {
  const wide = Math.min(axes, longer);
  const at = wide * longer + rank * rank;
  return Array.from({ length: rank }, (_, row) => {
    const values = [...mantissas.subarray(at + row * wide, at + (row + 1) * wide)];
    return values.map((value) => value * 2 ** exponents[wide + rank + row]!);
  });
}

const squares = (values: Iterable<number>) => [...values].reduce((sum, value) => sum + value * value, 0);

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

  it("is what EK-FAC whitens where nothing is left out: squared norms sum to its Gram matrix's trace", async () => {
    const session = new Session();
    const { model, adapter, examples } = subject();
    const { spectrum } = await fitBasis(session, {
      model,
      adapter,
      examples,
      damping: 0.1,
      dimension: 64,
    }).wait();
    const trace = spectrum.reduce((sum, value) => sum + value, 0);
    const { coordinates } = await everything(session, FLAT, 4096);
    expect(Math.abs(squares(coordinates) - trace) / trace).toBeLessThan(1e-3);
  });

  it("has unit rows where asked for, before they are folded", async () => {
    const { coordinates } = await everything(new Session(), { ...FLAT, unit: true });
    for (let row = 0; row < 20; row++) {
      const length = squares(coordinates.subarray(row * FLAT.dimension, (row + 1) * FLAT.dimension));
      expect(length).toBeCloseTo(1, 4);
    }
  });

  it("whitens a coordinate by the same whatever is left out beside it", async () => {
    const session = new Session();
    const { tensors, rank } = subject();
    const longer = tensors[0]!.count / rank;
    const [few, all] = [
      (await everything(session, FOLD, 3)).basis,
      (await everything(session, FOLD, 4096)).basis,
    ];
    const whole = whitening(all, longer, rank);
    for (const [row, found] of whitening(few, longer, rank).entries()) {
      expect(found).toHaveLength(3);
      for (const [i, value] of found.entries()) expect(value / whole[row]![i]!).toBeCloseTo(1, 2);
    }
  });

  it("is a seeded sum of what is not folded", async () => {
    const session = new Session();
    const flat = (await everything(session, FLAT)).coordinates;
    const folded = (await everything(session, { ...FLAT, dimension: 64 })).coordinates;
    const other = (await everything(session, { ...FLAT, dimension: 64, seed: 6 })).coordinates;
    // The same signs stand in both: a coordinate of the fold is the sum of those that go there.
    for (const j of [0, 17, 63]) {
      let sum = 0;
      for (let i = j; i < FLAT.dimension; i += 64) sum += flat[i]!;
      expect(folded[j]).toBeCloseTo(sum, 4);
    }
    expect(other).not.toEqual(folded);
  });

  it("sketches an example alone as it does among others", async () => {
    const session = new Session();
    const { basis, coordinates } = await everything(session);
    const { model, adapter, examples } = subject();
    const one = { model, adapter, basis, fold: FOLD, examples: [examples[5]!] };
    expect(await sketchFactored(session, one).wait()).toEqual(coordinates.slice(5 * 64, 6 * 64));
  });

  it("comes with the fit as it comes later, however many gradients are kept between the passes", async () => {
    const session = new Session({ microbatchTokens: 24 });
    const { tensors, rank, ...request } = subject();
    const reference = digest(await everything(session));
    const row = 4 * tensors.reduce((sum, { count }) => sum + count, 0);
    // None, part of a row, seven of twenty, one less than all, all.
    for (const mostKept of [0, row - 1, 7 * row, 19 * row, 20 * row, undefined]) {
      const fitting = { ...request, damping: 0.1, axes: 8, fold: FOLD, mostKept };
      const { basis, coordinates } = await fitFactored(session, fitting).wait();
      expect(digest({ basis, coordinates: coordinates! })).toBe(reference);
    }
    const { coordinates } = await fitFactored(session, { ...request, damping: 0.1, axes: 8 }).wait();
    expect(coordinates).toBeUndefined();
  });

  it("finds the leading directions of a side above 1,024 by iteration", { timeout: 120_000 }, async () => {
    const wide = { ...CONFIG, layers: 1, intermediateSize: 1040 };
    // At most 30 tokens: so many directions hold every gradient, but for what sums in fp32 lose.
    const { tensors, rank, ...request } = subject(wide, ["down_proj"], 5, 7);
    const session = new Session();
    const [a] = tensors;
    // So much damping that every coordinate has the same scale.
    const { basis } = await fitFactored(session, { ...request, damping: 1e9, axes: 32 }).wait();
    const fold = { dimension: 64 * Math.ceil((rank * (32 + 24)) / 64), seed: 1, unit: false };
    const coordinates = await sketchFactored(session, { ...request, basis, fold }).wait();
    const { rows, dimension } = await session.loraGradients(request).wait();
    const shares = request.examples.map((_, e) => {
      const whole = squares(rows.subarray(e * dimension, e * dimension + a!.count));
      const from = e * fold.dimension;
      return squares(coordinates.subarray(from, from + rank * 32)) / whole;
    });
    for (const share of shares) expect(share / shares[0]!).toBeCloseTo(1, 1);
  });

  it("refuses a basis of another adapter, wrong numbers and no damping", async () => {
    const session = new Session();
    const { basis } = await everything(session);
    const { model, adapter, examples } = subject();
    const request = { model, adapter, examples };
    const cut = { ...basis, mantissas: basis.mantissas.slice(1) };
    expect(() => sketchFactored(session, { ...request, basis: cut, fold: FOLD })).toThrow("does not fit");
    const odd = { ...FOLD, dimension: 63 };
    expect(() => sketchFactored(session, { ...request, basis, fold: odd })).toThrow("multiple of 64");
    expect(() => sketchFactored(session, { ...request, basis, fold: { ...FOLD, seed: -1 } })).toThrow(
      "32 bits",
    );
    expect(() => fitFactored(session, { ...request, damping: 0.1, axes: 8, fold: odd })).toThrow("of 64");
    expect(() => fitFactored(session, { ...request, damping: 0, axes: 8 })).toThrow("damping");
    expect(() => fitFactored(session, { ...request, damping: 0.1, axes: 0 })).toThrow("axes");
    expect(() => fitFactored(session, { ...request, damping: 0.1, axes: 1.5 })).toThrow("whole number");
  });
});
