import { describe, expect, test } from "vitest";
import { initialWeights, Model, modelTensors } from "./index.ts";
import type { WeightSources } from "./models.ts";
import type { ModelConfig, TensorSource } from "./types.ts";

const CONFIG: ModelConfig = {
  vocabSize: 512,
  hiddenSize: 256,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headDim: 64,
  intermediateSize: 512,
  maxPositions: 32,
  rmsEps: 1e-5,
  ropeTheta: 10_000,
  tied: true,
};

function sources(
  change: (name: string, data: Float32Array) => Float32Array = (_, data) => data,
): WeightSources {
  const weights = initialWeights(CONFIG, 3n);
  const tensors = new Map<string, TensorSource>();
  for (const { name } of modelTensors(CONFIG)) {
    const data = change(name, weights[name]!);
    tensors.set(name, { format: "F32", data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) });
  }
  return { tensors, files: [] };
}

describe("weights that are read on other threads", () => {
  test("leave the calling thread free, and are the same as those that are read on it", async () => {
    const order: string[] = [];
    const loading = Model.load(CONFIG, sources()).then((model) => {
      order.push("loaded");
      return model;
    });
    setImmediate(() => order.push("turn"));
    const later = await loading;
    expect(order).toEqual(["turn", "loaded"]);
    const now = new Model(CONFIG, sources());
    expect(later.bytes).toBe(now.bytes);
    for (const { name } of modelTensors(CONFIG)) {
      const [a, b] = [later.tensor(name), now.tensor(name)];
      expect(Buffer.from(a.buffer).equals(Buffer.from(b.buffer)), name).toBe(true);
    }
    later.close();
    expect(() => later.tensor("model.norm.weight")).toThrow(
      expect.objectContaining({ code: "NATIVE_CLOSED" }),
    );
  });

  test("are refused with the same codes", async () => {
    const broken = sources((name, data) =>
      name === "model.norm.weight" ? data.map(() => Number.NaN) : data,
    );
    await expect(Model.load(CONFIG, broken)).rejects.toMatchObject({
      code: "NATIVE_NOT_FINITE",
      message: expect.stringContaining("model.norm.weight"),
    });
    const short = sources((name, data) => (name === "model.norm.weight" ? data.slice(1) : data));
    await expect(Model.load(CONFIG, short)).rejects.toMatchObject({ code: "NATIVE_TENSOR" });
    const gone = sources();
    const tensors = new Map(gone.tensors);
    tensors.set("model.norm.weight", { format: "F32", path: "/nowhere", offset: 0, bytes: 1024 });
    const files = [{ path: "/nowhere", size: 1024 }];
    await expect(Model.load(CONFIG, { tensors, files })).rejects.toMatchObject({ code: "NATIVE_FILE" });
  });
});
