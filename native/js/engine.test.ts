import { describe, expect, it } from "vitest";
import { Engine, type EngineAnswer, type EngineRequest } from "./engine.ts";
import type { EngineSizes, Sampling } from "./engine-types.ts";
import { Adapter, backends, initialAdapter, initialWeights, Model, Session } from "./index.ts";
import { GREEDY_SAMPLING } from "./sampling.ts";
import { LORA_TARGETS, type LoraTarget, type ModelConfig } from "./types.ts";

// Ragged against every tile, with head norms and biases, so that each branch of the batched path is taken.
const CONFIG: ModelConfig = {
  ...{ vocabSize: 83, hiddenSize: 36, layers: 2, heads: 4, kvHeads: 2, headDim: 10, intermediateSize: 44 },
  ...{ maxPositions: 120, rmsEps: 1e-5, ropeTheta: 10_000, tied: true, qkNorm: true },
  biases: ["q_proj", "v_proj"],
};
const model = new Model(CONFIG, initialWeights(CONFIG, 3n));

const wideConfig = { ...CONFIG, maxPositions: 8_192 };
const wide = new Model(wideConfig, initialWeights(wideConfig, 3n));
/** Of the wide model: no machine is through with it before it is told to end. */
const long: EngineRequest = { prompt: [1, 2, 3], maxTokens: 8_000 };

let state = 7;
const next = (n: number) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * n);
};

function adapter(rank: number, targets: readonly LoraTarget[]): Adapter {
  const shape = { rank, scale: 2 / rank, targets };
  const factors = initialAdapter(CONFIG, shape, BigInt(rank));
  for (const [name, tensor] of Object.entries(factors))
    if (name.includes("lora_B")) tensor.set(tensor.map(() => (next(1_000) - 500) / 900));
  return new Adapter(CONFIG, shape, factors);
}

const ADAPTERS = [
  undefined,
  adapter(1, LORA_TARGETS),
  adapter(3, ["q_proj", "down_proj"]),
  // A row alone has kernels of its own for these.
  adapter(8, LORA_TARGETS),
  adapter(16, LORA_TARGETS),
  adapter(32, ["o_proj", "up_proj"]),
];
const SAMPLED: Sampling = {
  ...{ seed: 99n, choice: 1, temperature: 1_500, topK: 40, topP: 950_000, repetition: 1_200, presence: 300 },
};

/** Requests of all kinds; some end with a stop id, some at their limit, some where the context is full. */
function requests(count: number): EngineRequest[] {
  return Array.from({ length: count }, (_, i) => ({
    prompt: Array.from({ length: 1 + next(i % 7 === 0 ? 100 : 30) }, () => next(CONFIG.vocabSize)),
    adapter: ADAPTERS[next(ADAPTERS.length)],
    maxTokens: 1 + next(24),
    stopIds: [next(CONFIG.vocabSize), next(CONFIG.vocabSize)],
    topLogprobs: i % 3 === 0 ? 4 : 0,
    account: next(4),
    sampling: i % 2 === 0 ? GREEDY_SAMPLING : { ...SAMPLED, seed: BigInt(i) },
  }));
}

async function read(answer: EngineAnswer) {
  const tokens = [];
  for await (const token of answer.tokens) tokens.push(token);
  return { tokens, ended: answer.ended() };
}

async function together(session: Session, all: readonly EngineRequest[], sizes: Partial<EngineSizes>) {
  const engine = new Engine(session, model, { pages: 400, ...sizes });
  const answers = await Promise.all(all.map((request) => read(engine.submit(request))));
  const status = engine.status();
  engine.close();
  return { answers, status };
}

describe("the serving engine", () => {
  const all = requests(64);
  const session = new Session({ threads: 1 });

  it("answers greedily what the generating job answers, with and without adapters", async () => {
    const greedy = all.map((request) => ({ ...request, sampling: GREEDY_SAMPLING }));
    const { answers } = await together(session, greedy, {});
    for (const [i, { prompt, adapter: lora, maxTokens, stopIds }] of greedy.entries()) {
      const job = session.generate({ model, adapter: lora, prompts: [prompt], maxTokens, stopIds });
      const { tokens, logprobs } = await job.wait({ intervalMs: 1 });
      expect(answers[i]!.tokens.map(({ id }) => id)).toEqual(
        [...tokens[0]!].slice(0, answers[i]!.tokens.length),
      );
      expect(answers[i]!.tokens.map(({ logprob }) => logprob)).toEqual(
        [...logprobs[0]!].slice(0, answers[i]!.tokens.length),
      );
      // The job's context is one longer: it counts the last token as fed.
      expect(tokens[0]!.length - answers[i]!.tokens.length).toBeLessThanOrEqual(1);
    }
  });

  it("gives every request the same bytes alone and in any company, on every back end and any number of threads", async () => {
    const alone = [];
    for (const request of all) alone.push((await together(session, [request], { maxBatch: 1 })).answers[0]!);
    expect(new Set(alone.map(({ ended }) => ended))).toEqual(new Set(["stop", "length"]));
    const shapes: Partial<EngineSizes>[] = [
      { maxBatch: 64, chunkTokens: 256 },
      { maxBatch: 40, chunkTokens: 3, pageTokens: 1, pages: 260 },
      { maxBatch: 17, chunkTokens: 40, pageTokens: 7, pages: 60 },
    ];
    let gathered = 0;
    for (const isa of backends().isas) {
      for (const [at, sizes] of shapes.entries()) {
        const other = new Session({ threads: [1, 2, 5][at]!, isa });
        const { answers, status } = await together(other, all, sizes);
        expect(answers, `${isa} ${JSON.stringify(sizes)}`).toEqual(alone);
        expect(status).toMatchObject({ running: 0, waiting: 0, freePages: sizes.pages ?? 400 });
        expect(status.largest).toBeGreaterThan(3);
        gathered += status.gathered;
        other.close();
      }
    }
    // Pages that are not side by side were read as well.
    expect(gathered).toBeGreaterThan(0);
  });

  it("tells the likeliest tokens; the chosen one's is the same as its own", async () => {
    const { answers } = await together(session, all, {});
    const told = answers.filter((_, i) => i % 3 === 0 && i % 2 === 0).flatMap(({ tokens }) => tokens);
    for (const { id, logprob, top } of told) {
      expect(top).toHaveLength(4);
      expect(top[0]).toEqual({ id, logprob });
      expect([...top].sort((a, b) => b.logprob - a.logprob)).toEqual(top);
    }
  });

  it("ends at once what is cancelled, too late, or not read any more", async () => {
    const engine = new Engine(session, wide, { maxBatch: 2, pages: 1_100 });
    const cancelled = engine.submit(long);
    const late = engine.submit({ ...long, deadlineMs: 1 });
    const waiting = engine.submit(long);
    cancelled.cancel();
    waiting.cancel();
    expect((await read(cancelled)).ended).toBe("cancelled");
    expect((await read(waiting)).ended).toBe("cancelled");
    expect((await read(late)).ended).toBe("deadline");
    const left = engine.submit(long);
    for await (const _ of left.tokens) break;
    await expect.poll(() => engine.status()).toMatchObject({ running: 0, waiting: 0, freePages: 1_100 });
    const closed = engine.submit(long);
    engine.close();
    expect((await read(closed)).ended).toBe("cancelled");
    expect(() => engine.submit(long)).toThrow(expect.objectContaining({ code: "NATIVE_CLOSED" }));
  });

  it("refuses what it can't hold, and more than its queue", async () => {
    const engine = new Engine(session, model, { maxBatch: 1, maxQueue: 2, pages: 4, pageTokens: 16 });
    const refused = (request: Partial<EngineRequest>, code: string) =>
      expect(() => engine.submit({ prompt: [1], maxTokens: 9, ...request })).toThrow(
        expect.objectContaining({ code }),
      );
    refused({ prompt: Array(60).fill(1) }, "NATIVE_MEMORY");
    refused({ prompt: [] }, "NATIVE_ARGUMENT");
    refused({ prompt: [83] }, "NATIVE_ARGUMENT");
    refused({ prompt: Array(120).fill(1) }, "NATIVE_ARGUMENT");
    refused({ maxTokens: 0 }, "NATIVE_ARGUMENT");
    refused({ topLogprobs: 21 }, "NATIVE_ARGUMENT");
    refused({ sampling: { ...SAMPLED, topP: 0 } }, "NATIVE_ARGUMENT");
    refused({ sampling: { ...SAMPLED, repetition: 0 } }, "NATIVE_ARGUMENT");
    engine.close();
    const full = new Engine(session, wide, { maxBatch: 1, maxQueue: 2, pages: 600 });
    const answers = Array.from({ length: 3 }, () => full.submit(long));
    expect(() => full.submit(long)).toThrow(expect.objectContaining({ code: "NATIVE_BUSY" }));
    for (const answer of answers) answer.cancel();
    await Promise.all(answers.map(read));
    full.close();
  });

  it("lets accounts in by turns, whoever asks more", async () => {
    const engine = new Engine(session, wide, { maxBatch: 1, maxQueue: 64, pages: 600 });
    const order: number[] = [];
    const ask = (account: number) =>
      read(engine.submit({ prompt: [account + 1], maxTokens: 2, account })).then(
        () => void order.push(account),
      );
    // Keeps the others waiting until all are there.
    const first = engine.submit(long);
    const all = [...Array.from({ length: 8 }, () => ask(1)), ask(2), ask(3)];
    first.cancel();
    await Promise.all([read(first), ...all]);
    engine.close();
    expect(order).toEqual([1, 2, 3, 1, 1, 1, 1, 1, 1, 1]);
  });

  it("goes on with an adapter that is closed while a request uses it, and forgets it then", async () => {
    const engine = new Engine(session, model, { maxBatch: 4, pages: 100 });
    const request = { prompt: [5, 6, 7], maxTokens: 40 };
    const expected = (await together(session, [{ ...request, adapter: adapter(2, LORA_TARGETS) }], {}))
      .answers[0];
    const lora = adapter(2, LORA_TARGETS);
    const answer = engine.submit({ ...request, adapter: lora });
    lora.close();
    const found = await read(answer);
    expect(found.tokens.length).toBe(expected!.tokens.length);
    await read(engine.submit(request));
    await expect.poll(() => engine.status().adapters).toBe(0);
    engine.close();
  });
});
