import { LORA_TARGETS, type LoraTarget } from "../../../native/js/index.ts";
import type { CodedError } from "../../base/errors.ts";
import { aiError } from "../errors.ts";
import type { ModelConfig } from "./config.ts";
import { linearShapes } from "./weights.ts";

/** Bytes of one part of what a job needs. */
export interface MemoryPart {
  name: "weights" | "key-value cache" | "adapter" | "activations" | "logits" | "gradients" | "factors";
  bytes: number;
}

/** A LoRA adapter's size. */
export interface AdapterSize {
  rank: number;
  targets?: readonly LoraTarget[];
}

/** Tokens of one micro-batch where a session does not say otherwise. */
const MICRO_BATCH = 1024;
const F32 = 4;

/** LoRA parameters of an adapter for this model. */
export function adapterParameters(
  config: ModelConfig,
  { rank, targets = LORA_TARGETS }: AdapterSize,
): number {
  const linears = linearShapes(config).filter(({ name }) => targets.some((target) => name.endsWith(target)));
  return config.layers * linears.reduce((sum, linear) => sum + rank * (linear.in + linear.out), 0);
}

/** Answering: one sequence of at most `positions` tokens at a time, with adapters resident beside the weights. */
export function servingMemory(
  config: ModelConfig,
  weights: number,
  use: { positions: number; adapters?: readonly AdapterSize[] },
): MemoryPart[] {
  const kv = config.kvHeads * config.headDim;
  const adapters = (use.adapters ?? []).map((adapter) => adapterParameters(config, adapter));
  const widest = Math.max(1, ...(use.adapters ?? []).map(({ rank }) => rank));
  return [
    { name: "weights", bytes: weights },
    { name: "key-value cache", bytes: 2 * config.layers * use.positions * kv * F32 },
    // The factors as they were read, on the device, and packed in both directions.
    { name: "adapter", bytes: 4 * F32 * adapters.reduce((sum, count) => sum + count, 0) },
    { name: "activations", bytes: use.positions * layerActivations(config, widest) * F32 },
    { name: "logits", bytes: 2 * (config.vocabSize + config.hiddenSize) * F32 },
  ];
}

/** LoRA training and per-example gradients: activations of every layer stay for the backward pass. */
export function trainingMemory(
  config: ModelConfig,
  weights: number,
  use: { adapter: AdapterSize; longestRow: number; microbatchTokens?: number },
): MemoryPart[] {
  const tokens = Math.max(use.microbatchTokens ?? MICRO_BATCH, use.longestRow);
  const parameters = adapterParameters(config, use.adapter);
  const q = config.heads * config.headDim;
  const kv = config.kvHeads * config.headDim;
  const backward = 3 * config.hiddenSize + 2 * q + 4 * kv + 3 * config.intermediateSize;
  const kept = config.layers * layerActivations(config, use.adapter.rank);
  return [
    { name: "weights", bytes: weights },
    // Factors read, on the device and packed in both directions, gradient and two moments.
    { name: "adapter", bytes: 7 * F32 * parameters },
    { name: "activations", bytes: tokens * (kept + backward + widestRow(config)) * F32 },
    { name: "logits", bytes: tokens * (config.vocabSize + config.hiddenSize) * F32 },
  ];
}

/** Fitting an attribution basis on `rows` rows: their gradients at once, and the Kronecker factors of every linear. */
export function fitMemory(
  config: ModelConfig,
  weights: number,
  use: { adapter: AdapterSize; longestRow: number; rows: number },
): MemoryPart[] {
  const { rank, targets = LORA_TARGETS } = use.adapter;
  const parameters = adapterParameters(config, use.adapter);
  const linears = linearShapes(config).filter(({ name }) => targets.some((target) => name.endsWith(target)));
  // q, k and v share their input, and so do gate and up.
  const inputs = new Map(
    linears.map((linear) => [
      linear.name.replace(/[qkv]_proj$/, "qkv").replace(/(gate|up)_proj$/, "in"),
      linear.in,
    ]),
  );
  const squares =
    [...inputs.values()].reduce((sum, size) => sum + size ** 2, 0) +
    linears.reduce((sum, linear) => sum + linear.out ** 2 + 2 * rank ** 2, 0);
  const training = trainingMemory(config, weights, use);
  return [
    ...training,
    { name: "gradients", bytes: use.rows * parameters * F32 + 3 * 8 * use.rows ** 2 },
    // On the device, on the host, and their eigenvectors in fp64.
    { name: "factors", bytes: config.layers * squares * (2 * F32 + 8) },
  ];
}

/** Floats a token that one layer keeps (native/core/executor.cpp, `reserve`). */
function layerActivations(config: ModelConfig, rank: number): number {
  const q = config.heads * config.headDim;
  const kv = config.kvHeads * config.headDim;
  const heads = config.qkNorm ? q + kv + config.heads + config.kvHeads : 0;
  const linears = 4 * config.hiddenSize + 2 * q + 2 * kv + 3 * config.intermediateSize;
  return linears + 2 + 2 * config.heads + heads + LORA_TARGETS.length * rank;
}

function widestRow(config: ModelConfig): number {
  return Math.max(config.hiddenSize, config.heads * config.headDim, config.intermediateSize);
}

/** Bytes that this process may still take, by its control group's limit where it has one. */
export function availableBytes(): number {
  return process.availableMemory();
}

/**
 * Refuses a job that does not fit before it begins.
 * @param available bytes; by default what this machine still has.
 * @throws CodedError `MEMORY_TOO_SMALL` with every part in bytes.
 */
export function requireMemory(job: string, parts: readonly MemoryPart[], available = availableBytes()): void {
  const needed = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  if (needed <= available) return;
  throw tooSmall(job, parts, needed, available);
}

function tooSmall(job: string, parts: readonly MemoryPart[], needed: number, available: number): CodedError {
  const list = parts
    .filter(({ bytes }) => bytes > 0)
    .map(({ name, bytes }) => `${name} ${mebibytes(bytes)}`)
    .join(", ");
  return aiError("MEMORY_TOO_SMALL", {
    message: `${job} needs ${mebibytes(needed)} of memory, and ${mebibytes(available)} are free: ${list}`,
    fix: "use a smaller or a quantised base model, a smaller rank or shorter rows, or a machine with more memory",
    facts: { needed, available, parts: Object.fromEntries(parts.map(({ name, bytes }) => [name, bytes])) },
  });
}

const mebibytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`;
