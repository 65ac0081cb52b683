import { join } from "node:path";
import { Engine, type EngineRequest } from "../../native/js/engine.ts";
import { Session } from "../../native/js/index.ts";
import { readModelFolder } from "../../node/ai/model/files.ts";
import { type LoadedModel, loadModel } from "../../node/ai/model/load.ts";
import { packageRoot } from "../../node/base/paths.ts";
import { adapterFigures } from "./engine-adapters.ts";
import { answerAll } from "./engine-requests.ts";
import { smollm2Figures } from "./engine-smollm2.ts";
import { type Bench, countThreads, type Figure, medianSecondsInTurn } from "./figure.ts";

const PROMPT_TOKENS = 32;
const ANSWER_TOKENS = 64;
const BATCH = 64;
const RUNS = 3;

/** Serving: the shipped base model's requests together and one after the other, SmolLM2 beside llama.cpp, many adapters beside none. */
export const engineBench: Bench = {
  name: "engine",
  async run() {
    const model = await loadModel(
      await readModelFolder(join(packageRoot(), "node", "ai", "base-model", "model")),
    );
    const session = new Session();
    const pages = (2 * BATCH * (PROMPT_TOKENS + ANSWER_TOKENS)) / 16;
    const engine = new Engine(session, model.native, { pages, maxBatch: BATCH });
    try {
      return [
        ...(await together(session, engine, model)),
        ...(await smollm2Figures()),
        ...(await adapterFigures(model)),
      ];
    } finally {
      engine.close();
      session.close();
    }
  },
};

function requestsOf(model: LoadedModel, count: number): EngineRequest[] {
  return Array.from({ length: count }, (_, request) => ({
    prompt: Array.from({ length: PROMPT_TOKENS }, (_, i) => (31 * request + 7 * i) % model.config.vocabSize),
    maxTokens: ANSWER_TOKENS,
  }));
}

async function together(session: Session, engine: Engine, model: LoadedModel): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const count of [1, 8]) {
    const requests = requestsOf(model, count);
    const { native } = model;
    const oneByOne = () =>
      session
        .generate({ model: native, prompts: requests.map(({ prompt }) => prompt), maxTokens: ANSWER_TOKENS })
        .wait({ intervalMs: 2 });
    const [ours, job] = await medianSecondsInTurn([() => answerAll(engine, requests), oneByOne], {
      runs: RUNS,
    });
    const tokens = count * ANSWER_TOKENS;
    figures.push({
      what: `answering ${count} requests at once, shipped model, ${countThreads(session)}`,
      unit: "tokens/s",
      ours: tokens / ours!,
      peer: { name: "one after the other", value: tokens / job! },
    });
  }
  return figures;
}
