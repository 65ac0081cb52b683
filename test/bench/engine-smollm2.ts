import { spawn } from "node:child_process";
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Engine, type EngineRequest } from "../../native/js/engine.ts";
import { type Arithmetic, type Example, Session } from "../../native/js/index.ts";
import { openModelSource } from "../../node/ai/model/files.ts";
import { type LoadedModel, loadModel } from "../../node/ai/model/load.ts";
import { WORKER_FLAGS } from "../../node/base/node-flags.ts";
import { smollm2 } from "../support/smollm2.ts";
import { answerAll, PAGE_TOKENS } from "./engine-requests.ts";
import { type Figure, median } from "./figure.ts";
import { LlamaPeer } from "./llama-peer.ts";

const PEER = "node-llama-cpp 3.21.1";
const THREADS = 2;
const PROMPT_TOKENS = 32;
const ANSWER_TOKENS = 64;
const LONG_PROMPT = 512;
const RUNS = 3;

/** SmolLM2 by q8 beside llama.cpp with the same file and as many threads: answers, a long prompt, and what rounding costs. */
export async function smollm2Figures(): Promise<Figure[]> {
  const found = smollm2();
  if ("reason" in found) return absent(found.reason);
  const peer = await LlamaPeer.start(found.path, THREADS);
  const model = await loadModel(await openModelSource(found.path));
  const session = new Session({ threads: THREADS });
  const engine = new Engine(session, model.native, {
    arithmetic: "q8",
    maxBatch: 8,
    pages: 512,
    pageTokens: PAGE_TOKENS,
  });
  try {
    const figures: Figure[] = [];
    for (const count of [1, 8]) figures.push(await decoding(engine, model, peer, count));
    figures.push(await reading(engine, model, peer));
    figures.push(...(await rounding(session, model)));
    return figures;
  } finally {
    engine.close();
    session.close();
    model.native.close();
    if ("stop" in peer) peer.stop();
  }
}

function absent(reason: string): Figure[] {
  return [{ what: "SmolLM2", unit: "", ours: Number.NaN, peer: undefined, note: reason }];
}

function prompts(model: LoadedModel, count: number, length: number): number[][] {
  // Ordinary tokens: the first ids are special.
  const { vocabSize } = model.config;
  return Array.from({ length: count }, (_, at) =>
    Array.from({ length }, (_, i) => 100 + ((7_919 * at + 101 * i + i * i) % (vocabSize - 200))),
  );
}

type Peer = LlamaPeer | { reason: string };

/** Tokens per second of both sides, which take turns; the median of each. */
async function inTurns(
  what: string,
  name: string,
  tokens: number,
  ours: () => Promise<void>,
  peer: Peer,
  theirs: (peer: LlamaPeer) => Promise<{ seconds: number; tokens: number }>,
): Promise<Figure> {
  const mine: number[] = [];
  const other: number[] = [];
  for (let run = -1; run < RUNS; run++) {
    const start = performance.now();
    await ours();
    const rate = (1000 * tokens) / (performance.now() - start);
    const told = "run" in peer ? await theirs(peer) : undefined;
    if (run < 0) continue;
    mine.push(rate);
    if (told !== undefined) other.push(told.tokens / told.seconds);
  }
  return {
    ...{ what: `${what}, SmolLM2 Q4_1, ${THREADS} threads`, name, unit: "tokens/s", ours: median(mine) },
    peer: other.length > 0 ? { name: PEER, value: median(other) } : undefined,
    note: "reason" in peer ? peer.reason : undefined,
  };
}

function decoding(engine: Engine, model: LoadedModel, peer: Peer, count: number): Promise<Figure> {
  const asked = prompts(model, count, PROMPT_TOKENS);
  const requests = asked.map((prompt): EngineRequest => ({ prompt, maxTokens: ANSWER_TOKENS }));
  return inTurns(
    `answering ${count === 1 ? "1 request" : `${count} requests at once`}`,
    `engine-decode-${count}`,
    count * ANSWER_TOKENS,
    () => answerAll(engine, requests),
    peer,
    (llama) => llama.run(asked, ANSWER_TOKENS),
  );
}

function reading(engine: Engine, model: LoadedModel, peer: Peer): Promise<Figure> {
  const asked = prompts(model, 1, LONG_PROMPT);
  return inTurns(
    `reading a prompt of ${LONG_PROMPT} tokens`,
    "engine-prompt-512",
    LONG_PROMPT,
    () => answerAll(engine, [{ prompt: asked[0]!, maxTokens: 1 }]),
    peer,
    (llama) => llama.run(asked, 0),
  );
}

const TEXT = [
  "The river rises in the hills above the town and runs south for forty miles before it meets the sea.",
  "A cell divides when its chromosomes have been copied and the two sets have been drawn apart.",
  "She closed the shop at six, counted the day's takings and walked home along the harbor wall.",
  "In 1969 two people walked on the Moon while a third waited for them in orbit.",
  "To make bread, mix flour, water, salt and yeast, let the dough rise twice and bake it in a hot oven.",
];

/** Perplexity of a few sentences by both arithmetics. */
async function rounding(session: Session, model: LoadedModel): Promise<Figure[]> {
  const examples: Example[] = [];
  for (const text of TEXT)
    examples.push({ ids: await model.tokenizer.encodeText(text, false), completionStart: 1 });
  const tokens = examples.reduce((sum, { ids }) => sum + ids.length - 1, 0);
  const perplexity = async (arithmetic: Arithmetic) => {
    const { losses } = await session.evaluate({ model: model.native, examples, arithmetic }).wait();
    return Math.exp(losses.reduce((sum, loss) => sum + loss, 0) / tokens);
  };
  const wide = await perplexity("f32");
  const ours = await perplexity("q8");
  return [
    {
      ...{
        what: `perplexity of ${tokens} tokens by q8, SmolLM2 Q4_1`,
        name: "engine-perplexity",
        unit: "",
        ours,
      },
      peer: { name: "f32", value: wide },
    },
  ];
}

/** Resident bytes of a worker that serves SmolLM2, less the same without it, beside the file. */
export async function memoryFigures(): Promise<Figure[]> {
  const found = smollm2();
  return "reason" in found ? absent(found.reason) : [await memory(found.path)];
}

async function memory(path: string): Promise<Figure> {
  const [empty, full] = [await residentOf(undefined), await residentOf(path)];
  const fileBytes = statSync(path).size;
  return {
    ...{ what: "memory of SmolLM2 Q4_1 served", name: "engine-memory", unit: "MB" },
    ours: (full.rss - empty.rss - full.cacheBytes) / 1e6,
    peer: { name: "its file", value: fileBytes / 1e6 },
    note: `weights ${(full.weightBytes / 1e6).toFixed(1)} MB, then tokenizer, its words' room in the heap, activations; without ${(full.cacheBytes / 1e6).toFixed(1)} MB of keys and values`,
  };
}

interface Resident {
  rss: number;
  cacheBytes: number;
  weightBytes: number;
}

function residentOf(path: string | undefined): Promise<Resident> {
  const script = fileURLToPath(new URL("./engine-memory.js", import.meta.url));
  const flags = [...WORKER_FLAGS, "--expose-gc"];
  const child = spawn(process.execPath, [...flags, script, ...(path === undefined ? [] : [path])], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let told = "";
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    told += piece;
  });
  return new Promise((resolve, reject) => {
    child.on("close", (status) =>
      status === 0 ? resolve(JSON.parse(told)) : reject(new Error(`engine-memory ended with ${status}`)),
    );
  });
}
