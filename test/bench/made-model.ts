import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  Adapter,
  adapterTensors,
  initialAdapter,
  initialWeights,
  LORA_TARGETS,
  type Model,
  modelTensors,
} from "../../native/js/index.ts";
import { parseModelConfig } from "../../node/ai/model/config.ts";
import { nativeConfig } from "../../node/ai/model/load.ts";
import { writeSafetensors } from "../../node/ai/model/safetensors.ts";
import { Random } from "../../node/base/random.ts";

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

export const MADE_ADAPTER = { rank: 8, scale: 2, targets: LORA_TARGETS };

/** Seeded random factors and the same in the order of a flattened gradient. B isn't zero: else A would have no gradient. */
export function madeAdapter({ config }: Model): { adapter: Adapter; flat: Float32Array } {
  const random = new Random(2);
  const tensors = initialAdapter(config, MADE_ADAPTER, 1n);
  const layout = adapterTensors(config, MADE_ADAPTER);
  const flat = new Float32Array(layout.reduce((sum, { count }) => sum + count, 0));
  for (const { name, offset } of layout) {
    const values = tensors[name]!;
    if (name.includes("lora_B"))
      for (let i = 0; i < values.length; i++) values[i] = random.between(-1000, 1000) / 1e5;
    flat.set(values, offset);
  }
  return { adapter: new Adapter(config, MADE_ADAPTER, tensors), flat };
}
