// The shared Llama vectors, read with a few lines of our own: the loaders of the node are tested elsewhere.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AdapterShape, Example, LoraTarget, ModelConfig, Tensors } from "./index.ts";
import { Adapter, bf16ToF32, f16ToF32, LORA_TARGETS, Model, modelTensors, Session } from "./index.ts";

const folder = process.env.OPENLEDGER_VECTORS ?? join(import.meta.dirname, "../../../shared/vectors");
const root = join(folder, "llama");
const models = existsSync(root)
  ? readdirSync(root).filter((name) => existsSync(join(root, name, "inputs.json")))
  : [];

type Json = Record<string, unknown>;
const json = (path: string): Json => JSON.parse(readFileSync(path, "utf8")) as Json;

/** Tensors of one safetensors file; F64 stays, everything else becomes F32. */
function safetensors(path: string): Record<string, Float32Array | Float64Array> {
  const file = readFileSync(path);
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString("utf8", 8, 8 + length)) as Record<
    string,
    { dtype: string; data_offsets: [number, number] }
  >;
  const found: Record<string, Float32Array | Float64Array> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const [first, last] = entry.data_offsets;
    const bytes = new Uint8Array(file.subarray(8 + length + first, 8 + length + last)).buffer;
    if (entry.dtype === "F64") found[name] = new Float64Array(bytes);
    else if (entry.dtype === "F32") found[name] = new Float32Array(bytes);
    else if (entry.dtype === "F16") found[name] = f16ToF32(new Uint16Array(bytes));
    else found[name] = bf16ToF32(new Uint16Array(bytes));
  }
  return found;
}

function readConfig(raw: Json): ModelConfig {
  const rope = (raw.rope_parameters ?? raw.rope_scaling ?? {}) as Json;
  const heads = raw.num_attention_heads as number;
  return {
    vocabSize: raw.vocab_size as number,
    hiddenSize: raw.hidden_size as number,
    layers: raw.num_hidden_layers as number,
    heads,
    kvHeads: raw.num_key_value_heads as number,
    headDim: (raw.head_dim as number | undefined) ?? (raw.hidden_size as number) / heads,
    intermediateSize: raw.intermediate_size as number,
    maxPositions: raw.max_position_embeddings as number,
    rmsEps: raw.rms_norm_eps as number,
    ropeTheta: (rope.rope_theta ?? raw.rope_theta) as number,
    ropeScaling:
      rope.rope_type === "llama3"
        ? {
            factor: rope.factor as number,
            lowFreqFactor: rope.low_freq_factor as number,
            highFreqFactor: rope.high_freq_factor as number,
            originalMaxPositions: rope.original_max_position_embeddings as number,
          }
        : undefined,
    tied: raw.tie_word_embeddings as boolean,
    biases: raw.model_type === "qwen2" ? ["q_proj", "k_proj", "v_proj"] : [],
  };
}

function load(name: string) {
  const at = join(root, name);
  const config = readConfig(json(join(at, "config.json")));
  const weights: Tensors = {};
  for (const file of readdirSync(at).filter((entry) => /^model.*\.safetensors$/.test(entry))) {
    Object.assign(weights, safetensors(join(at, file)));
  }
  const lora = json(join(at, "adapter/adapter_config.json"));
  const rank = lora.r as number;
  const alpha = lora.lora_alpha as number;
  const targets = (lora.target_modules as string[]).filter((target): target is LoraTarget =>
    LORA_TARGETS.includes(target as LoraTarget),
  );
  const shape: AdapterShape = {
    rank,
    scale: lora.use_rslora ? alpha / Math.sqrt(rank) : alpha / rank,
    targets,
  };
  const factors = safetensors(join(at, "adapter/adapter_model.safetensors")) as Tensors;
  const inputs = json(join(at, "inputs.json"));
  const examples = (
    inputs.examples as { ids: number[]; completion_start: number; logit_positions: number[] }[]
  ).map((example) => ({ ...example, completionStart: example.completion_start }) satisfies Example);
  return {
    config,
    shape,
    inputs,
    examples,
    model: new Model(config, weights),
    adapter: new Adapter(config, shape, factors),
    expected: safetensors(join(at, "expected.safetensors")) as Record<string, Float64Array>,
    greedy: JSON.parse(readFileSync(join(at, "greedy.json"), "utf8")) as {
      prompt: number[];
      tokens: number[];
    }[],
  };
}

/** Largest difference over the largest expected entry. */
function error(got: ArrayLike<number>, want: ArrayLike<number>): number {
  expect(got.length).toBe(want.length);
  let worst = 0;
  let largest = 0;
  for (let i = 0; i < want.length; i++) {
    worst = Math.max(worst, Math.abs(got[i]! - want[i]!));
    largest = Math.max(largest, Math.abs(want[i]!));
    if (Number.isNaN(got[i])) worst = Number.POSITIVE_INFINITY;
  }
  return worst / largest;
}

describe.skipIf(models.length === 0)("the Llama vectors", () => {
  const session = new Session();

  it.each(models)("%s: logits, log-probabilities, losses and hidden states", async (name) => {
    const { config, model, adapter, examples, expected, inputs } = load(name);
    const base = await session.evaluate({ model, examples, logits: true, hidden: true }).wait();
    const tuned = await session.evaluate({ model, adapter, examples, logits: true }).wait();
    for (const [kind, result] of [
      ["base", base],
      ["adapter", tuned],
    ] as const) {
      expect(error(result.losses, expected[`${kind}.loss`]!)).toBeLessThan(1e-5);
      for (const [i, example] of examples.entries()) {
        const rows = example.logit_positions.flatMap((row) => [
          ...result.logits![i]!.subarray(row * config.vocabSize, (row + 1) * config.vocabSize),
        ]);
        expect(error(rows, expected[`${kind}.logits.${i}`]!)).toBeLessThan(1e-5);
        expect(error(result.logprobs[i]!, expected[`${kind}.logprobs.${i}`]!)).toBeLessThan(1e-5);
      }
    }
    const chosen = inputs.hidden_example as number;
    const size = examples[chosen]!.ids.length * config.hiddenSize;
    for (let k = 0; k < config.layers + 2; k++) {
      const want = expected[`base.hidden.${k <= config.layers ? k : "norm"}`]!;
      expect(error(base.hidden![chosen]!.subarray(k * size, (k + 1) * size), want)).toBeLessThan(1e-5);
    }
  });

  it.each(models)("%s: gradients of every weight", async (name) => {
    const { config, model, examples, expected, inputs } = load(name);
    const chosen = examples[inputs.full_backward_example as number];
    const wanted = modelTensors(config).filter((tensor) => expected[`base.grad.${tensor.name}`]);
    if (!chosen || wanted.length === 0) return;
    const { gradients } = await session.gradients({ model, examples: [chosen] }).wait();
    expect(wanted.length).toBe(Object.keys(gradients).length);
    for (const { name: tensor } of wanted) {
      expect(error(gradients[tensor]!, expected[`base.grad.${tensor}`]!), tensor).toBeLessThan(1e-5);
    }
  });

  it.each(models)("%s: per-example gradients of every LoRA factor", async (name) => {
    const { config, shape, model, adapter, examples, expected } = load(name);
    const { adapterTensors } = await import("./index.ts");
    const result = await session.loraGradients({ model, adapter, examples }).wait();
    for (const i of examples.keys()) {
      const row = result.rows.subarray(i * result.dimension, (i + 1) * result.dimension);
      for (const tensor of adapterTensors(config, shape)) {
        const got = row.subarray(tensor.offset, tensor.offset + tensor.count);
        const want = expected[`adapter.grad.${i}.${tensor.name}`]!;
        expect(error(got, want), `${i} ${tensor.name}`).toBeLessThan(3e-5);
      }
    }
  });

  it.each(models)("%s: three AdamW steps", async (name) => {
    const { model, adapter, examples, expected, inputs } = load(name);
    const all = [...examples.keys()];
    const given = inputs.adamw as { lr: number; weight_decay: number };
    const trained = await session
      .loraTrain({
        model,
        adapter,
        examples,
        steps: [all, all, all, all],
        adamw: { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: given.weight_decay },
        schedule: { kind: "constant", lr: given.lr },
      })
      .wait();
    expect(error(trained.losses, expected["adamw.loss"]!)).toBeLessThan(1e-5);
    const three = await session
      .loraTrain({
        model,
        adapter,
        examples,
        steps: [all, all, all],
        adamw: { weightDecay: given.weight_decay },
        schedule: { kind: "constant", lr: given.lr },
      })
      .wait();
    for (const [tensor, values] of Object.entries(three.tensors)) {
      expect(error(values, expected[`adamw.weight.${tensor}`]!), tensor).toBeLessThan(1e-3);
    }
  });

  it.each(models)("%s: greedy tokens", async (name) => {
    const { model, adapter, inputs, greedy } = load(name);
    const result = await session
      .generate({
        model,
        adapter,
        prompts: inputs.greedy_prompts as number[][],
        maxTokens: inputs.greedy_tokens as number,
      })
      .wait();
    expect(result.tokens.map((tokens) => [...tokens])).toEqual(greedy.map((entry) => entry.tokens));
  });
});
