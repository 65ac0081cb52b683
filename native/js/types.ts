/** Shapes of everything that goes into and comes out of the native core. */

/** A decoder of the Llama family: Llama, Mistral, Qwen2, Qwen3. */
export interface ModelConfig {
  vocabSize: number;
  hiddenSize: number;
  layers: number;
  heads: number;
  kvHeads: number;
  /** `heads * headDim` may differ from `hiddenSize`; even. */
  headDim: number;
  intermediateSize: number;
  /** Longest sequence (prompt and answer). */
  maxPositions: number;
  rmsEps: number;
  ropeTheta: number;
  /** Llama 3 frequency scaling; absent: plain RoPE. */
  ropeScaling?: {
    factor: number;
    lowFreqFactor: number;
    highFreqFactor: number;
    originalMaxPositions: number;
  };
  /** head_dim / 2 numbers that the rotary frequencies are divided by (a GGUF file's `rope_freqs`); not with `ropeScaling`. */
  ropeDivisors?: Float32Array;
  /** The output matrix is the embedding: no `lm_head.weight`. */
  tied: boolean;
  /** The linears that have a bias; absent: none. */
  biases?: readonly LoraTarget[];
  /** Every head of q and k goes through an RMSNorm of its own before RoPE (Qwen3); absent: no. */
  qkNorm?: boolean;
}

export const LORA_TARGETS = [
  "q_proj",
  "k_proj",
  "v_proj",
  "o_proj",
  "gate_proj",
  "up_proj",
  "down_proj",
] as const;
export type LoraTarget = (typeof LORA_TARGETS)[number];

export interface AdapterShape {
  rank: number;
  /** alpha / rank, or alpha / sqrt(rank) with rsLoRA. */
  scale: number;
  targets: readonly LoraTarget[];
}

/** Row-major fp32 tensors by Hugging Face (models) or PEFT (adapters) name. */
export type Tensors = Record<string, Float32Array>;

/** Number formats of weights, with the numbers that GGUF files use. */
export const WEIGHT_FORMATS = {
  F32: 0,
  F16: 1,
  BF16: 30,
  Q8_0: 8,
  Q4_0: 2,
  Q4_1: 3,
  Q5_0: 6,
  Q5_1: 7,
  Q4_K: 12,
  Q5_K: 13,
  Q6_K: 14,
} as const;
export type WeightFormat = keyof typeof WEIGHT_FORMATS;

/** Where one tensor's bytes are. */
export type TensorSource = {
  format: WeightFormat;
  /** The rows of each of so many heads stand in llama.cpp's order: they are put back. */
  heads?: number;
} & ({ data: Uint8Array } | { path: string; offset: number; bytes: number });

/** A file of weights; its size is what it was when its header was read. */
export interface WeightFile {
  path: string;
  size: number;
}

export interface TensorInfo {
  name: string;
  shape: number[];
  /** First element in the flat vector. */
  offset: number;
  count: number;
}

/**
 * One sequence. Tokens `completionStart`..end are the targets (token t is predicted at position t-1), or those with
 * a non-zero entry in `mask` (one entry a token; entry 0 must be 0) when that is given.
 */
export interface Example {
  ids: Int32Array | readonly number[];
  completionStart: number;
  mask?: Uint8Array;
}

export interface AdamwOptions {
  beta1?: number;
  beta2?: number;
  eps?: number;
  weightDecay?: number;
}

/** Learning rate of step s (counted from 0): linear warm-up, then constant or a cosine down to `minLr` at `totalSteps`. */
export interface Schedule {
  kind: "constant" | "cosine";
  lr: number;
  minLr?: number;
  warmupSteps?: number;
  /** Needed for `cosine`: the whole run's length, not this job's. */
  totalSteps?: number;
}

export interface TrainerState {
  /** Steps done so far. */
  step: number;
  weights: Tensors;
  /** First and second moments, flat in the order of `modelTensors`. */
  m: Float32Array;
  v: Float32Array;
}

export interface EvaluateResult {
  /** Minus the sum of the targets' log-probabilities, one entry an example. */
  losses: Float64Array;
  /** Log-probability of every target, per example. */
  logprobs: Float32Array[];
  logits: Float32Array[] | undefined;
  hidden: Float32Array[] | undefined;
}

export interface GenerateResult {
  tokens: Int32Array[];
  /** Logit of each chosen token. */
  logits: Float32Array[];
  /** Its distance to the second best logit. */
  gaps: Float32Array[];
  logprobs: Float32Array[];
}

export interface GradientsResult {
  losses: Float64Array;
  gradients: Tensors;
}

export interface LoraGradientsResult {
  losses: Float64Array;
  /** [examples, dimension], row-major. */
  rows: Float32Array;
  dimension: number;
}

export interface TrainResult {
  /** Batch loss before each step's update (mean over targets). */
  losses: Float64Array;
  /** Gradient norm of each step before clipping; 0 when clipping is off. */
  norms: Float64Array;
}

/** What a fine-tuning goes on from, beside the factors: AdamW's moments, flat in the order of `adapterTensors`. */
export interface TrainedState {
  /** Steps done so far. */
  step: number;
  m: Float32Array;
  v: Float32Array;
}

export interface LoraTrainResult extends TrainResult {
  flat: Float32Array;
  tensors: Tensors;
  /** After the last step: another job goes on from it as if it were the same. */
  state: TrainedState;
}

export type Isa = "scalar" | "avx2" | "avx512" | "vnni" | "amx";

/**
 * How products with weights are made: `f32` widens weights of any format exactly; `q8` rounds activations to blocks of whole
 * numbers where the weights are in a block format (Q8_0 to Q6_K). native/spec.md has both to the bit.
 */
export const ARITHMETICS = ["f32", "q8"] as const;
export type Arithmetic = (typeof ARITHMETICS)[number];

export interface BackendInfo {
  /** Instruction sets that this CPU can run, worst first. */
  isas: Isa[];
  cores: number;
  cuda: { compiled: boolean; available: boolean; reason: string };
}

/** A job's state as the addon tells it; `code` and `error` are set when it failed. */
export interface RawProgress {
  state: "running" | "done" | "cancelled" | "failed";
  done: number;
  total: number;
  loss: number;
  code: string;
  error: string;
}

/** Results of a job by name. */
export type JobOutputs = Record<string, Float32Array | Float64Array | Int32Array | Int16Array | Int8Array>;
