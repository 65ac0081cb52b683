import { z } from "zod";
import type { WeightSources } from "../../../native/js/models.ts";
import type { TensorSource, WeightFile, WeightFormat } from "../../../native/js/types.ts";
import { aiError } from "../errors.ts";
import type { ModelConfig } from "./config.ts";
import { GGUF_FILE, type ModelSource, requireJson } from "./files.ts";
import { type Gguf, readGguf } from "./gguf.ts";
import { hfTensorName, turnedHeads } from "./gguf-config.ts";
import { readSafetensorsHeader, type Tensor, tensorToF32 } from "./safetensors.ts";
import type { WeightBytes } from "./weight-bytes.ts";

/** A plain file name: an index must not lead out of its folder. */
const SHARD_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*\.safetensors$/;

const INDEX = "model.safetensors.index.json";
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

/** A tensor in one of a model's files, in whatever form the file has. */
interface PlacedTensor {
  format: WeightFormat | "F64" | "integers";
  /** As Hugging Face writes it: rows first. */
  shape: readonly number[];
  file: WeightBytes;
  offset: number;
  bytes: number;
  /** > 0: rows in llama.cpp's order, of so many heads. */
  heads: number;
}

/**
 * Where every weight of the model lies, from one .gguf file, one .safetensors file or shards with an index. Only headers are
 * read here; the native core reads the weights.
 * @param gguf the header of its .gguf file, where it is read already
 * @throws CodedError `WEIGHT_MISSING`, `WEIGHT_SHAPE`, `WEIGHT_UNKNOWN`, `WEIGHT_DTYPE`, or what reading the headers throws.
 */
export function weightSources(
  source: ModelSource,
  config: ModelConfig,
  gguf: Gguf | undefined = ggufOf(source),
): WeightSources {
  const placed = placedTensors(source, config, gguf);
  const tensors = new Map<string, TensorSource>();
  const shapes = expectedTensors(config);
  for (const [name, shape] of shapes) {
    const tensor = placed.get(name);
    if (!tensor) {
      throw aiError("WEIGHT_MISSING", {
        message: `the weights lack the tensor ${name}`,
        fix: "check that config.json belongs to these weights and that no shard is missing",
        facts: { tensor: name },
      });
    }
    checkShape(name, tensor.shape, shape);
    tensors.set(name, sourceOf(name, tensor));
  }
  for (const name of placed.keys()) {
    // Old checkpoints of tied models store the head again, and rotary tables that follow from the config.
    if (shapes.has(name) || name === "lm_head.weight" || name.endsWith("rotary_emb.inv_freq")) continue;
    throw aiError("WEIGHT_UNKNOWN", {
      message: `the weights hold the tensor ${name}, which a ${config.family} model of this config does not have`,
      fix: "check that config.json belongs to these weights",
      facts: { tensor: name },
    });
  }
  const files = new Map<string, WeightFile>();
  for (const name of shapes.keys()) {
    const { file } = placed.get(name)!;
    const place = file.place(0, 0);
    if ("path" in place) files.set(place.path, { path: place.path, size: file.size });
  }
  return { tensors, files: [...files.values()] };
}

/** Bytes that weights take in memory: they stay as they are in the file. */
export function residentBytes(weights: WeightSources): number {
  return [...bytesByFormat(weights).values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** The same by their format. */
export function bytesByFormat({ tensors }: WeightSources): ReadonlyMap<string, number> {
  const bytes = new Map<string, number>();
  for (const tensor of tensors.values()) {
    const size = "data" in tensor ? tensor.data.length : tensor.bytes;
    bytes.set(tensor.format, (bytes.get(tensor.format) ?? 0) + size);
  }
  return bytes;
}

function sourceOf(name: string, { format, file, offset, bytes, heads, shape }: PlacedTensor): TensorSource {
  if (format === "integers") {
    throw aiError("WEIGHT_DTYPE", {
      message: `${file.name}: tensor ${name} holds integers, where floating point is needed`,
      fix: "use weights of F32, F16 or BF16, or a GGUF file",
      facts: { tensor: name },
    });
  }
  if (format === "F64") {
    const values = tensorToF32({ dtype: "F64", shape, data: file.read(offset, bytes) }, name);
    return { format: "F32", data: new Uint8Array(values.buffer) };
  }
  return { format, heads, ...file.place(offset, bytes) };
}

function checkShape(name: string, found: readonly number[], wanted: readonly number[]): void {
  if (found.length === wanted.length && found.every((size, i) => size === wanted[i])) return;
  throw aiError("WEIGHT_SHAPE", {
    message: `tensor ${name} has shape [${found}], but its config says [${wanted}]`,
    fix: "check that the config belongs to these weights",
    facts: { tensor: name, found, expected: wanted },
  });
}

/** Float32 values of a tensor whose shape must be `shape`. @throws CodedError `WEIGHT_SHAPE`, `WEIGHT_NOT_FINITE`. */
export function checkedTensor(name: string, tensor: Tensor, shape: readonly number[]): Float32Array {
  checkShape(name, tensor.shape, shape);
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
 * Tensors by Hugging Face name. A .gguf file goes before a .safetensors file, and that before an index, as in transformers:
 * the index is then of an older upload.
 */
export function placedTensors(
  source: ModelSource,
  config: ModelConfig,
  gguf: Gguf | undefined = ggufOf(source),
): Map<string, PlacedTensor> {
  if (gguf) return ggufTensors(gguf, config);
  if (source.weights.has("model.safetensors") || !source.files.has(INDEX)) {
    return withModelPrefix(new Map(shardTensors(source, "model.safetensors")));
  }
  return withModelPrefix(indexedTensors(source));
}

/** The model's .gguf file, read as far as its list of tensors, or undefined where its weights are in another form. */
export function ggufOf(source: ModelSource): Gguf | undefined {
  const file = source.weights.get(GGUF_FILE);
  return file && readGguf(file);
}

function ggufTensors(gguf: Gguf, config: ModelConfig): Map<string, PlacedTensor> {
  const tensors = new Map<string, PlacedTensor>();
  for (const { name, format, dimensions, offset, bytes } of gguf.tensors) {
    // Became part of the config.
    if (name === "rope_freqs.weight") continue;
    const hf = hfTensorName(name) ?? name;
    const heads = turnedHeads(config, hf);
    tensors.set(hf, { format, shape: [...dimensions].reverse(), file: gguf.file, offset, bytes, heads });
  }
  return tensors;
}

function shardTensors(source: ModelSource, name: string): [string, PlacedTensor][] {
  const file = source.weights.get(name);
  if (!file) {
    throw aiError("MODEL_FILE_MISSING", {
      message: `the model has no ${name}`,
      fix: `put ${name} beside the other files of the model`,
      facts: { name, present: [...source.weights.keys()] },
    });
  }
  return [...readSafetensorsHeader(file).tensors].map(([tensor, { dtype, shape, offset, bytes }]) => {
    const known = dtype === "F32" || dtype === "F16" || dtype === "BF16" || dtype === "F64";
    return [tensor, { format: known ? dtype : "integers", shape, file, offset, bytes, heads: 0 }];
  });
}

function indexedTensors(source: ModelSource): Map<string, PlacedTensor> {
  const index = indexSchema.safeParse(requireJson(source.files, INDEX));
  if (!index.success) {
    throw aiError("MODEL_FILE_INVALID", { message: `${INDEX} has no weight_map`, facts: { name: INDEX } });
  }
  const outside = Object.values(index.data.weight_map).find((shard) => !SHARD_NAME.test(shard));
  if (outside !== undefined) {
    throw aiError("MODEL_FILE_INVALID", {
      message: `${INDEX} places tensors in ${JSON.stringify(outside)}, which is not the name of a file beside it`,
      fix: "use the index that belongs to the model: it names .safetensors files of the same folder",
      facts: { name: INDEX, shard: outside },
    });
  }
  const shards = new Map<string, Map<string, PlacedTensor>>();
  const tensors = new Map<string, PlacedTensor>();
  for (const [name, shard] of Object.entries(index.data.weight_map)) {
    const content = shards.get(shard) ?? new Map(shardTensors(source, shard));
    shards.set(shard, content);
    const tensor = content.get(name);
    if (!tensor) {
      throw aiError("WEIGHT_MISSING", {
        message: `${shard} lacks the tensor ${name}, which the index places there`,
        fix: "download the shards and the index of one and the same version",
        facts: { tensor: name, shard },
      });
    }
    tensors.set(name, tensor);
  }
  return tensors;
}

const EMBEDDINGS = "embed_tokens.weight";

/**
 * Tensors under the names of the whole causal model ("model.layers.0. ...", "lm_head.weight"). Checkpoints of the bare model
 * lack "model.", those that a wrapper saved ("module.", "_orig_mod.") have more before it.
 */
function withModelPrefix<T>(tensors: Map<string, T>): Map<string, T> {
  const [embeddings, second] = [...tensors.keys()].filter((name) => name.endsWith(EMBEDDINGS));
  const prefix = embeddings?.slice(0, -EMBEDDINGS.length);
  if (prefix === undefined || second !== undefined || prefix === "model." || !/^(\w+\.)*$/.test(prefix))
    return tensors;
  const wrapper = prefix.replace(/model\.$/, "");
  const renamed = new Map<string, T>();
  for (const [name, tensor] of tensors) renamed.set(renamedTensor(name, prefix, wrapper), tensor);
  // Two tensors of one name would hide each other.
  return renamed.size === tensors.size ? renamed : tensors;
}

function renamedTensor(name: string, prefix: string, wrapper: string): string {
  if (name === `${wrapper}lm_head.weight`) return "lm_head.weight";
  return name.startsWith(prefix) ? `model.${name.slice(prefix.length)}` : name;
}
