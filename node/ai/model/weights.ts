import { z } from "zod";
import { aiError } from "../errors.ts";
import type { ModelConfig } from "./config.ts";
import { type ModelFiles, requireFile, requireJson } from "./files.ts";
import { readSafetensors, type Tensor, tensorToF32 } from "./safetensors.ts";

/** A plain file name: an index must not lead out of its folder. */
const SHARD_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*\.safetensors$/;

const indexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

/** Shape [outputs, inputs] of each of the seven linears of a layer, by Hugging Face name below `model.layers.N.`. */
export function linearShapes(config: ModelConfig): readonly { name: string; out: number; in: number }[] {
  const q = config.heads * config.headDim;
  const kv = config.kvHeads * config.headDim;
  const h = config.hiddenSize;
  const f = config.intermediateSize;
  return [
    { name: "self_attn.q_proj", out: q, in: h },
    { name: "self_attn.k_proj", out: kv, in: h },
    { name: "self_attn.v_proj", out: kv, in: h },
    { name: "self_attn.o_proj", out: h, in: q },
    { name: "mlp.gate_proj", out: f, in: h },
    { name: "mlp.up_proj", out: f, in: h },
    { name: "mlp.down_proj", out: h, in: f },
  ];
}

/** Every tensor that a model of this config has, with its shape, in the order of the layers. */
export function expectedTensors(config: ModelConfig): ReadonlyMap<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  shapes.set("model.embed_tokens.weight", [config.vocabSize, config.hiddenSize]);
  for (let layer = 0; layer < config.layers; layer++) {
    const prefix = `model.layers.${layer}.`;
    shapes.set(`${prefix}input_layernorm.weight`, [config.hiddenSize]);
    shapes.set(`${prefix}post_attention_layernorm.weight`, [config.hiddenSize]);
    for (const linear of linearShapes(config)) {
      shapes.set(`${prefix}${linear.name}.weight`, [linear.out, linear.in]);
      if (config.biases.some((biased) => linear.name.endsWith(biased))) {
        shapes.set(`${prefix}${linear.name}.bias`, [linear.out]);
      }
    }
    if (config.qkNorm) {
      shapes.set(`${prefix}self_attn.q_norm.weight`, [config.headDim]);
      shapes.set(`${prefix}self_attn.k_norm.weight`, [config.headDim]);
    }
  }
  shapes.set("model.norm.weight", [config.hiddenSize]);
  if (!config.tieEmbeddings) shapes.set("lm_head.weight", [config.vocabSize, config.hiddenSize]);
  return shapes;
}

/**
 * All weights as float32 by Hugging Face name, from one file or from shards with an index.
 * @throws CodedError `WEIGHT_MISSING`, `WEIGHT_SHAPE`, `WEIGHT_UNKNOWN`, `WEIGHT_NOT_FINITE`, or what {@link readSafetensors} throws.
 */
export function loadWeights(files: ModelFiles, config: ModelConfig): Map<string, Float32Array> {
  const tensors = collectTensors(files);
  const weights = new Map<string, Float32Array>();
  const shapes = expectedTensors(config);
  for (const [name, shape] of shapes) {
    const tensor = tensors.get(name);
    if (!tensor) {
      throw aiError("WEIGHT_MISSING", {
        message: `the weights lack the tensor ${name}`,
        fix: "check that config.json belongs to these weights and that no shard is missing",
        facts: { tensor: name },
      });
    }
    weights.set(name, checkedTensor(name, tensor, shape));
  }
  for (const name of tensors.keys()) {
    // Old checkpoints of tied models store the head again, and rotary tables that follow from the config.
    if (shapes.has(name) || name === "lm_head.weight" || name.endsWith("rotary_emb.inv_freq")) continue;
    throw aiError("WEIGHT_UNKNOWN", {
      message: `the weights hold the tensor ${name}, which a ${config.family} model of this config does not have`,
      fix: "check that config.json belongs to these weights",
      facts: { tensor: name },
    });
  }
  return weights;
}

/** Float32 values of a tensor whose shape must be `shape`. @throws CodedError `WEIGHT_SHAPE`, `WEIGHT_NOT_FINITE`. */
export function checkedTensor(name: string, tensor: Tensor, shape: readonly number[]): Float32Array {
  if (tensor.shape.length !== shape.length || tensor.shape.some((size, i) => size !== shape[i])) {
    throw aiError("WEIGHT_SHAPE", {
      message: `tensor ${name} has shape [${tensor.shape}], but its config says [${shape}]`,
      fix: "check that the config belongs to these weights",
      facts: { tensor: name, found: tensor.shape, expected: shape },
    });
  }
  const values = tensorToF32(tensor, name);
  const bad = values.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) {
    throw aiError("WEIGHT_NOT_FINITE", {
      message: `tensor ${name} holds ${values[bad]} at element ${bad}`,
      fix: "use weights without NaN and infinities",
      facts: { tensor: name, element: bad },
    });
  }
  return values;
}

/**
 * Tensors by name from one file or from shards with an index; their values are still in the files' bytes. A whole file goes
 * before an index, as in transformers: the index is then of an older upload.
 */
export function collectTensors(files: ModelFiles): Map<string, Tensor> {
  return withModelPrefix(tensorsOf(files));
}

function tensorsOf(files: ModelFiles): Map<string, Tensor> {
  if (files.has("model.safetensors") || !files.has("model.safetensors.index.json")) {
    return new Map(readSafetensors(requireFile(files, "model.safetensors"), "model.safetensors").tensors);
  }
  const name = "model.safetensors.index.json";
  const index = indexSchema.safeParse(requireJson(files, name));
  if (!index.success) {
    throw aiError("MODEL_FILE_INVALID", { message: `${name} has no weight_map`, facts: { name } });
  }
  const outside = Object.values(index.data.weight_map).find((shard) => !SHARD_NAME.test(shard));
  if (outside !== undefined) {
    throw aiError("MODEL_FILE_INVALID", {
      message: `${name} places tensors in ${JSON.stringify(outside)}, which is not the name of a file beside it`,
      fix: "use the index that belongs to the model: it names .safetensors files of the same folder",
      facts: { name, shard: outside },
    });
  }
  const shards = new Map<string, ReadonlyMap<string, Tensor>>();
  const tensors = new Map<string, Tensor>();
  for (const [tensorName, shard] of Object.entries(index.data.weight_map)) {
    let content = shards.get(shard);
    if (!content) {
      content = readSafetensors(requireFile(files, shard), shard).tensors;
      shards.set(shard, content);
    }
    const tensor = content.get(tensorName);
    if (!tensor) {
      throw aiError("WEIGHT_MISSING", {
        message: `${shard} lacks the tensor ${tensorName}, which the index places there`,
        fix: "download the shards and the index of one and the same version",
        facts: { tensor: tensorName, shard },
      });
    }
    tensors.set(tensorName, tensor);
  }
  return tensors;
}

const EMBEDDINGS = "embed_tokens.weight";

/**
 * Tensors under the names of the whole causal model ("model.layers.0. ...", "lm_head.weight"). Checkpoints of the bare model
 * lack "model.", those that a wrapper saved ("module.", "_orig_mod.") have more before it.
 */
function withModelPrefix(tensors: Map<string, Tensor>): Map<string, Tensor> {
  const [embeddings, second] = [...tensors.keys()].filter((name) => name.endsWith(EMBEDDINGS));
  const prefix = embeddings?.slice(0, -EMBEDDINGS.length);
  if (prefix === undefined || second !== undefined || prefix === "model." || !/^(\w+\.)*$/.test(prefix))
    return tensors;
  const wrapper = prefix.replace(/model\.$/, "");
  const renamed = new Map<string, Tensor>();
  for (const [name, tensor] of tensors) renamed.set(renamedTensor(name, prefix, wrapper), tensor);
  // Two tensors of one name would hide each other.
  return renamed.size === tensors.size ? renamed : tensors;
}

function renamedTensor(name: string, prefix: string, wrapper: string): string {
  if (name === `${wrapper}lm_head.weight`) return "lm_head.weight";
  return name.startsWith(prefix) ? `model.${name.slice(prefix.length)}` : name;
}
