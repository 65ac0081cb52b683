// The same bytes everywhere: each back end that this machine has, any number of threads, any grouping of examples.
import { describe, expect, it } from "vitest";
import {
  Adapter,
  adapterTensors,
  backends,
  type Example,
  type Isa,
  initialAdapter,
  initialWeights,
  LORA_TARGETS,
  Model,
  type ModelConfig,
  Session,
  Trainer,
} from "./index.ts";

const ALL: readonly Isa[] = ["scalar", "avx2", "avx512", "vnni", "amx"];
const here = backends();
const sets = ALL.filter((isa) => here.isas.includes(isa));
console.info(
  `native back ends run: ${sets.join(", ")}${here.cuda.available ? ", cuda" : ""}; not on this machine: ` +
    `${[...ALL.filter((isa) => !sets.includes(isa)), ...(here.cuda.available ? [] : [`cuda (${here.cuda.reason})`])].join(", ") || "none"}`,
);

// Odd sizes on purpose: every tile has a ragged edge, GQA groups, biases.
const qwen2: ModelConfig = {
  vocabSize: 83,
  hiddenSize: 44,
  layers: 2,
  heads: 6,
  kvHeads: 2,
  headDim: 10,
  intermediateSize: 70,
  maxPositions: 128,
  rmsEps: 1e-6,
  ropeTheta: 10_000,
  tied: true,
  biases: ["q_proj", "k_proj", "v_proj"],
};
// Everything that a config can switch on: norms of the heads, a bias at every linear, an output matrix of its own.
const full: ModelConfig = { ...qwen2, tied: false, biases: LORA_TARGETS, qkNorm: true };
const shape = { rank: 5, scale: 1.7, targets: LORA_TARGETS };

/** Deterministic values with a wide spread of exponents. */
function values(count: number, seed: number, scale = 1): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * scale * 2 ** ((state & 7) - 4);
  });
}

function setup(config: ModelConfig) {
  const weights = initialWeights(config, 7n);
  for (const [name, tensor] of Object.entries(weights)) {
    const noise = values(tensor.length, name.length, 0.2);
    for (let i = 0; i < tensor.length; i++) tensor[i]! += noise[i]!;
  }
  const factors = initialAdapter(config, shape, 9n);
  for (const [name, tensor] of Object.entries(factors)) {
    if (name.includes("lora_B")) tensor.set(values(tensor.length, 3, 0.1));
  }
  const examples: Example[] = [3, 17, 1, 64, 100, 33, 50, 128].map((length, index) => ({
    ids: Array.from({ length }, (_, t) => (t * 31 + index * 17 + t * t) % config.vocabSize),
    completionStart: Math.min(length, 1 + index),
  }));
  return {
    config,
    weights,
    examples,
    model: new Model(config, weights),
    adapter: new Adapter(config, shape, factors),
  };
}

const adamw = { weightDecay: 0.01 };
const schedule = { kind: "cosine", lr: 0.01, warmupSteps: 1, totalSteps: 4 } as const;
const steps = [
  [0, 1, 2, 3, 4],
  [7, 5, 6],
  [3, 3, 1],
];

type Subject = ReturnType<typeof setup>;

const wide = new Float64Array(1);
const wideBits = new BigInt64Array(wide.buffer);

/**
 * a * b + c of floats, rounded once. The product is exact in a double; the sum is rounded to odd there (Boldo and Melquiond),
 * so that the second rounding, to a float, gives what one rounding gives.
 */
function fusedMultiplyAdd(a: number, b: number, c: number): number {
  const product = a * b;
  const sum = product + c;
  const part = sum - product;
  const error = product - (sum - part) + (c - part);
  if (error === 0) return Math.fround(sum);
  wide[0] = sum;
  if ((wideBits[0]! & 1n) === 0n) wideBits[0]! += error > 0 === sum > 0 ? 1n : -1n;
  return Math.fround(wide[0]!);
}

/** Everything that the core computes, as bytes. */
async function everything(session: Session, subject: Subject): Promise<Record<string, Uint8Array>> {
  const { config, weights, examples, model, adapter } = subject;
  const evaluated = await session.evaluate({ model, adapter, examples, logits: true }).wait();
  const full = await session.gradients({ model, examples }).wait();
  const each = await session.loraGradients({ model, adapter, examples }).wait();
  const lora = await session
    .loraTrain({ model, adapter, examples, steps, adamw, schedule, clipNorm: 0.5 })
    .wait();
  const trainer = new Trainer(config, { weights });
  await session.pretrain({ trainer, examples, steps, adamw, schedule, clipNorm: 0.5 }).wait();
  const state = trainer.state();
  const answers = await session
    .generate({ model, adapter, prompts: examples.slice(0, 4).map((example) => example.ids), maxTokens: 9 })
    .wait();
  const parts: Record<string, ArrayBufferView[]> = {
    logits: evaluated.logits!,
    losses: [evaluated.losses],
    gradients: Object.values(full.gradients),
    each: [each.rows],
    lora: [lora.flat, lora.losses, lora.norms],
    pretrained: [...Object.values(state.weights), state.m, state.v],
    answers: [...answers.tokens, ...answers.logits],
  };
  return Object.fromEntries(Object.entries(parts).map(([name, list]) => [name, join(list)]));
}

function join(list: readonly ArrayBufferView[]): Uint8Array {
  return Buffer.concat(list.map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength)));
}

describe.each([
  ["Qwen2's biases", qwen2],
  ["norms of the heads and every bias", full],
])("exactness: %s", async (_name, config) => {
  const subject = setup(config);
  const { weights, examples, model, adapter } = subject;
  const want = await everything(new Session({ isa: sets.at(-1)!, threads: 1 }), subject);
  const variants = [
    ...sets.map((isa) => ({ isa, threads: 2, microbatchTokens: 1024 })),
    { isa: sets.at(-1)!, threads: 3, microbatchTokens: 1 },
    { isa: sets.at(-1)!, threads: 2, microbatchTokens: 130 },
  ];
  it.each(variants)("$isa, $threads threads, $microbatchTokens tokens a micro-batch", async (options) => {
    const got = await everything(new Session(options), subject);
    for (const name of Object.keys(want)) {
      expect(Buffer.compare(got[name]!, want[name]!), `${name} differs`).toBe(0);
    }
  });

  it.each([
    [1, 1, 1],
    [13, 33, 257],
    [5, 300, 700],
    [64, 17, 513],
  ])("matrix products %i x %i x %i are one chain of fused multiply-adds", (m, n, k) => {
    const a = values(m * k, 1);
    const b = values(k * n, 2);
    const results = sets.map((isa) => new Session({ isa, threads: 2 }).gemm(m, n, k, a, b));
    for (const result of results) expect(Buffer.compare(join([result]), join([results[0]!]))).toBe(0);
    // The definition, in software: one fused multiply-add after the other. A sum in any other order differs.
    const want = new Float32Array(m * n);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let p = 0; p < k; p++) sum = fusedMultiplyAdd(a[i * k + p]!, b[p * n + j]!, sum);
        want[i * n + j] = sum;
      }
    }
    expect(Buffer.compare(join([results[0]!]), join([want]))).toBe(0);
  });

  it("one example alone gives the gradient that it gives in a batch", async () => {
    const session = new Session();
    const all = await session.loraGradients({ model, adapter, examples }).wait();
    for (const [i, example] of examples.entries()) {
      const alone = await session.loraGradients({ model, adapter, examples: [example] }).wait();
      const row = all.rows.slice(i * all.dimension, (i + 1) * all.dimension);
      expect(Buffer.compare(join([alone.rows]), join([row])), `example ${i}`).toBe(0);
    }
    expect(all.dimension).toBe(adapterTensors(config, shape).reduce((sum, tensor) => sum + tensor.count, 0));
  });

  it("subnormal numbers survive", () => {
    const tiny = Float32Array.of(1e-30, 2e-30);
    for (const isa of sets) {
      const [product] = new Session({ isa, threads: 2 }).gemm(1, 1, 2, tiny, Float32Array.of(1e-12, 1e-12));
      expect(product, isa).toBe(Math.fround(3e-42));
    }
  });

  it("a fine-tuning in parts, on whatever back end each, gives the same bytes as one without a stop", async () => {
    const request = { model, examples, adamw, schedule, clipNorm: 0.5 };
    const whole = await new Session().loraTrain({ ...request, adapter, steps }).wait();
    let part = await new Session({ isa: sets[0]!, threads: 2 })
      .loraTrain({ ...request, adapter, steps: steps.slice(0, 1) })
      .wait();
    const losses = [part.losses];
    for (const [at, step] of steps.slice(1).entries()) {
      const { state: from } = part;
      const next = new Adapter(config, shape, part.tensors);
      part = await new Session({ threads: at + 1, microbatchTokens: 64 })
        .loraTrain({ ...request, adapter: next, from, steps: [step] })
        .wait();
      losses.push(part.losses);
    }
    expect(part.state.step).toBe(steps.length);
    expect(Buffer.compare(join([part.flat]), join([whole.flat]))).toBe(0);
    expect(Buffer.compare(join([part.state.m, part.state.v]), join([whole.state.m, whole.state.v]))).toBe(0);
    expect(Buffer.compare(join(losses), join([whole.losses]))).toBe(0);
  });

  it("a stopped and resumed pre-training gives the same bytes as one without a stop", async () => {
    const session = new Session();
    const whole = new Trainer(config, { weights });
    await session.pretrain({ trainer: whole, examples, steps, adamw, schedule }).wait();
    const first = new Trainer(config, { weights });
    await session.pretrain({ trainer: first, examples, steps: steps.slice(0, 1), adamw, schedule }).wait();
    const second = new Trainer(config, first.state());
    await session.pretrain({ trainer: second, examples, steps: steps.slice(1), adamw, schedule }).wait();
    const [a, b] = [whole.state(), second.state()];
    expect(b.step).toBe(3);
    const bytes = (state: typeof a): Uint8Array => join([...Object.values(state.weights), state.m, state.v]);
    expect(Buffer.compare(bytes(a), bytes(b))).toBe(0);
  });
});
