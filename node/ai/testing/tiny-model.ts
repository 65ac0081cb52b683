import { readFileSync } from "node:fs";
import { join } from "node:path";
import { initialWeights, modelTensors } from "../../../native/js/index.ts";
import { packageRoot } from "../../base/paths.ts";
import { parseModelConfig } from "../model/config.ts";
import type { ModelFiles } from "../model/files.ts";
import { nativeConfig } from "../model/load.ts";
import { writeSafetensors } from "../model/safetensors.ts";
import { DEFAULT_METHOD, type Method } from "../train/method.ts";
import { DEFAULT_REASK_VARIATION } from "../train/variation.ts";
import { type TensorToWrite, writeGguf } from "./gguf-writer.ts";

const CONFIG = {
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

/** A random base model of 0.2 million parameters with the shipped tokenizer, for tests: it is fine-tuned in a second, and knows nothing. */
export function tinyModelFiles(): ModelFiles {
  return new Map([...textFiles(), ["model.safetensors", writeSafetensors(tinyTensors())]]);
}

/** The same in a .gguf file whose matrices are Q8_0. */
export function tinyGgufFiles(): ModelFiles {
  const metadata = {
    "general.architecture": "llama",
    "llama.context_length": CONFIG.max_position_embeddings,
    "llama.embedding_length": CONFIG.hidden_size,
    "llama.block_count": CONFIG.num_hidden_layers,
    "llama.feed_forward_length": CONFIG.intermediate_size,
    "llama.attention.head_count": CONFIG.num_attention_heads,
    "llama.attention.head_count_kv": CONFIG.num_key_value_heads,
    "llama.attention.layer_norm_rms_epsilon": { float: CONFIG.rms_norm_eps },
    "llama.rope.freq_base": { float: CONFIG.rope_theta },
  };
  const tensors = tinyTensors().map(({ name, shape, data }): TensorToWrite => {
    const dimensions = [...shape].reverse();
    const isMatrix = shape.length === 2;
    const bytes = isMatrix ? roundedToQ8(data) : new Uint8Array(data.slice().buffer);
    return { name: ggufName(name), format: isMatrix ? "Q8_0" : "F32", dimensions, data: bytes };
  });
  return new Map([...textFiles(), ["model.gguf", writeGguf(metadata, tensors)]]);
}

const GGUF_NAMES: Readonly<Record<string, string>> = {
  "model.embed_tokens.weight": "token_embd.weight",
  "model.norm.weight": "output_norm.weight",
  "input_layernorm.weight": "attn_norm.weight",
  "post_attention_layernorm.weight": "ffn_norm.weight",
  "self_attn.q_proj.weight": "attn_q.weight",
  "self_attn.k_proj.weight": "attn_k.weight",
  "self_attn.v_proj.weight": "attn_v.weight",
  "self_attn.o_proj.weight": "attn_output.weight",
  "mlp.gate_proj.weight": "ffn_gate.weight",
  "mlp.up_proj.weight": "ffn_up.weight",
  "mlp.down_proj.weight": "ffn_down.weight",
};

function ggufName(name: string): string {
  const [, layer, rest] = /^model\.layers\.(\d+)\.(.*)$/.exec(name) ?? [];
  return layer === undefined ? GGUF_NAMES[name]! : `blk.${layer}.${GGUF_NAMES[rest!]}`;
}

/** Blocks of 32 values: a half for the scale, a power of two here, and whole numbers. */
function roundedToQ8(values: Float32Array): Uint8Array {
  const out = new Uint8Array((values.length / 32) * 34);
  const view = new DataView(out.buffer);
  for (let b = 0; b < values.length / 32; b++) {
    const block = values.subarray(32 * b, 32 * b + 32);
    const largest = block.reduce((most, x) => Math.max(most, Math.abs(x)), 2 ** -7);
    const exponent = Math.ceil(Math.log2(largest / 127));
    view.setUint16(34 * b, (exponent + 15) << 10, true);
    for (const [i, x] of block.entries()) view.setInt8(34 * b + 2 + i, Math.round(x * 2 ** -exponent));
  }
  return out;
}

function textFiles(): [string, Uint8Array][] {
  const tokenizer = readFileSync(join(packageRoot(), "node/ai/base-model/model/tokenizer.json"));
  return [
    ["config.json", new TextEncoder().encode(JSON.stringify(CONFIG))],
    ["tokenizer.json", new Uint8Array(tokenizer)],
  ];
}

function tinyTensors() {
  const config = nativeConfig(parseModelConfig(CONFIG));
  const weights = initialWeights(config, 7n);
  const tensors = modelTensors(config).map(({ name, shape }) => ({ name, shape, data: weights[name]! }));
  // Larger embeddings than usual: a frozen random model has to tell its tokens apart.
  const embeddings = tensors.find(({ name }) => name === "model.embed_tokens.weight")!.data;
  for (let i = 0; i < embeddings.length; i++) embeddings[i]! *= 25;
  return tensors;
}

/**
 * A method that moves the tiny model's answers; it is too small and too random to be taught. Of format 2, whose models go on being served: which rows
 * its answers are owed to is chance, and tests need some.
 */
export const TINY_METHOD: Method = {
  ...DEFAULT_METHOD,
  format: "openledger/method/2",
  training: { ...DEFAULT_METHOD.training, epochs: 8, batch: 6, learningRate: 0.02, minLearningRate: 0.002 },
  variation: { ...DEFAULT_REASK_VARIATION, pairs: { ...DEFAULT_REASK_VARIATION.pairs, chance: 0 } },
  attribution: { ...DEFAULT_METHOD.attribution, topK: 4 },
  copies: "words/1",
  generation: { decoding: "greedy", maxTokens: 16 },
};
