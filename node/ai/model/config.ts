import { z } from "zod";
import type { LoraTarget } from "../../../native/js/index.ts";
import type { CodedError } from "../../base/errors.ts";
import { aiError } from "../errors.ts";

/** RoPE frequency scaling of Llama 3.1 and later. */
export interface Llama3Scaling {
  factor: number;
  lowFreqFactor: number;
  highFreqFactor: number;
  /** Tokens; `original_max_position_embeddings`. */
  originalContext: number;
}

export const FAMILIES = ["llama", "mistral", "qwen2", "qwen3"] as const;
export type Family = (typeof FAMILIES)[number];

/** What the forward pass needs to know of a Llama-family model. */
export interface ModelConfig {
  family: Family;
  vocabSize: number;
  hiddenSize: number;
  intermediateSize: number;
  layers: number;
  heads: number;
  kvHeads: number;
  /** Elements of one head; heads · headDim may differ from hiddenSize. */
  headDim: number;
  normEps: number;
  tieEmbeddings: boolean;
  /** The linears that have a bias. */
  biases: readonly LoraTarget[];
  /** Every head of q and k goes through an RMSNorm of its own before RoPE. */
  qkNorm: boolean;
  /** Tokens. */
  contextLength: number;
  ropeTheta: number;
  ropeScaling: Llama3Scaling | null;
  /** headDim / 2 numbers that the frequencies are divided by, in place of `ropeScaling`: how GGUF files say it. */
  ropeDivisors?: Float32Array | null;
  bosTokenId: number | null;
  /** Any of them ends an answer. */
  eosTokenIds: readonly number[];
}

const size = z
  .number()
  .int()
  .positive()
  .max(1 << 24);
const tokenId = z.number().int().nonnegative();

const ropeSchema = z.looseObject({
  rope_type: z.string().optional(),
  type: z.string().optional(),
  rope_theta: z.number().positive().optional(),
  factor: z.number().positive().optional(),
  low_freq_factor: z.number().positive().optional(),
  high_freq_factor: z.number().positive().optional(),
  original_max_position_embeddings: size.optional(),
});

const configSchema = z.looseObject({
  model_type: z.string(),
  vocab_size: size,
  hidden_size: size,
  intermediate_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
  rms_norm_eps: z.number().positive().default(1e-6),
  max_position_embeddings: size,
  tie_word_embeddings: z.boolean().default(false),
  hidden_act: z.string().default("silu"),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  rope_theta: z.number().positive().nullish(),
  rope_scaling: ropeSchema.nullish(),
  rope_parameters: ropeSchema.nullish(),
  bos_token_id: tokenId.nullish(),
  eos_token_id: z.union([tokenId, z.array(tokenId)]).nullish(),
  use_sliding_window: z.boolean().default(false),
  sliding_window: z.number().nullish(),
  layer_types: z.array(z.string()).nullish(),
  partial_rotary_factor: z.number().default(1),
  pretraining_tp: z.number().default(1),
  quantization_config: z.unknown().optional(),
});

type RawConfig = z.infer<typeof configSchema>;

/**
 * Reads config.json as transformers 4 (`rope_theta`, `rope_scaling`) or 5 (`rope_parameters`) writes it.
 * @throws CodedError `MODEL_CONFIG_INVALID` for broken fields, `MODEL_UNSUPPORTED` for what the kernels do not compute.
 */
export function parseModelConfig(json: unknown, name = "config.json"): ModelConfig {
  const parsed = configSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw aiError("MODEL_CONFIG_INVALID", {
      message: `${name}: ${issue.path.join(".") || "the whole"}: ${issue.message}`,
      fix: "use the config.json that belongs to the weights",
      facts: { issues: parsed.error.issues.map((item) => `${item.path.join(".")}: ${item.message}`) },
    });
  }
  const raw = parsed.data;
  refuseUnsupported(raw, name);
  const heads = raw.num_attention_heads;
  const family = raw.model_type as Family;
  const kvHeads =
    raw.num_key_value_heads ??
    (raw.num_key_value_heads === null ? heads : (MISSING_KV_HEADS[family] ?? heads));
  const headDim = raw.head_dim ?? (family === "qwen3" ? 128 : raw.hidden_size / heads);
  if (heads % kvHeads !== 0 || !Number.isInteger(headDim) || headDim % 2 !== 0) {
    throw aiError("MODEL_CONFIG_INVALID", {
      message: `${name}: ${heads} heads, ${kvHeads} key-value heads and a head size of ${headDim} do not go together`,
      fix: "use the config.json that belongs to the weights",
    });
  }
  return withinLimits(name, {
    family,
    vocabSize: raw.vocab_size,
    hiddenSize: raw.hidden_size,
    intermediateSize: raw.intermediate_size,
    layers: raw.num_hidden_layers,
    heads,
    kvHeads,
    headDim,
    normEps: raw.rms_norm_eps,
    tieEmbeddings: raw.tie_word_embeddings,
    biases: biasesOf(raw),
    qkNorm: family === "qwen3",
    contextLength: raw.max_position_embeddings,
    ...ropeOf(raw, name),
    bosTokenId: raw.bos_token_id ?? null,
    eosTokenIds: eosList(raw.eos_token_id),
  });
}

/** The largest sizes that the kernels take: a config that claims more is refused before anything is made for it. */
const LIMITS = {
  vocabSize: 1 << 20,
  hiddenSize: 1 << 15,
  intermediateSize: 1 << 17,
  layers: 512,
  heads: 512,
  headDim: 1024,
  contextLength: 1 << 20,
} as const;

/** Gives the config back. @throws CodedError `MODEL_UNSUPPORTED` naming the size that is too large. */
export function withinLimits(name: string, config: ModelConfig): ModelConfig {
  const sizes = Object.keys(LIMITS) as (keyof typeof LIMITS)[];
  const over = sizes.find((field) => config[field] > LIMITS[field]);
  if (over !== undefined) throw unsupported(name, `${over} ${config[over]} above ${LIMITS[over]}`);
  return config;
}

/** transformers' value for a config that does not say; the same as the heads where there is none. */
const MISSING_KV_HEADS: Partial<Record<Family, number>> = { mistral: 8, qwen2: 32, qwen3: 32 };

const ATTENTION: readonly LoraTarget[] = ["q_proj", "k_proj", "v_proj", "o_proj"];
const MLP: readonly LoraTarget[] = ["gate_proj", "up_proj", "down_proj"];

function biasesOf(raw: RawConfig): LoraTarget[] {
  if (raw.model_type === "qwen2") return ["q_proj", "k_proj", "v_proj"];
  return [...(raw.attention_bias ? ATTENTION : []), ...(raw.mlp_bias ? MLP : [])];
}

/** `eos_token_id` in either of its two forms as a list. */
export function eosList(value: number | readonly number[] | null | undefined): number[] {
  if (value === null || value === undefined) return [];
  return typeof value === "number" ? [value] : [...value];
}

function ropeOf(raw: RawConfig, name: string): { ropeTheta: number; ropeScaling: Llama3Scaling | null } {
  const rope = raw.rope_parameters ?? raw.rope_scaling ?? {};
  const ropeTheta = rope.rope_theta ?? raw.rope_theta ?? 10_000;
  const type = rope.rope_type ?? rope.type ?? "default";
  if (type === "default") return { ropeTheta, ropeScaling: null };
  if (type !== "llama3") throw unsupported(name, `RoPE scaling ${JSON.stringify(type)}`);
  const { factor, low_freq_factor: low, high_freq_factor: high } = rope;
  const original = rope.original_max_position_embeddings;
  if (!factor || !low || !high || !original || high <= low) {
    throw aiError("MODEL_CONFIG_INVALID", {
      message: `${name}: llama3 RoPE scaling needs factor, low_freq_factor < high_freq_factor and original_max_position_embeddings`,
      fix: "use the config.json that belongs to the weights",
    });
  }
  return {
    ropeTheta,
    ropeScaling: { factor, lowFreqFactor: low, highFreqFactor: high, originalContext: original },
  };
}

function refuseUnsupported(raw: RawConfig, name: string): void {
  if (!FAMILIES.some((family) => family === raw.model_type)) {
    throw unsupported(name, `the family ${JSON.stringify(raw.model_type)}`);
  }
  if (raw.hidden_act !== "silu") throw unsupported(name, `hidden_act ${raw.hidden_act}`);
  // transformers reads these fields for the families named here only: elsewhere the config does not say what it computes.
  if (raw.attention_bias && raw.model_type !== "llama" && raw.model_type !== "qwen3") {
    throw unsupported(name, `attention_bias of the family ${raw.model_type}`);
  }
  if (raw.mlp_bias && raw.model_type !== "llama")
    throw unsupported(name, `mlp_bias of the family ${raw.model_type}`);
  if (raw.use_sliding_window) throw unsupported(name, "use_sliding_window (sliding_window)");
  // The Qwen families write a window that use_sliding_window turns on; a window as long as the context hides nothing.
  const windowed = raw.model_type === "llama" || raw.model_type === "mistral";
  if (windowed && raw.sliding_window && raw.sliding_window < raw.max_position_embeddings) {
    throw unsupported(
      name,
      `sliding_window ${raw.sliding_window} below the context of ${raw.max_position_embeddings}`,
    );
  }
  if (raw.partial_rotary_factor !== 1) throw unsupported(name, "partial_rotary_factor");
  if (raw.quantization_config) throw unsupported(name, "quantised weights");
  const other = raw.layer_types?.find((type) => type !== "full_attention");
  if (other) throw unsupported(name, `the layer type ${other}`);
}

function unsupported(name: string, what: string): CodedError {
  return aiError("MODEL_UNSUPPORTED", {
    message: `${name}: ${what} is not supported`,
    fix: "use a Llama, Mistral, Qwen2 or Qwen3 model with full causal attention, SiLU and default or llama3 RoPE",
    facts: { what },
  });
}
