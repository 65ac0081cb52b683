import type { ModelConfig } from "./config.ts";
import type { Gguf } from "./gguf.ts";
import { configOfGguf } from "./gguf-config.ts";
import { tokenizerOfGguf } from "./gguf-tokenizer.ts";

/**
 * config.json, tokenizer.json and tokenizer_config.json that a GGUF file's metadata amount to: equal metadata give equal bytes.
 * @throws CodedError of gguf-config.ts and gguf-tokenizer.ts.
 */
export function ggufTextFiles(gguf: Gguf): ReadonlyMap<string, Uint8Array> {
  // First: an architecture that is not known has keys that are not known either.
  const config = hfConfig(configOfGguf(gguf));
  const { tokenizer, tokenizerConfig } = tokenizerOfGguf(gguf);
  const json = (value: object) => new TextEncoder().encode(JSON.stringify(value));
  return new Map([
    ["config.json", json(config)],
    ["tokenizer.json", tokenizer],
    ["tokenizer_config.json", json(tokenizerConfig)],
  ]);
}

/** Without rotary divisors, which config.json has no words for: the weights' reader takes them from the .gguf file. */
function hfConfig(config: ModelConfig): object {
  return {
    model_type: config.family,
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    head_dim: config.headDim,
    hidden_act: "silu",
    rms_norm_eps: config.normEps,
    max_position_embeddings: config.contextLength,
    rope_theta: config.ropeTheta,
    tie_word_embeddings: config.tieEmbeddings,
    ...(config.family === "qwen2"
      ? {}
      : { attention_bias: config.biases.includes("q_proj"), mlp_bias: config.biases.includes("gate_proj") }),
    bos_token_id: config.bosTokenId,
    eos_token_id: config.eosTokenIds,
  };
}
