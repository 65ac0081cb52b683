import { join } from "node:path";
import { Engine, type EngineRequest } from "../../native/js/engine.ts";
import { Session } from "../../native/js/index.ts";
import { readModelFolder } from "../../node/ai/model/files.ts";
import { type LoadedModel, loadModel } from "../../node/ai/model/load.ts";
import { packageRoot } from "../../node/base/paths.ts";
import { adapterFigures, coldFigures } from "./engine-adapters.ts";
import { answerAll } from "./engine-requests.ts";
import { memoryFigures, smollm2Figures } from "./engine-smollm2.ts";
import { type Bench, countThreads, type Figure, medianSecondsInTurn } from "./figure.ts";
import { picked } from "./picks.ts";

const PROMPT_TOKENS = 32;
const ANSWER_TOKENS = 64;
const BATCH = 64;
const RUNS = 3;

const PARTS: Readonly<Record<string, (shipped: LoadedModel) => Promise<Figure[]>>> = {
  together,
  smollm2: () => smollm2Figures(),
  memory: () => memoryFigures(),
  adapters: (shipped) => adapterFigures(shipped),
  cold: (shipped) => coldFigures(shipped),
};

/**
 * Serving: the shipped base model's requests together and one after the other, SmolLM2 beside llama.cpp and its file, many adapters
 * beside none, cold starts. OPENLEDGER_BENCH_PARTS picks parts.
 */
export const engineBench: Bench = {
  name: "engine",
  async run() {
    const parts = picked("OPENLEDGER_BENCH_PARTS", Object.keys(PARTS));
    const model = await loadModel(
      await readModelFolder(join(packageRoot(), "node", "ai", "base-model", "model")),
    );
    const figures: Figure[] = [];
    for (const part of parts) figures.push(...(await PARTS[part]!(model)));
    return figures;
  },
};

function requestsOf(model: LoadedModel, count: number): EngineRequest[] {
  return Array.from({ length: count }, (_, request) => ({
    prompt: Array.from({ length: PROMPT_TOKENS }, (_, i) => (31 * request + 7 * i) % model.config.vocabSize),
    maxTokens: ANSWER_TOKENS,
  }));
}

async function together(model: LoadedModel): Promise<Figure[]> {
  const session = new Session();
  const pages = (2 * BATCH * (PROMPT_TOKENS + ANSWER_TOKENS)) / 16;
  const engine = new Engine(session, model.native, { pages, maxBatch: BATCH });
  try {
    return [await answering(session, engine, model, 1), await answering(session, engine, model, 8)];
  } finally {
    engine.close();
    session.close();
  }
}

async function answering(
  session: Session,
  engine: Engine,
  model: LoadedModel,
  count: number,
): Promise<Figure> {
  const requests = requestsOf(model, count);
  const prompts = requests.map(({ prompt }) => prompt);
  const oneByOne = () =>
    session.generate({ model: model.native, prompts, maxTokens: ANSWER_TOKENS }).wait({ intervalMs: 2 });
  const [ours, job] = await medianSecondsInTurn([() => answerAll(engine, requests), oneByOne], {
    runs: RUNS,
  });
  const tokens = count * ANSWER_TOKENS;
  return {
    what: `answering ${count} requests at once, shipped model, ${countThreads(session)}`,
    unit: "tokens/s",
    ours: tokens / ours!,
    peer: { name: "one after the other", value: tokens / job! },
  };
}
