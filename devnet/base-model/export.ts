import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { modelTensors } from "../../native/js/index.ts";
import type { ModelConfig, Tensors } from "../../native/js/types.ts";
import { writeSafetensors } from "../../node/ai/model/safetensors.ts";
import { END_OF_TEXT, END_OF_TEXT_ID } from "./settings.ts";

/** Writes the model as a Hugging Face folder: f16 weights, configuration and tokenizer. */
export function exportModel(
  folder: string,
  config: ModelConfig,
  weights: Tensors,
  tokenizerJson: string,
): void {
  mkdirSync(folder, { recursive: true });
  const tensors = modelTensors(config).map(({ name, shape }) => ({
    name,
    shape,
    data: weights[name] as Float32Array,
    dtype: "F16" as const,
  }));
  writeFileSync(join(folder, "model.safetensors"), writeSafetensors(tensors, { format: "pt" }));
  writeFileSync(join(folder, "tokenizer.json"), tokenizerJson);
  writeJson(folder, "config.json", modelConfigJson(config));
  writeJson(folder, "generation_config.json", {
    bos_token_id: END_OF_TEXT_ID,
    eos_token_id: END_OF_TEXT_ID,
    pad_token_id: END_OF_TEXT_ID,
  });
  writeJson(folder, "tokenizer_config.json", {
    tokenizer_class: "PreTrainedTokenizerFast",
    model_max_length: config.maxPositions,
    bos_token: END_OF_TEXT,
    eos_token: END_OF_TEXT,
    pad_token: END_OF_TEXT,
    clean_up_tokenization_spaces: false,
  });
}

function modelConfigJson(config: ModelConfig): Record<string, unknown> {
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    head_dim: config.headDim,
    hidden_act: "silu",
    max_position_embeddings: config.maxPositions,
    rms_norm_eps: config.rmsEps,
    rope_theta: config.ropeTheta,
    rope_scaling: null,
    attention_bias: false,
    mlp_bias: false,
    tie_word_embeddings: config.tied,
    bos_token_id: END_OF_TEXT_ID,
    eos_token_id: END_OF_TEXT_ID,
    pad_token_id: END_OF_TEXT_ID,
    torch_dtype: "float16",
  };
}

function writeJson(folder: string, name: string, value: unknown): void {
  writeFileSync(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
}
