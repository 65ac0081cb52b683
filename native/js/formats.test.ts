// Weights in every format: what a model computes is what it computes from the same weights widened to fp32, byte for byte, on
// every instruction set and for any number of threads.
import { describe, expect, it } from "vitest";
import {
  Adapter,
  backends,
  initialAdapter,
  LORA_TARGETS,
  Model,
  type ModelConfig,
  modelTensors,
  Session,
} from "./index.ts";
import type { TensorSource, WeightFormat } from "./types.ts";

const config: ModelConfig = {
  vocabSize: 83,
  hiddenSize: 256,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  headDim: 128,
  intermediateSize: 256,
  maxPositions: 64,
  rmsEps: 1e-6,
  ropeTheta: 10_000,
  tied: false,
};
/** Sizes that no block and no panel divides. */
const odd: ModelConfig = {
  ...config,
  hiddenSize: 44,
  heads: 4,
  kvHeads: 1,
  headDim: 10,
  intermediateSize: 70,
  tied: true,
};
const BLOCKS: Readonly<Record<WeightFormat, { values: number; bytes: number; halves: readonly number[] }>> = {
  F32: { values: 1, bytes: 4, halves: [] },
  F16: { values: 1, bytes: 2, halves: [] },
  BF16: { values: 1, bytes: 2, halves: [] },
  Q8_0: { values: 32, bytes: 34, halves: [0] },
  Q4_0: { values: 32, bytes: 18, halves: [0] },
  Q4_1: { values: 32, bytes: 20, halves: [0, 2] },
  Q5_0: { values: 32, bytes: 22, halves: [0] },
  Q5_1: { values: 32, bytes: 24, halves: [0, 2] },
  Q4_K: { values: 256, bytes: 144, halves: [0, 2] },
  Q5_K: { values: 256, bytes: 176, halves: [0, 2] },
  Q6_K: { values: 256, bytes: 210, halves: [208] },
};
const FORMATS = Object.keys(BLOCKS) as WeightFormat[];

function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
}

/** Random blocks; their scales are small halves, now and then subnormal or zero. */
function randomBytes(format: WeightFormat, count: number, seed: number): Uint8Array {
  const next = generator(seed);
  const { values, bytes, halves } = BLOCKS[format];
  const out = Uint8Array.from({ length: (count / values) * bytes }, () => next() & 255);
  const view = new DataView(out.buffer);
  if (format === "F32")
    for (let i = 0; i < count; i++) view.setFloat32(4 * i, (next() / 2 ** 24 - 0.5) / 8, true);
  const half = () => (next() % 16 === 0 ? next() & 0x83ff : (next() & 0x83ff) | (6 << 10));
  if (format === "F16")
    for (let i = 0; i < count; i++) view.setUint16(2 * i, half() + (next() % 5) * 1024, true);
  if (format === "BF16")
    for (let i = 0; i < count; i++) view.setUint16(2 * i, 0x3c00 + (next() & 0x80ff), true);
  for (let at = 0; at < out.length; at += bytes) {
    for (const place of halves) view.setUint16(at + place, half(), true);
  }
  return out;
}

function sourcesOf(shape: ModelConfig, format: WeightFormat): Map<string, TensorSource> {
  return new Map(
    modelTensors(shape).map(({ name, count, shape: dimensions }, index) => {
      if (dimensions.length === 2) return [name, { format, data: randomBytes(format, count, index + 7) }];
      const values = Float32Array.from({ length: count }, (_, i) => 1 + (i % 7) / 16);
      return [name, { format: "F32", data: new Uint8Array(values.buffer) }];
    }),
  );
}

const shape = { rank: 5, scale: 1.7, targets: LORA_TARGETS };

async function everything(session: Session, model: Model): Promise<Buffer> {
  const factors = initialAdapter(model.config, shape, 9n);
  for (const [name, tensor] of Object.entries(factors)) if (name.includes("lora_B")) tensor.fill(0.01);
  const adapter = new Adapter(model.config, shape, factors);
  const examples = [1, 21, 14].map((length, index) => ({
    ids: Array.from({ length }, (_, t) => (t * 31 + index * 17 + t * t) % 83),
    completionStart: Math.min(length, 1 + index),
  }));
  const evaluated = await session.evaluate({ model, adapter, examples, logits: true }).wait();
  const { gradients } = await session.gradients({ model, examples }).wait();
  const each = await session.loraGradients({ model, adapter, examples }).wait();
  const answers = await session
    .generate({ model, adapter, prompts: [examples[2]!.ids], maxTokens: 5 })
    .wait();
  const parts = [
    ...evaluated.logits!,
    ...Object.values(gradients),
    each.rows,
    ...answers.tokens,
    ...answers.logits,
  ];
  return Buffer.concat(parts.map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength)));
}

describe.each<[string, ModelConfig, readonly WeightFormat[]]>([
  ["whole blocks", config, FORMATS],
  ["odd sizes", odd, ["F32", "F16", "BF16"]],
])("weights in their own format: %s", (_name, model, formats) => {
  it.each(formats)("%s", async (format) => {
    const resident = new Model(model, { tensors: sourcesOf(model, format), files: [] });
    const wide = new Model(
      model,
      Object.fromEntries(modelTensors(model).map(({ name }) => [name, resident.tensor(name)])),
    );
    const want = await everything(new Session({ threads: 1 }), wide);
    for (const isa of backends().isas) {
      for (const threads of isa === "scalar" ? [2] : [1, 2]) {
        const got = await everything(new Session({ isa, threads }), resident);
        expect(got.equals(want), `${isa}, ${threads} threads`).toBe(true);
      }
    }
    if (backends().cuda.available) {
      const session = new Session({ device: "cuda" });
      for (const given of [resident, wide]) {
        expect((await everything(session, given)).equals(want), "cuda").toBe(true);
      }
      session.close();
    }
    const { values, bytes } = BLOCKS[format];
    const exact = modelTensors(model).reduce((sum, { count, shape: dimensions }) => {
      const padded =
        dimensions.length === 2 ? (Math.ceil(dimensions[0]! / 32) * 32 * dimensions[1]!) / values : 0;
      return sum + (dimensions.length === 2 ? padded * bytes : count * 4);
    }, 0);
    expect(resident.bytes).toBe(exact);
  });
});

describe("sources of weights", () => {
  const tensors = () => sourcesOf(odd, "F16");
  const refusal = (
    change: (all: Map<string, TensorSource>) => void,
    files: { path: string; size: number }[] = [],
  ) => {
    const all = tensors();
    change(all);
    try {
      new Model(odd, { tensors: all, files });
    } catch (error) {
      if (error instanceof Error && "code" in error) return error.code;
      throw error;
    }
    return "none";
  };
  const NAME = "model.layers.0.mlp.up_proj.weight";

  it("are refused by name when they are short, missing, unknown, of another format or not finite", () => {
    const data = randomBytes("F16", 70 * 44, 3);
    expect(refusal(() => undefined)).toBe("none");
    expect(refusal((all) => all.delete(NAME))).toBe("NATIVE_TENSOR");
    expect(refusal((all) => all.set("x", { format: "F32", data }))).toBe("NATIVE_TENSOR");
    expect(refusal((all) => all.set(NAME, { format: "F16", data: data.subarray(2) }))).toBe("NATIVE_TENSOR");
    expect(refusal((all) => all.set(NAME, { format: "Q4_K", data }))).toBe("NATIVE_TENSOR");
    expect(refusal((all) => all.set(NAME, { format: "F16", data, heads: 3 }))).toBe("NATIVE_TENSOR");
    for (const bits of [0x7c00, 0xfc00, 0x7e01]) {
      const broken = data.slice();
      new DataView(broken.buffer).setUint16(2 * 1234, bits, true);
      expect(refusal((all) => all.set(NAME, { format: "F16", data: broken }))).toBe("NATIVE_NOT_FINITE");
    }
  });

  it("in a file that is not there, has another size or ends early are refused", () => {
    const here = { format: "F16", path: "/nowhere/weights", offset: 0, bytes: 70 * 44 * 2 } as const;
    expect(refusal((all) => all.set(NAME, here), [{ path: here.path, size: 10_000 }])).toBe("NATIVE_FILE");
    const self = import.meta.filename;
    expect(refusal((all) => all.set(NAME, { ...here, path: self }), [{ path: self, size: 10 }])).toBe(
      "NATIVE_FILE",
    );
    expect(refusal((all) => all.set(NAME, { ...here, path: self }), [])).toBe("NATIVE_ARGUMENT");
  });

  it("a closed handle is refused, and a job that runs keeps what it uses", async () => {
    const session = new Session({ threads: 1 });
    const model = new Model(odd, { tensors: tensors(), files: [] });
    const examples = [{ ids: [1, 2, 3, 4], completionStart: 1 }];
    const job = session.evaluate({ model, examples });
    model.close();
    expect((await job.wait()).losses[0]).toBeGreaterThan(0);
    expect(() => session.evaluate({ model, examples })).toThrow(
      expect.objectContaining({ code: "NATIVE_CLOSED" }),
    );
    model.close();
    session.close();
    expect(() => session.gemm(1, 1, 1, Float32Array.of(1), Float32Array.of(1))).toThrow(
      expect.objectContaining({ code: "NATIVE_CLOSED" }),
    );
  });

  it("of models that are dropped without being closed are freed: V8 is told how much they keep", async () => {
    const big: ModelConfig = { ...config, vocabSize: 40_000 };
    const data = new Uint8Array(40_000 * 256 * 2);
    const all = sourcesOf(config, "F16").set("model.embed_tokens.weight", { format: "F16", data });
    all.set("lm_head.weight", { format: "F16", data });
    const before = process.memoryUsage.rss();
    // Forty megabytes each: two gigabytes in all.
    for (let round = 0; round < 50; round++) {
      new Model(big, { tensors: all, files: [] });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(process.memoryUsage.rss() - before).toBeLessThan(1e9);
  });
});
