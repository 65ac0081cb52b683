// CUDA gives the CPU's bytes: training, gradients, generation, serving, both kinds of attribution bases and sketches by them. Where there is no GPU the run
// says so, and what the refusal looks like is tested instead.
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Engine } from "../../native/js/engine.ts";
import { type FactoredTerms, fitFactored, sketchFactored } from "../../native/js/factored.ts";
import { Adapter, backends, initialAdapter, initialWeights, Model, Session } from "../../native/js/index.ts";
import { fitBasis, sketch } from "../../native/js/influence.ts";
import { GREEDY_SAMPLING } from "../../native/js/sampling.ts";
import { type Example, LORA_TARGETS, type ModelConfig } from "../../native/js/types.ts";

const { isas, cuda } = backends();
const ran = [...isas, ...(cuda.available ? [`cuda (${cuda.reason})`] : [])].join(", ");
console.info(`back ends run: ${ran}${cuda.available ? "" : `; CUDA was not run (${cuda.reason})`}`);

// Ragged against every tile: no size is a multiple of another's tile; three query heads share a key-value head.
const CONFIG: ModelConfig = {
  vocabSize: 131,
  hiddenSize: 52,
  layers: 2,
  heads: 6,
  kvHeads: 2,
  headDim: 10,
  intermediateSize: 90,
  maxPositions: 160,
  rmsEps: 1e-5,
  ropeTheta: 10_000,
  tied: false,
  biases: ["q_proj", "k_proj", "v_proj"],
};
const SHAPE = { rank: 6, scale: 1.5, targets: LORA_TARGETS };
const SAMPLED = { ...GREEDY_SAMPLING, temperature: 900, topP: 950_000, repetition: 1_100, presence: 100 };
const LENGTHS = [5, 150, 17, 66, 2, 40, 90];

function subject() {
  let state = 12345;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
  const factors = initialAdapter(CONFIG, SHAPE, 5n);
  for (const [name, tensor] of Object.entries(factors)) {
    // B starts at zero, which would hide half of the gradients.
    if (name.includes("lora_B")) tensor.set(tensor.map(() => (next() / 2 ** 24 - 0.5) / 5));
  }
  const examples: Example[] = LENGTHS.map((length) => ({
    ids: Array.from({ length }, () => next() % CONFIG.vocabSize),
    completionStart: 1 + (next() % (length - 1)),
  }));
  return {
    model: new Model(CONFIG, initialWeights(CONFIG, 11n)),
    adapter: new Adapter(CONFIG, SHAPE, factors),
    examples,
  };
}

const { model, adapter, examples } = subject();

/** SHA-256 of all bytes of a result's arrays. */
function digest(...arrays: ArrayBufferView[]): string {
  const hash = createHash("sha256");
  for (const array of arrays) {
    hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  return hash.digest("hex");
}

const CALLS: Record<string, (session: Session) => Promise<string>> = {
  loraTrain: async (session) => {
    const steps = [[0, 1, 2], [6, 5, 3], [4]];
    const schedule = { kind: "constant", lr: 0.01 } as const;
    const adamw = { weightDecay: 0.01 };
    const result = await session
      .loraTrain({ model, adapter, examples, steps, adamw, schedule, clipNorm: 0.5 })
      .wait();
    return digest(result.flat, result.losses, result.norms);
  },
  loraGradients: async (session) => {
    const result = await session.loraGradients({ model, adapter, examples }).wait();
    return digest(result.rows, result.losses);
  },
  gradients: async (session) => {
    const result = await session.gradients({ model, examples }).wait();
    return digest(...Object.values(result.gradients), result.losses);
  },
  generate: async (session) => {
    const prompts = examples.slice(0, 3).map((example) => example.ids.slice(0, 70));
    const result = await session.generate({ model, adapter, prompts, maxTokens: 6 }).wait();
    return digest(...result.tokens, ...result.logits, ...result.gaps, ...result.logprobs);
  },
  evaluate: async (session) => {
    const result = await session.evaluate({ model, adapter, examples }).wait();
    return digest(result.losses, ...result.logprobs);
  },
  // Prompts in chunks beside rows that decode; greedy answers, sampled ones with penalties and filters, and some with their likeliest tokens; so few pages
  // that some are scattered.
  serve: async (session) => {
    const engine = new Engine(session, model, {
      pages: 85,
      pageTokens: 3,
      chunkTokens: 40,
      vocabulary: 120,
    });
    const answers = examples.map((example, i) =>
      engine.submit({
        prompt: example.ids.slice(0, 120),
        adapter: i % 3 === 0 ? undefined : adapter,
        maxTokens: 2 + i,
        topLogprobs: i === 4 ? 3 : 0,
        sampling: i % 3 === 2 ? { ...SAMPLED, seed: BigInt(i), topK: 4 * i } : GREEDY_SAMPLING,
      }),
    );
    const told: string[] = [];
    for (const answer of answers) {
      for await (const token of answer.tokens) told.push(JSON.stringify(token));
      told.push(`${answer.ended()}`);
    }
    expect(engine.status().gathered).toBeGreaterThan(0);
    engine.close();
    return digest(new TextEncoder().encode(told.join()));
  },
  "fitBasis and sketch": async (session) => {
    const request = { model, adapter, examples, damping: 0.1, dimension: 64 };
    const { basis, spectrum } = await fitBasis(session, request).wait();
    const coordinates = await sketch(session, { model, adapter, basis, examples }).wait();
    return digest(basis.exponents, basis.mantissas, spectrum, coordinates);
  },
  // Of all rows, some of whose gradients are kept between the passes, and of one alone; the second sketches find the basis where the
  // first ones put it.
  "fitFactored and sketchFactored": async (session) => {
    const terms: FactoredTerms = { damping: 0.1, axes: 5, dimension: 128, unit: true };
    const told: string[] = [];
    for (const rows of [examples, examples.slice(3, 4)]) {
      const request = { model, adapter, examples: rows, ...terms, sketches: true, mostKept: 50_000 };
      const { basis, coordinates } = await fitFactored(session, request).wait();
      told.push(digest(basis.counts, basis.exponents, basis.mantissas, coordinates!));
      for (const asked of [rows, rows.slice(0, 1)]) {
        told.push(
          digest(await sketchFactored(session, { model, adapter, basis, examples: asked, terms }).wait()),
        );
      }
    }
    return told.join();
  },
};

describe("the same bytes on every back end", () => {
  const sessions: Record<string, () => Session> = {};
  for (const isa of isas) sessions[isa] = () => new Session({ device: "cpu", isa, threads: 2 });
  if (cuda.available) {
    sessions.cuda = () => new Session({ device: "cuda" });
    sessions["cuda in small micro-batches"] = () => new Session({ device: "cuda", microbatchTokens: 100 });
  }

  it.each(Object.keys(CALLS))(
    "%s",
    async (name) => {
      const want = await CALLS[name]!(new Session({ device: "cpu", isa: "scalar", threads: 1 }));
      for (const [device, open] of Object.entries(sessions)) {
        const session = open();
        expect(session.device).toBe(device.startsWith("cuda") ? "cuda" : "cpu");
        expect(await CALLS[name]!(session), `${name} on ${device}`).toBe(want);
      }
    },
    300_000,
  );
});

describe.skipIf(cuda.available)("a machine without CUDA", () => {
  it("says why, in the list of back ends and in the refusal", () => {
    expect(cuda.reason).toMatch(
      cuda.compiled ? /\(error \d+\)|no CUDA device|compute capability/ : /built without CUDA/,
    );
    expect(() => new Session({ device: "cuda" })).toThrow(
      expect.objectContaining({ code: "NATIVE_UNAVAILABLE", message: expect.stringContaining("CUDA") }),
    );
  });
});
