import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { initialWeights, modelTensors } from "../../native/js/index.ts";
import { parseModelConfig } from "../../node/ai/model/config.ts";
import { nativeConfig } from "../../node/ai/model/load.ts";
import { writeSafetensors } from "../../node/ai/model/safetensors.ts";

/** What a Llama of one size is made of; the embeddings are its output matrix too. */
interface Shape {
  vocabulary: number;
  hidden: number;
  layers: number;
  heads: number;
  kvHeads: number;
  intermediate: number;
}

/** By name; the largest has SmolLM2-135M's shape. */
export const MADE_MODELS: Readonly<Record<string, Shape>> = {
  "5m": { vocabulary: 2_048, hidden: 256, layers: 6, heads: 8, kvHeads: 4, intermediate: 768 },
  "25m": { vocabulary: 4_096, hidden: 512, layers: 8, heads: 8, kvHeads: 4, intermediate: 1_408 },
  "135m": { vocabulary: 49_152, hidden: 576, layers: 30, heads: 9, kvHeads: 3, intermediate: 1_536 },
};

/** Writes a model of seeded random weights (f16) in Hugging Face form into a folder, without a tokenizer; gives its number of weights. */
export async function writeMadeModel(folder: string, shape: Shape): Promise<number> {
  const json = configOf(shape);
  const config = nativeConfig(parseModelConfig(json));
  const weights = initialWeights(config, 7n);
  const tensors = modelTensors(config);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "config.json"), JSON.stringify(json));
  await writeFile(
    join(folder, "model.safetensors"),
    writeSafetensors(tensors.map(({ name, shape }) => ({ name, shape, data: weights[name]!, dtype: "F16" }))),
  );
  return tensors.reduce((sum, { count }) => sum + count, 0);
}

function configOf({ vocabulary, hidden, layers, heads, kvHeads, intermediate }: Shape): object {
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    vocab_size: vocabulary,
    hidden_size: hidden,
    intermediate_size: intermediate,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    head_dim: hidden / heads,
    hidden_act: "silu",
    max_position_embeddings: 2_048,
    rms_norm_eps: 1e-5,
    rope_theta: 10_000,
    tie_word_embeddings: true,
  };
}
