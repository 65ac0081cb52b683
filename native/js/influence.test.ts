import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backends, Session } from "./index.ts";
import { fitBasis, quantise, scan, sketch } from "./influence.ts";
import { subject } from "./influence-testing.ts";

async function everything(session: Session) {
  const { model, adapter, examples } = subject();
  const { basis, spectrum } = await fitBasis(session, {
    model,
    adapter,
    examples,
    damping: 0.1,
    dimension: 64,
  }).wait();
  const coordinates = await sketch(session, { model, adapter, basis, examples }).wait();
  return { basis, spectrum, coordinates };
}

/** SHA-256 over all the results' bytes. */
function digest({ basis, spectrum, coordinates }: Awaited<ReturnType<typeof everything>>): string {
  const hash = createHash("sha256");
  for (const array of [basis.exponents, basis.mantissas, spectrum, coordinates]) {
    hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  return hash.digest("hex");
}

describe("fitBasis and sketch", () => {
  const isas = backends().isas;

  it("sketches the examples while it fits as it does later", async () => {
    const session = new Session({ microbatchTokens: 24 });
    const { tensors: _, ...request } = subject();
    const fitting = { ...request, damping: 0.1, dimension: 64 };
    const { basis, coordinates } = await fitBasis(session, { ...fitting, sketches: true }).wait();
    expect(coordinates).toEqual(await sketch(session, { ...request, basis }).wait());
    expect((await fitBasis(session, fitting).wait()).coordinates).toBeUndefined();
  });

  it(`gives the same bytes on ${isas.join(", ")}, 1 and 3 threads, small and large micro-batches`, async () => {
    const reference = digest(await everything(new Session({ isa: "scalar", threads: 1 })));
    for (const isa of isas) {
      for (const options of [{ threads: 1 }, { threads: 3, microbatchTokens: 24 }]) {
        expect(digest(await everything(new Session({ isa, ...options })))).toBe(reference);
      }
    }
  });

  it("keeps the whitened Gram matrix: squared norms of all sketches sum to its trace", async () => {
    const { spectrum, coordinates } = await everything(new Session());
    const trace = spectrum.reduce((sum, value) => sum + value, 0);
    const norms = coordinates.reduce((sum, value) => sum + value * value, 0);
    expect(Math.abs(norms - trace) / trace).toBeLessThan(1e-3);
  });

  it("sketches an example alone as it does among others", async () => {
    const session = new Session();
    const { basis, coordinates } = await everything(session);
    const { model, adapter, examples } = subject();
    const alone = await sketch(session, { model, adapter, basis, examples: [examples[5]!] }).wait();
    expect(alone).toEqual(coordinates.slice(5 * 64, 6 * 64));
  });

  it("refuses a basis of another adapter, a wrong dimension and no damping", async () => {
    const session = new Session();
    const { basis } = await everything(session);
    const { model, adapter, examples } = subject();
    const request = { model, adapter, examples };
    const cut = { ...basis, mantissas: basis.mantissas.slice(1) };
    expect(() => sketch(session, { ...request, basis: cut })).toThrow("does not fit");
    expect(() => fitBasis(session, { ...request, damping: 0.1, dimension: 63 })).toThrow("multiple of 64");
    expect(() => fitBasis(session, { ...request, damping: 0, dimension: 64 })).toThrow("damping");
  });
});

describe("scan", () => {
  it("is exact at the extremes and on any values", () => {
    const int16 = fc.integer({ min: -32768, max: 32767 });
    const int8 = fc.integer({ min: -128, max: 127 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 700 }),
        fc.infiniteStream(int16),
        fc.infiniteStream(int8),
        (k, q, r) => {
          const query = Int16Array.from({ length: k }, () => q.next().value as number);
          const rows = Int8Array.from({ length: 3 * k }, () => r.next().value as number);
          const exact = [0, 1, 2].map((i) =>
            query.reduce((sum, x, j) => sum + BigInt(x * rows[i * k + j]!), 0n),
          );
          expect([...scan(query, rows)]).toEqual(exact);
        },
      ),
      { numRuns: 30 },
    );
    const low = new Int16Array(5000).fill(-32768);
    expect([...scan(low, new Int8Array(5000).fill(-128))]).toEqual([5000n * 32768n * 128n]);
  });

  it("refuses rows of another dimension", () => {
    expect(() => scan(new Int16Array(4), new Int8Array(9))).toThrow("multiple");
  });
});

describe("quantise", () => {
  it("uses the finest power of two that fits, ties to even", () => {
    const { exponents, values } = quantise(Float32Array.of(127, -2.5, 3.5, 0), 4, 8);
    expect([...exponents]).toEqual([0]);
    expect([...values]).toEqual([127, -2, 4, 0]);
  });

  it("takes the next exponent when rounding would pass the limit", () => {
    const { exponents, values } = quantise(Float32Array.of(127.6), 1, 8);
    expect([exponents[0], values[0]]).toEqual([1, 64]);
  });

  it("keeps exponents in the range: small rows get coarser, large ones are capped", () => {
    const { exponents, values } = quantise(Float32Array.of(1, 1024), 1, 8, { min: -2, max: 2 });
    expect([...exponents]).toEqual([-2, 2]);
    expect([...values]).toEqual([4, 64]);
  });

  it("gives an all-zero row the least exponent", () => {
    expect([...quantise(new Float32Array(3), 3, 16, { min: -9, max: 3 }).exponents]).toEqual([-9]);
  });

  it("refuses what is not finite", () => {
    expect(() => quantise(Float32Array.of(Number.NaN), 1, 8)).toThrow("finite");
  });

  it("is within half a step of the input and uses at least half of the range", () => {
    const rows = fc.array(fc.float({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(rows, (row) => {
        const input = Float32Array.from(row);
        const { exponents, values } = quantise(input, input.length, 16);
        const largest = Math.max(...input.map(Math.abs));
        fc.pre(largest > 1e-30);
        const step = 2 ** exponents[0]!;
        expect(Math.max(...values.map(Math.abs))).toBeGreaterThanOrEqual(16383);
        for (const [i, value] of values.entries()) {
          expect(Math.abs(value * step - input[i]!)).toBeLessThanOrEqual(step / 2);
        }
      }),
    );
  });
});
