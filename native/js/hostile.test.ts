// Whatever is handed in, the core answers with a coded error or a right result; it never reads past a buffer.
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { loadAddon } from "./addon.ts";
import {
  Adapter,
  adapterTensors,
  bf16ToF32,
  f16ToF32,
  f32ToF16,
  initialAdapter,
  initialWeights,
  Model,
  type ModelConfig,
  Session,
  Trainer,
} from "./index.ts";

const config: ModelConfig = {
  vocabSize: 40,
  hiddenSize: 16,
  layers: 1,
  heads: 2,
  kvHeads: 1,
  headDim: 8,
  intermediateSize: 24,
  maxPositions: 16,
  rmsEps: 1e-5,
  ropeTheta: 10_000,
  tied: true,
};
const shape = { rank: 2, scale: 2, targets: ["q_proj", "down_proj"] as const };
const weights = initialWeights(config, 1n);
const model = new Model(config, weights);
const adapter = new Adapter(config, shape, initialAdapter(config, shape, 2n));
const session = new Session({ threads: 2 });
const good = { ids: [1, 2, 3], completionStart: 1 };
const adamw = {};
const schedule = { kind: "constant", lr: 0.01 } as const;

describe("hostile input", () => {
  it.each<[string, Partial<ModelConfig>]>([
    ["no layers", { layers: 0 }],
    ["odd head dimension", { headDim: 7 }],
    ["heads no multiple of key-value heads", { heads: 3, kvHeads: 2 }],
    ["NaN eps", { rmsEps: Number.NaN }],
    ["negative rotary base", { ropeTheta: -1 }],
    ["huge vocabulary", { vocabSize: 2 ** 30 }],
    [
      "scaling turned round",
      { ropeScaling: { factor: 8, lowFreqFactor: 4, highFreqFactor: 1, originalMaxPositions: 64 } },
    ],
  ])("refuses a model with %s", (_name, change) => {
    expect(() => initialWeights({ ...config, ...change }, 1n)).toThrow(
      expect.objectContaining({ code: "NATIVE_CONFIG" }),
    );
  });

  it("refuses missing, unknown, short and infinite tensors by name", () => {
    const code = (tensors: Record<string, Float32Array>) =>
      Object.values(tensors).some((tensor) => tensor.some((x) => !Number.isFinite(x)))
        ? "NATIVE_NOT_FINITE"
        : "NATIVE_TENSOR";
    const name = "model.norm.weight";
    const { [name]: _gone, ...missing } = weights;
    const changed: [string, Record<string, Float32Array>][] = [
      [name, missing],
      ["extra", { ...weights, extra: new Float32Array(1) }],
      [name, { ...weights, [name]: new Float32Array(3) }],
      [name, { ...weights, [name]: new Float32Array(16).fill(Number.POSITIVE_INFINITY) }],
    ];
    for (const [named, tensors] of changed) {
      expect(() => new Model(config, tensors)).toThrow(
        expect.objectContaining({ code: code(tensors), message: expect.stringContaining(named) as string }),
      );
    }
  });

  it.each([
    ["an id past the vocabulary", [1, 40, 2], 1],
    ["a negative id", [1, -1, 2], 1],
    ["a fraction", [1, 1.5, 2], 1],
    ["no tokens", [], 1],
    ["too many tokens", Array.from({ length: 17 }, () => 1), 1],
    ["a completion from the first token", [1, 2, 3], 0],
    ["a completion past the end", [1, 2, 3], 4],
  ])("refuses an example with %s", (_name, ids, completionStart) => {
    expect(() => session.evaluate({ model, examples: [good, { ids, completionStart }] })).toThrow(
      expect.objectContaining({ code: "NATIVE_ARGUMENT" }),
    );
  });

  it("refuses wrong handles, steps, optimizer numbers and adapters of another shape", () => {
    const code = (value: string): unknown => expect.objectContaining({ code: value });
    const wide = { ...config, hiddenSize: 32 };
    const other = new Adapter(wide, shape, initialAdapter(wide, shape, 1n));
    const train = { model, adapter, examples: [good], steps: [[0]], adamw, schedule };
    expect(() => session.evaluate({ model, adapter: other, examples: [good] })).toThrow(
      code("NATIVE_ARGUMENT"),
    );
    expect(() => session.loraTrain({ ...train, steps: [[1]] })).toThrow(code("NATIVE_ARGUMENT"));
    expect(() => session.loraTrain({ ...train, steps: [] })).toThrow(code("NATIVE_ARGUMENT"));
    expect(() => session.loraTrain({ ...train, schedule: { kind: "constant", lr: -1 } })).toThrow(
      code("NATIVE_ARGUMENT"),
    );
    expect(() => session.loraTrain({ ...train, schedule: { kind: "cosine", lr: 1 } })).toThrow(
      code("NATIVE_ARGUMENT"),
    );
    const moments = new Float32Array(
      adapterTensors(config, shape).reduce((sum, { count }) => sum + count, 0),
    );
    const from = { step: 1, m: moments, v: moments };
    for (const wrong of [
      { m: moments.subarray(1) },
      { m: moments.subarray(1), v: moments.subarray(1) },
      { v: moments.map(() => -1) },
      { step: -1 },
      { step: Number.NaN },
    ])
      expect(
        () => session.loraTrain({ ...train, from: { ...from, ...wrong } }),
        Object.keys(wrong).join(),
      ).toThrow(code("NATIVE_ARGUMENT"));
    expect(() => loadAddon().pollJob(model.handle)).toThrow(code("NATIVE_ARGUMENT"));
    expect(() => loadAddon().pollJob({})).toThrow(code("NATIVE_ARGUMENT"));
    expect(() => new Session({ isa: "mmx" as "avx2" })).toThrow(code("NATIVE_ARGUMENT"));
    expect(() => session.generate({ model, prompts: [[1]], maxTokens: 0 })).toThrow(code("NATIVE_ARGUMENT"));
    const one = Float32Array.of(1);
    expect(() => session.gemm(1, 1, 1, one, one, 0)).toThrow(code("NATIVE_ARGUMENT"));
    const buffers = [Int32Array.of(1, 2), new Uint8Array(2), Int32Array.of(0, 99)] as const;
    expect(() => loadAddon().startGradients(session.handle, model.handle, ...buffers)).toThrow(
      code("NATIVE_ARGUMENT"),
    );
  });

  it("fails, and does not train on, weights that overflow", async () => {
    const broken = { ...weights, "model.norm.weight": new Float32Array(16).fill(3e38) };
    const trainer = new Trainer(config, { weights: broken });
    const job = session.pretrain({ trainer, examples: [good], steps: [[0]], adamw, schedule });
    await expect(job.wait()).rejects.toMatchObject({ code: "NATIVE_NUMERIC" });
    expect(trainer.state().step).toBe(0);
  });

  it("stops when cancelled, with the trainer after a whole step, and refuses two jobs on one trainer", async () => {
    const trainer = new Trainer(config, { weights });
    const steps = Array.from({ length: 200_000 }, () => [0]);
    const first = session.pretrain({ trainer, examples: [good], steps, adamw, schedule });
    while (first.poll().done < 3) await new Promise((resolve) => setTimeout(resolve, 1));
    const second = session.pretrain({ trainer, examples: [good], steps: [[0]], adamw, schedule });
    await expect(second.wait()).rejects.toMatchObject({ code: "NATIVE_BUSY" });
    expect(() => trainer.state()).toThrow(expect.objectContaining({ code: "NATIVE_BUSY" }));
    const stop = new AbortController();
    const waiting = first.wait({ signal: stop.signal });
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: "NATIVE_CANCELLED" });
    const { step } = trainer.state();
    expect(step).toBeGreaterThanOrEqual(3);
    const again = new Trainer(config, { weights });
    await session
      .pretrain({ trainer: again, examples: [good], steps: steps.slice(0, step), adamw, schedule })
      .wait();
    expect(again.state()).toEqual(trainer.state());
  });

  it("stops an answer where the context is full", async () => {
    const answer = await session
      .generate({ model, prompts: [Array.from({ length: 14 }, () => 5)], maxTokens: 9 })
      .wait();
    expect(answer.tokens[0]!.length).toBeLessThanOrEqual(3);
    expect(answer.tokens[0]!.length).toBeGreaterThanOrEqual(2);
  });

  it("an example without targets has loss 0 and no gradient", async () => {
    const result = await session
      .loraGradients({ model, adapter, examples: [{ ids: [3, 4], completionStart: 2 }] })
      .wait();
    expect(result.losses[0]).toBe(0);
    expect(result.rows.every((value) => value === 0)).toBe(true);
  });

  it("half floats go back and forth", () => {
    const all = Uint16Array.from({ length: 65_536 }, (_, i) => i);
    const wide = f16ToF32(all);
    const back = f32ToF16(wide);
    for (const bits of all) if (!Number.isNaN(wide[bits])) expect(back[bits]).toBe(bits);
    expect([
      ...f32ToF16(Float32Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11, 65_520, 2 ** -25, 2 ** -24)),
    ]).toEqual([0x3c00, 0x3c02, 0x7c00, 0, 1]);
    expect([...bf16ToF32(Uint16Array.of(0x3f80, 0xc000))]).toEqual([1, -2]);
  });

  it("loads in two worker threads at once", async () => {
    const addon = JSON.stringify(new URL("../build/openledger.node", import.meta.url).pathname);
    const code = `const addon = require(${addon}); const { parentPort } = require("node:worker_threads");
      const { handle } = addon.createSession(2, "", "cpu", 0);
      parentPort.postMessage([...addon.gemm(handle, 1, 1, 2, Float32Array.of(2, 3), Float32Array.of(5, 7), 1)]);`;
    const answers = await Promise.all(
      [1, 2].map(
        () =>
          new Promise((resolve, reject) => {
            new Worker(code, { eval: true }).once("message", resolve).once("error", reject);
          }),
      ),
    );
    expect(answers).toEqual([[31], [31]]);
  });
});
