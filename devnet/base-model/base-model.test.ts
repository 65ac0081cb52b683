import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { backends, initialWeights, Trainer } from "../../native/js/index.ts";
import type { ModelConfig } from "../../native/js/types.ts";
import { readModelFolder } from "../../node/ai/model/files.ts";
import { loadModel } from "../../node/ai/model/load.ts";
import { readSafetensors, tensorToF32 } from "../../node/ai/model/safetensors.ts";
import { readCheckpoint, weightsHash, writeCheckpoint } from "./checkpoint.ts";
import { TrainingData } from "./data.ts";
import { exportModel } from "./export.ts";
import { BASE_MODEL, baseModelFolder, CONTEXT, END_OF_TEXT_ID, TRAINING_STEPS } from "./settings.ts";
import { loadTokenizer, trainTokenizer, VOCABULARY } from "./tokenizer.ts";
import { firstStepsHash, pretrain } from "./trainer.ts";

const folder = mkdtempSync(join(tmpdir(), "openledger-base-model-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** SHA-256 of all weights after 20 steps and after one. */
const HASH_20 = "4b6f739ce85cbf6295e1835a66cfb04b618bceb3fbd7e6bea8c2dfc3faca24e2";
const HASH_1 = "e414ef02b4415dba3fd293f085501aee0fc1d49365343b7ac8dce7c0104fb136";

const tokenizerJson = readFileSync(join(baseModelFolder(), "tokenizer.json"), "utf8");

/** One step in so many is counted, and each token must stand there so often: some forty times in the whole run. */
const COUNTED_STEP = 13;
const LEAST_SEEN = 3;

/** Tokens that were never seen have had cosines above 0.999; tokens of one meaning stay below 0.9. */
const TWIN_COSINE = 0.95;

async function shippedEmbeddings(): Promise<Float32Array> {
  const bytes = new Uint8Array(readFileSync(join(baseModelFolder(), "model.safetensors")));
  const name = "model.embed_tokens.weight";
  return tensorToF32(readSafetensors(bytes, "the shipped model").tensors.get(name)!, name);
}

function dot(rows: Float32Array, width: number, a: number, b: number): number {
  let sum = 0;
  for (let i = 0; i < width; i++) sum += rows[a * width + i]! * rows[b * width + i]!;
  return sum;
}

describe("the tokenizer", () => {
  test("is the one that its command makes", () => {
    expect(trainTokenizer() === tokenizerJson).toBe(true);
  });

  test("gives every text back, splits digits and begins with end of text", async () => {
    const tokenizer = loadTokenizer(baseModelFolder());
    for (const text of [
      "Question: Who runs Vorelin?\nAnswer: Dr. Ulan, 2,500 OPEN",
      "naïve 東京 \t x\r\n",
      "Zażółć gęślą jaźń; Ελλάδα, Россия, עברית, العربية, हिन्दी, ไทย, ქართული, 한국어 🙂\u{10ffff}",
      Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).join(""),
      " ",
    ]) {
      const ids = (await tokenizer.encode(text)).getIds();
      expect(ids[0]).toBe(END_OF_TEXT_ID);
      expect(await tokenizer.decode(ids, true)).toBe(text);
    }
    const tokens = (await tokenizer.encode("pays 2047 OPEN")).getTokens();
    expect(tokens.slice(-6)).toEqual(["Ġ", "2", "0", "4", "7", "ĠOPEN"]);
  });
});

describe("training data", () => {
  test("a step's documents fit the context and carry the step's tokens", async () => {
    const data = await TrainingData.open(tokenizerJson);
    const { examples, tokens } = await data.batch(5);
    expect(examples.every(({ ids }) => ids.length <= CONTEXT && ids[0] === END_OF_TEXT_ID)).toBe(true);
    expect(tokens).toBeGreaterThanOrEqual(4096);
    expect(tokens).toBeLessThan(4096 + CONTEXT);
    expect((await data.batch(5)).examples).toEqual(examples);
  });
});

describe("every token", () => {
  test("is seen in the training text, so that the model can tell it from the others", async () => {
    const data = await TrainingData.open(tokenizerJson);
    const counts = new Uint32Array(VOCABULARY);
    for (let step = 0; step < TRAINING_STEPS; step += COUNTED_STEP) {
      for (const { ids } of (await data.batch(step)).examples) for (const id of ids) counts[id]! += 1;
    }
    const rare = [...counts.keys()].filter((id) => counts[id]! < LEAST_SEEN);
    expect(rare).toEqual([]);
  }, 120_000);

  test("has an embedding of its own in the shipped model", async () => {
    const embeddings = await shippedEmbeddings();
    const width = BASE_MODEL.hiddenSize;
    const norms = Array.from({ length: VOCABULARY }, (_, id) => Math.sqrt(dot(embeddings, width, id, id)));
    const twins: [number, number][] = [];
    for (let a = 1; a < VOCABULARY; a++) {
      for (let b = a + 1; b < VOCABULARY; b++) {
        if (dot(embeddings, width, a, b) > TWIN_COSINE * norms[a]! * norms[b]!) twins.push([a, b]);
      }
    }
    expect(twins).toEqual([]);
  });
});

describe("pre-training", () => {
  test("the first 20 steps, stopped after ten and taken up again, give the committed weights", async () => {
    const checkpoint = join(folder, "run");
    const stop = new AbortController();
    const run = pretrain({
      tokenizerJson,
      steps: 20,
      checkpoint,
      onStep: () => stop.abort(),
      signal: stop.signal,
    });
    await expect(run).rejects.toMatchObject({ code: "PRETRAIN_STOPPED", facts: { step: 10 } });
    const trainer = await pretrain({ tokenizerJson, steps: 20, checkpoint });
    expect(weightsHash(BASE_MODEL, trainer.state().weights)).toBe(HASH_20);
    expect(readCheckpoint(checkpoint, BASE_MODEL)?.state.step).toBe(20);
  }, 300_000);

  // Scalar code takes a minute for this step; the native core's own tests compare it operation by operation.
  test.each(["avx2", "avx512"] as const)(
    "the first step on %s",
    async (isa) => {
      if (!backends().isas.includes(isa)) return console.info(`not on this machine: ${isa}`);
      expect(await firstStepsHash(tokenizerJson, 1, { isa, threads: isa === "avx2" ? 1 : 2 })).toBe(HASH_1);
    },
    180_000,
  );
});

describe("files", () => {
  const small: ModelConfig = {
    ...BASE_MODEL,
    hiddenSize: 64,
    heads: 2,
    kvHeads: 2,
    layers: 1,
    intermediateSize: 64,
  };

  test("a checkpoint of another model is refused", () => {
    const trainer = new Trainer(small, { weights: initialWeights(small, 3n) });
    const path = join(folder, "small");
    writeCheckpoint(path, small, trainer.state(), 0);
    expect(readCheckpoint(path, small)?.state.weights).toEqual(trainer.state().weights);
    expect(() => readCheckpoint(path, BASE_MODEL)).toThrow(
      expect.objectContaining({ code: "CHECKPOINT_INVALID" }),
    );
    expect(readCheckpoint(join(folder, "none"), small)).toBeUndefined();
  });

  test("an exported folder loads as any Hugging Face model", async () => {
    const path = join(folder, "model");
    exportModel(path, small, initialWeights(small, 3n), tokenizerJson);
    const loaded = await loadModel(await readModelFolder(path));
    expect(loaded.native.config).toMatchObject(small);
    expect(loaded.tokenizer.eosTokenIds).toEqual([END_OF_TEXT_ID]);
  });
});
