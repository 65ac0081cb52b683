import type { LoraTarget } from "../../../native/js/index.ts";
import type { CodedError } from "../../base/errors.ts";
import { aiError } from "../errors.ts";
import { type Family, type ModelConfig, withinLimits } from "./config.ts";
import type { Gguf, GgufTensor } from "./gguf.ts";

/** Names of a layer's parts below `blk.N.`, and below `model.layers.N.` in Hugging Face's files. */
const LAYER_PARTS: Readonly<Record<string, string>> = {
  attn_norm: "input_layernorm",
  attn_q: "self_attn.q_proj",
  attn_k: "self_attn.k_proj",
  attn_v: "self_attn.v_proj",
  attn_output: "self_attn.o_proj",
  attn_q_norm: "self_attn.q_norm",
  attn_k_norm: "self_attn.k_norm",
  ffn_norm: "post_attention_layernorm",
  ffn_gate: "mlp.gate_proj",
  ffn_up: "mlp.up_proj",
  ffn_down: "mlp.down_proj",
};
const MODEL_PARTS: Readonly<Record<string, string>> = {
  "token_embd.weight": "model.embed_tokens.weight",
  "output_norm.weight": "model.norm.weight",
  "output.weight": "lm_head.weight",
};
const BIASED: readonly LoraTarget[] = [
  "q_proj",
  "k_proj",
  "v_proj",
  "o_proj",
  "gate_proj",
  "up_proj",
  "down_proj",
];
const FAMILIES: readonly Family[] = ["llama", "qwen2", "qwen3"];
/** Keys below the architecture's name that would change what is computed, and the values with which they do not. */
const NEUTRAL: Readonly<Record<string, (value: unknown, gguf: Gguf) => boolean>> = {
  expert_count: (value) => value === 0,
  "attention.causal": (value) => value === true,
  "attention.clamp_kqv": (value) => value === 0,
  "attention.max_alibi_bias": (value) => value === 0,
  "attention.scale": () => false,
  "attention.sliding_window": (value, gguf) =>
    value === 0 || (typeof value === "number" && value >= integer(gguf, "context_length")),
  "rope.scaling.type": (value) => value === "none",
  "rope.scaling.factor": (value) => value === 1 || value === 0,
  "rope.scale_linear": (value) => value === 1,
  logit_scale: (value) => value === 1,
  residual_scale: (value) => value === 1,
  embedding_scale: (value) => value === 1,
  use_parallel_residual: (value) => value === false,
};

/** The Hugging Face name of a tensor, or undefined for one that is no weight of these families. */
export function hfTensorName(name: string): string | undefined {
  if (Object.hasOwn(MODEL_PARTS, name)) return MODEL_PARTS[name];
  const [, layer, part, kind] = /^blk\.(\d{1,4})\.([a-z_]+)\.(weight|bias)$/.exec(name) ?? [];
  if (layer === undefined || part === undefined || !Object.hasOwn(LAYER_PARTS, part)) return undefined;
  return `model.layers.${Number(layer)}.${LAYER_PARTS[part]}.${kind}`;
}

/**
 * For a tensor of an architecture whose rows llama.cpp's converter turned round: the number of heads whose rows have to be put
 * back, else 0. Only `llama` has them: it rotates neighbouring pairs, all others rotate halves.
 */
export function turnedHeads(config: ModelConfig, hfName: string): number {
  if (config.family !== "llama") return 0;
  if (/self_attn\.q_proj\.(weight|bias)$/.test(hfName)) return config.heads;
  return /self_attn\.k_proj\.(weight|bias)$/.test(hfName) ? config.kvHeads : 0;
}

/**
 * What a GGUF file's metadata say the model computes.
 * @throws CodedError `GGUF_INVALID` for missing or broken keys, `MODEL_UNSUPPORTED` naming the key for what the kernels do not compute.
 */
export function configOfGguf(gguf: Gguf): ModelConfig {
  const family = FAMILIES.find((known) => known === architectureOf(gguf));
  if (family === undefined)
    throw unsupported(gguf, `the architecture ${JSON.stringify(architectureOf(gguf))}`);
  refuseUnsupported(gguf, family);
  const names = new Set(gguf.tensors.map(({ name }) => name));
  const heads = integer(gguf, "attention.head_count");
  const hiddenSize = integer(gguf, "embedding_length");
  const kvHeads = integer(gguf, "attention.head_count_kv", heads);
  const headDim = integer(gguf, "attention.key_length", hiddenSize / heads);
  if (heads % kvHeads !== 0 || !Number.isInteger(headDim) || headDim % 2 !== 0) {
    throw invalid(
      gguf,
      `${heads} heads, ${kvHeads} key-value heads and a head size of ${headDim} do not go together`,
    );
  }
  return withinLimits(gguf.file.name, {
    family,
    vocabSize: embeddingRows(gguf),
    hiddenSize,
    intermediateSize: integer(gguf, "feed_forward_length"),
    layers: integer(gguf, "block_count"),
    heads,
    kvHeads,
    headDim,
    normEps: float(gguf, "attention.layer_norm_rms_epsilon"),
    tieEmbeddings: !names.has("output.weight"),
    biases: BIASED.filter((linear) => names.has(`blk.0.${ggufPart(linear)}.bias`)),
    qkNorm: names.has("blk.0.attn_q_norm.weight"),
    contextLength: integer(gguf, "context_length"),
    ropeTheta: float(gguf, "rope.freq_base", 10_000),
    ropeScaling: null,
    ropeDivisors: ropeDivisors(gguf, headDim),
    bosTokenId: tokenId(gguf, "bos"),
    eosTokenIds: ["eos", "eot", "eom"].map((name) => tokenId(gguf, name)).filter((id) => id !== null),
  });
}

/** The value of `general.architecture`. */
export function architectureOf(gguf: Gguf): string {
  const value = gguf.metadata.get("general.architecture")?.value;
  if (typeof value !== "string") throw invalid(gguf, "its metadata lack general.architecture");
  return value;
}

function ggufPart(linear: LoraTarget): string {
  const [part] = Object.entries(LAYER_PARTS).find(([, hf]) => hf.endsWith(linear))!;
  return part;
}

function embeddingRows(gguf: Gguf): number {
  const rows = gguf.tensors.find(({ name }) => name === "token_embd.weight")?.dimensions[1];
  if (rows === undefined) throw invalid(gguf, "it has no matrix token_embd.weight");
  return rows;
}

/** The numbers that llama.cpp divides the rotary frequencies by, where the file has them (Llama 3.1 and later). */
function ropeDivisors(gguf: Gguf, headDim: number): Float32Array | null {
  const tensor = gguf.tensors.find(({ name }) => name === "rope_freqs.weight");
  if (!tensor) return null;
  const half = headDim / 2;
  if (tensor.format !== "F32" || tensor.dimensions.length !== 1 || tensor.dimensions[0] !== half) {
    throw invalid(gguf, `rope_freqs.weight is no vector of ${half} F32 values`);
  }
  const values = f32Values(gguf, tensor);
  if (!values.every((value) => value > 0 && value < 1e9)) {
    throw invalid(gguf, "rope_freqs.weight holds something that is not a positive number");
  }
  return values;
}

function f32Values(gguf: Gguf, tensor: GgufTensor): Float32Array {
  return new Float32Array(Uint8Array.from(gguf.file.read(tensor.offset, tensor.bytes)).buffer);
}

function refuseUnsupported(gguf: Gguf, family: Family): void {
  const prefix = `${architectureOf(gguf)}.`;
  for (const [key, neutral] of Object.entries(NEUTRAL)) {
    const value = gguf.metadata.get(prefix + key)?.value;
    if (value !== undefined && !neutral(value, gguf))
      throw unsupported(gguf, `${prefix}${key} ${String(value)}`);
  }
  const keyLength = gguf.metadata.get(`${prefix}attention.key_length`)?.value;
  const valueLength = gguf.metadata.get(`${prefix}attention.value_length`)?.value;
  if (valueLength !== undefined && keyLength !== undefined && valueLength !== keyLength) {
    throw unsupported(
      gguf,
      `${prefix}attention.value_length ${String(valueLength)} beside a key_length of ${String(keyLength)}`,
    );
  }
  const rotated = gguf.metadata.get(`${prefix}rope.dimension_count`)?.value;
  const headDim = keyLength ?? integer(gguf, "embedding_length") / integer(gguf, "attention.head_count");
  if (rotated !== undefined && rotated !== headDim) {
    throw unsupported(
      gguf,
      `${prefix}rope.dimension_count ${String(rotated)} of a head size of ${String(headDim)}`,
    );
  }
  if (family === "qwen3" && !gguf.tensors.some(({ name }) => name === "blk.0.attn_q_norm.weight")) {
    throw invalid(gguf, "a qwen3 model needs blk.0.attn_q_norm.weight");
  }
}

function integer(gguf: Gguf, key: string, otherwise?: number): number {
  const name = `${architectureOf(gguf)}.${key}`;
  const value = gguf.metadata.get(name)?.value ?? otherwise;
  if (Array.isArray(value)) throw unsupported(gguf, `${name} with a number for each layer`);
  const number = typeof value === "bigint" ? Number(value) : value;
  if (typeof number === "number" && Number.isSafeInteger(number) && number > 0 && number < 2 ** 31)
    return number;
  if (otherwise !== undefined && value === otherwise) return otherwise;
  throw invalid(
    gguf,
    `${name} is ${value === undefined ? "missing" : String(value)}; it must be a positive integer`,
  );
}

function float(gguf: Gguf, key: string, otherwise?: number): number {
  const name = `${architectureOf(gguf)}.${key}`;
  const value = gguf.metadata.get(name)?.value ?? otherwise;
  if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
  throw invalid(
    gguf,
    `${name} is ${value === undefined ? "missing" : String(value)}; it must be a positive number`,
  );
}

/** The id of a special token by its name in the metadata (`bos`, `eos`, ...), or null. */
export function tokenId(gguf: Gguf, name: string): number | null {
  const value = gguf.metadata.get(`tokenizer.ggml.${name}_token_id`)?.value;
  return typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : null;
}

function unsupported(gguf: Gguf, what: string): CodedError {
  return aiError("MODEL_UNSUPPORTED", {
    message: `${gguf.file.name}: ${what} is not supported`,
    fix: "use a llama, qwen2 or qwen3 model with full causal attention and unscaled RoPE (rope_freqs is read)",
    facts: { name: gguf.file.name, what },
  });
}

function invalid(gguf: Gguf, what: string): CodedError {
  return aiError("GGUF_INVALID", {
    message: `${gguf.file.name} is not a usable GGUF model: ${what}`,
    fix: "convert the model again with llama.cpp",
    facts: { name: gguf.file.name },
  });
}
