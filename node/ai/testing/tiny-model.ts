import { readFileSync } from "node:fs";
import { join } from "node:path";
import { initialWeights, modelTensors } from "../../../native/js/index.ts";
import { packageRoot } from "../../base/paths.ts";
import { parseModelConfig } from "../model/config.ts";
import type { ModelFiles } from "../model/files.ts";
import { nativeConfig } from "../model/load.ts";
import { writeSafetensors } from "../model/safetensors.ts";
import { DEFAULT_METHOD, type Method } from "../train/method.ts";

/** A random base model of 0.2 million parameters with the shipped tokenizer, for tests: it is fine-tuned in a second, and knows nothing. */
export function tinyModelFiles(): ModelFiles {
  const json = {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    vocab_size: 2048,
    hidden_size: 64,
    intermediate_size: 128,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 4,
    max_position_embeddings: 96,
    rms_norm_eps: 1e-6,
    rope_theta: 10000,
    tie_word_embeddings: true,
    eos_token_id: 0,
    torch_dtype: "float32",
  };
  const config = nativeConfig(parseModelConfig(json));
  const weights = initialWeights(config, 7n);
  const tensors = modelTensors(config).map(({ name, shape }) => ({ name, shape, data: weights[name]! }));
  // Larger embeddings than usual: a frozen random model has to tell its tokens apart.
  const embeddings = tensors.find(({ name }) => name === "model.embed_tokens.weight")!.data;
  for (let i = 0; i < embeddings.length; i++) embeddings[i]! *= 25;
  const tokenizer = readFileSync(join(packageRoot(), "node/ai/base-model/model/tokenizer.json"));
  return new Map([
    ["config.json", new TextEncoder().encode(JSON.stringify(json))],
    ["model.safetensors", writeSafetensors(tensors)],
    ["tokenizer.json", new Uint8Array(tokenizer)],
  ]);
}

/** A method that moves the tiny model's answers; it is too small and too random to be taught. */
export const TINY_METHOD: Method = {
  ...DEFAULT_METHOD,
  training: { ...DEFAULT_METHOD.training, epochs: 8, batch: 6, learningRate: 0.02, minLearningRate: 0.002 },
  variation: { ...DEFAULT_METHOD.variation, pairChance: 0 },
  attribution: { ...DEFAULT_METHOD.attribution, topK: 4 },
  generation: { decoding: "greedy", maxTokens: 16 },
};
