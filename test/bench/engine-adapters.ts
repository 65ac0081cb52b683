import { freemem } from "node:os";
import { Worker } from "node:worker_threads";
import { Engine, type EngineRequest } from "../../native/js/engine.ts";
import { Adapter, initialAdapter, LORA_TARGETS, Session } from "../../native/js/index.ts";
import { AdapterCache } from "../../node/ai/engine/adapter-cache.ts";
import { adapterParameters } from "../../node/ai/model/estimate.ts";
import { openModelSource } from "../../node/ai/model/files.ts";
import { type LoadedModel, loadModel, nativeConfig } from "../../node/ai/model/load.ts";
import { smollm2 } from "../support/smollm2.ts";
import { answerAll, PAGE_TOKENS } from "./engine-requests.ts";
import { countThreads, type Figure, medianSecondsInTurn } from "./figure.ts";

const RESIDENT = 1_000;
const BATCH = 64;
const PROMPT_TOKENS = 4;
const ANSWER_TOKENS = 32;
const RUNS = 3;
const SHAPE = { rank: 8, scale: 2, targets: LORA_TARGETS };
/** Of the memory that is free, for adapters. */
const SHARE = 0.5;

/** A thousand adapters in memory, 64 requests over 64 of them, beside what the base alone and reading their bytes would take. */
export async function adapterFigures(shipped: LoadedModel): Promise<Figure[]> {
  const found = smollm2();
  const figures = [await manyResident("the shipped model", "engine-adapters-shipped", shipped)];
  if ("path" in found) {
    const model = await loadModel(await openModelSource(found.path));
    figures.push(await manyResident("SmolLM2 Q4_1", "engine-adapters-smollm2", model));
    model.native.close();
  }
  return figures;
}

async function manyResident(what: string, name: string, model: LoadedModel): Promise<Figure> {
  const session = new Session();
  const arithmetic = model.formats.some((format) => format.startsWith("Q")) ? "q8" : "f32";
  const pages = (BATCH * (PROMPT_TOKENS + ANSWER_TOKENS + PAGE_TOKENS)) / PAGE_TOKENS;
  const engine = new Engine(session, model.native, {
    arithmetic,
    maxBatch: BATCH,
    pages,
    pageTokens: PAGE_TOKENS,
  });
  const bytes = 4 * adapterParameters(model.config, SHAPE);
  const resident = Math.min(RESIDENT, Math.max(BATCH, Math.floor((SHARE * freemem()) / bytes) - 2 * BATCH));
  const adapters = Array.from({ length: resident }, (_, i) => adapterOf(model, i));
  const step = Math.floor(resident / BATCH);
  const requests = (isAdapted: boolean): EngineRequest[] =>
    Array.from({ length: BATCH }, (_, at) => ({
      prompt: Array.from(
        { length: PROMPT_TOKENS },
        (_, i) => (100 + 31 * at + 7 * i) % model.config.vocabSize,
      ),
      adapter: isAdapted ? adapters[at * step] : undefined,
      maxTokens: ANSWER_TOKENS,
    }));
  const works = [() => answerAll(engine, requests(true)), () => answerAll(engine, requests(false))];
  const [ours, base] = await medianSecondsInTurn(works, { runs: RUNS });
  const bandwidth = await readBandwidth(session.threads);
  // Each step reads all of them once: the prompts' step and one for each token after the first.
  const bound = base! + (ANSWER_TOKENS * BATCH * bytes) / bandwidth;
  engine.close();
  for (const adapter of adapters) adapter.close();
  session.close();
  const tokens = BATCH * ANSWER_TOKENS;
  return {
    ...{
      what: `${BATCH} requests over ${BATCH} of ${resident} adapters of rank 8, ${what}, ${countThreads(session)}`,
      name,
    },
    ...{ unit: "tokens/s", ours: tokens / ours!, peer: { name: "bound", value: tokens / bound } },
    note: `base alone ${(tokens / base!).toFixed(0)} tokens/s; ${(bytes / 1e6).toFixed(2)} MB an adapter, read at ${(bandwidth / 1e9).toFixed(1)} GB/s`,
  };
}

function adapterOf(model: LoadedModel, seed: number): Adapter {
  const config = nativeConfig(model.config);
  return new Adapter(config, SHAPE, initialAdapter(config, SHAPE, BigInt(seed)));
}

const READER = `
const { parentPort, workerData } = require("node:worker_threads");
const values = new Float64Array(workerData.memory, workerData.offset, workerData.count);
parentPort.on("message", () => {
  let sum = 0;
  // A value of each cache line: the rest of it comes along.
  for (let at = 0; at < values.length; at += 8) sum += values[at];
  parentPort.postMessage(sum);
});
`;

/** Bytes a second that so many threads read together from memory that no cache holds; the best of five. */
async function readBandwidth(threads: number): Promise<number> {
  const size = 2 ** 29;
  const memory = new SharedArrayBuffer(size);
  new Float64Array(memory).fill(1);
  const part = Math.floor(size / threads / 64) * 64;
  const workers = Array.from(
    { length: threads },
    (_, at) => new Worker(READER, { eval: true, workerData: { memory, offset: at * part, count: part / 8 } }),
  );
  let best = 0;
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    await Promise.all(
      workers.map((worker) => {
        const told = new Promise((resolve) => worker.once("message", resolve));
        worker.postMessage(null);
        return told;
      }),
    );
    best = Math.max(best, (1000 * part * threads) / (performance.now() - start));
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
  return best;
}

const REGISTERED = 10_000;
const CACHED = 500;
const REQUESTS = 2_000;

/** 10,000 registered adapters, requests by Zipf's law, memory for 500: the time to the first token beside the base's alone. */
export async function coldFigures(model: LoadedModel): Promise<Figure[]> {
  const session = new Session();
  const engine = new Engine(session, model.native, {
    maxBatch: BATCH,
    pages: 1_024,
    pageTokens: PAGE_TOKENS,
  });
  const bytes = 2 * 4 * adapterParameters(model.config, SHAPE);
  const cache = new AdapterCache<Adapter>({
    load: async (key) => adapterOf(model, Number(key)),
    bytesOf: () => bytes,
    free: (adapter) => adapter.close(),
    maxBytes: CACHED * bytes,
  });
  const draw = zipf(REGISTERED);
  const firstToken = async (key: string | undefined) => {
    const start = performance.now();
    const held = key === undefined ? undefined : await cache.hold(key);
    const answer = engine.submit({ prompt: [100, 107, 114], adapter: held?.value, maxTokens: 4 });
    let first: number | undefined;
    for await (const _ of answer.tokens) first ??= performance.now() - start;
    held?.release();
    if (answer.ended() !== "length") throw new Error("a request was lost");
    return first!;
  };
  const times = async (key: () => string | undefined) => {
    const all: number[] = [];
    for (let at = 0; at < REQUESTS; at += 16)
      all.push(...(await Promise.all(Array.from({ length: 16 }, () => firstToken(key())))));
    return all.sort((a, b) => a - b);
  };
  const cold = await times(() => String(draw()));
  const plain = await times(() => undefined);
  engine.close();
  session.close();
  return [0.5, 0.99].map((part) => ({
    what: `first token, ${REGISTERED} adapters by Zipf's law, memory for ${CACHED}, p${100 * part}`,
    name: `engine-zipf-p${100 * part}`,
    unit: "ms",
    ours: cold[Math.floor(part * REQUESTS)]!,
    peer: { name: "base alone", value: plain[Math.floor(part * REQUESTS)]! },
    note: `${REQUESTS} requests, none lost`,
  }));
}

/** Numbers from 0 on, number n as often as 1 / (n + 1). */
function zipf(count: number): () => number {
  const sums: number[] = [];
  let sum = 0;
  for (let n = 1; n <= count; n++) {
    sum += 1 / n;
    sums.push(sum);
  }
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const mark = (state / 2 ** 32) * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < mark) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
