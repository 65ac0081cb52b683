// The arithmetic q8 against its text, worked out a second time: the same bytes on every instruction set, for any number of threads, for a row alone and in a batch.
import { describe, expect, it } from "vitest";
import { Engine } from "./engine.ts";
import {
  Adapter,
  backends,
  initialAdapter,
  initialWeights,
  LORA_TARGETS,
  Model,
  type ModelConfig,
  modelTensors,
  Session,
} from "./index.ts";
import {
  activations,
  blocksOf,
  byTheSpec,
  FORMATS,
  HALVES,
  hostileBlocks,
  hostileRows,
  NAMES,
} from "./q8-testing.ts";
import type { TensorSource, WeightFormat } from "./types.ts";

const { isas, cuda } = backends();

/** Every back end of this machine, each with any number of threads. */
const opened: [name: string, open: () => Session][] = [
  ...isas.flatMap((isa) =>
    [1, 2].map((threads): [string, () => Session] => [
      `${isa} ${threads}`,
      () => new Session({ isa, threads }),
    ]),
  ),
  ...(cuda.available ? [["cuda", () => new Session({ device: "cuda" })] as [string, () => Session]] : []),
];

const bytesOf = (values: Float32Array) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

describe.each(NAMES)("products of %s by q8", (name) => {
  const format = FORMATS[name]!;
  const cols = format.values === 32 ? 160 : 512;
  const rows = 41;
  const blocks = (rows * cols) / format.values;

  it.each<[string, Uint8Array, Float32Array]>([
    ["random blocks", blocksOf(name, blocks, 5, 20), activations(37 * cols, 3)],
    ["scales of every size", blocksOf(name, blocks, 9), activations(3 * cols, 4)],
    ["extreme blocks", hostileBlocks(name, blocks), activations(3 * cols, 6)],
    ["extreme activations", blocksOf(name, blocks, 11, 20), hostileRows(cols)],
    ["extremes of both", hostileBlocks(name, blocks), hostileRows(cols)],
  ])("%s", (_what, bytes, x) => {
    const want = byTheSpec(format, bytes, [rows, cols], x);
    const weight = { format: name, bytes, rows, cols };
    for (const [name, open] of opened) {
      const session = open();
      const got = session.product("q8", weight, x);
      // A row whose product is no number says only that.
      for (const [i, value] of want.entries()) {
        if (!Object.is(got[i], value)) expect([name, i, got[i]]).toEqual([name, i, value]);
      }
      const last = session.product("q8", weight, x.subarray(x.length - cols));
      expect(bytesOf(last).equals(bytesOf(got.subarray(got.length - rows))) || last.some(Number.isNaN)).toBe(
        true,
      );
      session.close();
    }
  });

  it("of rows with NaN or infinity are no numbers, whatever stands beside them", () => {
    const weight = { format: name, bytes: blocksOf(name, blocks, 5, 20), rows, cols };
    for (const [, open] of opened) {
      const session = open();
      for (const bad of [NaN, Infinity, -Infinity]) {
        const x = activations(3 * cols, 3);
        const good = session.product("q8", weight, x);
        x[cols + 17] = bad;
        const got = session.product("q8", weight, x);
        expect(got.subarray(rows, 2 * rows).every(Number.isNaN)).toBe(true);
        expect(got.subarray(0, rows)).toEqual(good.subarray(0, rows));
        expect(got.subarray(2 * rows)).toEqual(good.subarray(2 * rows));
      }
      session.close();
    }
  });
});

it("products of many rows and panels are the same on any number of threads", () => {
  const [rows, cols] = [700, 512];
  const bytes = blocksOf("Q4_1", (rows * cols) / 32, 21, 20);
  const x = activations(70 * cols, 8);
  const want = byTheSpec(FORMATS.Q4_1!, bytes, [rows, cols], x.subarray(0, cols));
  const results = isas.flatMap((isa) =>
    [1, 2, 3].map((threads) => {
      const session = new Session({ isa, threads });
      const y = session.product("q8", { format: "Q4_1", bytes, rows, cols }, x);
      session.close();
      return y;
    }),
  );
  expect(results[0]!.subarray(0, rows)).toEqual(want);
  for (const result of results) expect(bytesOf(result).equals(bytesOf(results[0]!))).toBe(true);
});

it("by q8 with values that have no blocks is the product by f32", () => {
  const session = new Session({ threads: 1 });
  const bytes = new Uint8Array(activations(33 * 40, 1).buffer);
  const x = activations(3 * 40, 2);
  const weight = { format: "F32", bytes, rows: 33, cols: 40 } as const;
  expect(session.product("q8", weight, x)).toEqual(session.product("f32", weight, x));
  expect(() => session.product("q8", { ...weight, rows: 34 }, x)).toThrow(
    expect.objectContaining({ code: "NATIVE_TENSOR" }),
  );
});

const CONFIG: ModelConfig = {
  ...{ vocabSize: 96, hiddenSize: 256, layers: 2, heads: 4, kvHeads: 2, headDim: 64, intermediateSize: 512 },
  ...{ maxPositions: 96, rmsEps: 1e-5, ropeTheta: 10_000, tied: true },
};

/** A model in that format whose values are near ordinary ones: rows of fresh weights, rounded to it by hand as Q8_0 is. */
function modelOf(formats: readonly WeightFormat[]): Model {
  const weights = initialWeights(CONFIG, 5n);
  const tensors = new Map<string, TensorSource>();
  for (const [at, { name, shape, count }] of modelTensors(CONFIG).entries()) {
    const format = formats[at % formats.length]!;
    if (shape.length === 1) {
      tensors.set(name, { format: "F32", data: new Uint8Array(weights[name]!.slice().buffer) });
      continue;
    }
    const blocks = count / FORMATS[format]!.values;
    const data = blocksOf(format, blocks, at, 0);
    const view = new DataView(data.buffer);
    const { bytes } = FORMATS[format]!;
    for (let b = 0; b < blocks; b++)
      for (const place of HALVES[format] ?? [0])
        view.setUint16(b * bytes + place, format === "Q8_0" ? 0x0a00 : 0x0800 + (b % 64), true);
    tensors.set(name, { format, data });
  }
  return new Model(CONFIG, { tensors, files: [] });
}

describe("serving by q8", () => {
  const model = modelOf(["Q8_0", "Q4_1", "Q6_K", "Q4_K"]);
  const shape = { rank: 4, scale: 1.5, targets: LORA_TARGETS };
  const factors = initialAdapter(CONFIG, shape, 2n);
  for (const [name, tensor] of Object.entries(factors)) if (name.includes("lora_B")) tensor.fill(0.01);
  const adapter = new Adapter(CONFIG, shape, factors);
  const prompts = [1, 7, 40, 23].map((length, at) =>
    Array.from({ length }, (_, t) => (31 * t + 17 * at + t * t) % CONFIG.vocabSize),
  );

  it("gives other answers than f32, and the same on every back end, alone and together", async () => {
    const first = new Session({ threads: 1 });
    const evaluate = async (arithmetic: "f32" | "q8", session = first) => {
      const examples = prompts.slice(1).map((ids) => ({ ids, completionStart: 1 }));
      const { losses, logits } = await session
        .evaluate({ model, adapter, examples, logits: true, arithmetic })
        .wait();
      return { losses, logits: logits!.map((row) => bytesOf(row).toString("hex")) };
    };
    const [wide, rounded] = [await evaluate("f32"), await evaluate("q8")];
    expect(rounded.logits).not.toEqual(wide.logits);
    // It is the same model: rounding moves a loss by little.
    for (const [i, loss] of rounded.losses.entries()) expect(loss / wide.losses[i]!).toBeCloseTo(1, 1);
    const alone = await first.generate({ model, adapter, prompts, maxTokens: 20, arithmetic: "q8" }).wait();
    for (const [name, open] of opened) {
      const session = open();
      // Both arithmetics of a model beside each other.
      expect(await evaluate("f32", session)).toEqual(wide);
      expect(await evaluate("q8", session)).toEqual(rounded);
      const engine = new Engine(session, model, { arithmetic: "q8", chunkTokens: 5, pages: 60 });
      const answers = await Promise.all(
        prompts.map(async (prompt) => {
          const ids: number[] = [];
          for await (const { id } of engine.submit({ prompt, adapter, maxTokens: 20 }).tokens) ids.push(id);
          return ids;
        }),
      );
      expect(answers, name).toEqual(alone.tokens.map((row) => [...row]));
      engine.close();
      session.close();
    }
  });

  it("ends the request whose numbers are not finite, and no other", async () => {
    const broken = initialAdapter(CONFIG, shape, 3n);
    for (const tensor of Object.values(broken)) tensor.fill(1e30);
    const session = new Session({ threads: 1 });
    const engine = new Engine(session, model, { arithmetic: "q8", pages: 60 });
    const read = async (answer: ReturnType<Engine["submit"]>) => {
      let count = 0;
      for await (const _ of answer.tokens) count++;
      return count;
    };
    const good = engine.submit({ prompt: prompts[1]!, adapter, maxTokens: 8 });
    const bad = engine.submit({
      prompt: prompts[1]!,
      adapter: new Adapter(CONFIG, shape, broken),
      maxTokens: 8,
    });
    expect(await Promise.all([read(good), read(bad)])).toEqual([8, 0]);
    expect(good.ended()).toBe("length");
    expect(() => bad.ended()).toThrow(expect.objectContaining({ code: "NATIVE_NUMERIC" }));
    engine.close();
  });

  it("is refused by an unknown name", () => {
    const session = new Session({ threads: 1 });
    const arithmetic = "q4" as "q8";
    expect(() => new Engine(session, model, { arithmetic })).toThrow(
      expect.objectContaining({ code: "NATIVE_ARGUMENT" }),
    );
    expect(() => session.generate({ model, prompts, maxTokens: 1, arithmetic })).toThrow(
      expect.objectContaining({ code: "NATIVE_ARGUMENT" }),
    );
  });
});
