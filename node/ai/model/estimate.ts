import { readFileSync } from "node:fs";
import { factoredSizes, KEPT_GRADIENTS } from "../../../native/js/factored.ts";
import { LORA_TARGETS, type LoraTarget } from "../../../native/js/index.ts";
import type { CodedError } from "../../base/errors.ts";
import { aiError } from "../errors.ts";
import type { ModelConfig } from "./config.ts";
import { linearShapes } from "./weights.ts";

/** Bytes of one part of what a job needs. */
export interface MemoryPart {
  name:
    | "weights"
    | "key-value cache"
    | "adapter"
    | "activations"
    | "logits"
    | "gradients"
    | "factors"
    | "basis";
  bytes: number;
}

/** A LoRA adapter's size. */
export interface AdapterSize {
  rank: number;
  targets?: readonly LoraTarget[];
}

/** Tokens of one micro-batch where a session does not say otherwise. */
const MICRO_BATCH = 1024;
/** Tokens of the shortest rows, as the template leaves them. */
const SHORTEST_ROW = 4;
const F32 = 4;
/** Threads that work out eigenvectors at once, as far as is counted. */
const SOLVERS = 4;
/** Of a row for each direction of a factored basis, by which rows are chosen. */
const PROBES = 2;
/** What JavaScript's heap and threads may still claim of an address space that is limited: they can't be refused any. */
const HEAP_ROOM = 384 * 2 ** 20;

/** LoRA parameters of an adapter for this model. */
export function adapterParameters(
  config: ModelConfig,
  { rank, targets = LORA_TARGETS }: AdapterSize,
): number {
  const linears = linearShapes(config).filter(({ name }) => targets.some((target) => name.endsWith(target)));
  return config.layers * linears.reduce((sum, linear) => sum + rank * (linear.in + linear.out), 0);
}

/** Sizes of such an adapter's tensors: A and B of each linear, layer by layer. */
export function adapterTensorSizes(
  config: ModelConfig,
  { rank, targets = LORA_TARGETS }: AdapterSize,
): number[] {
  const linears = linearShapes(config).filter(({ name }) => targets.some((target) => name.endsWith(target)));
  const layer = linears.flatMap((linear) => [rank * linear.in, rank * linear.out]);
  return Array.from({ length: config.layers }, () => layer).flat();
}

/** Of a factored basis of k directions for such an adapter, at most (native/js/factored.ts). */
export function factoredBasisSize(
  config: ModelConfig,
  adapter: AdapterSize,
  dimension: number,
): ReturnType<typeof factoredSizes> {
  return factoredSizes(
    adapterTensorSizes(config, adapter).map((count) => ({ count })),
    dimension,
  );
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

/** A serving engine beside its weights: keys and values of `positions`, steps of `rows` rows of which `answers` are sampled. */
export function engineMemory(
  config: ModelConfig,
  { positions, rows, answers }: { positions: number; rows: number; answers: number },
): MemoryPart[] {
  const kv = config.kvHeads * config.headDim;
  return [
    { name: "key-value cache", bytes: 2 * config.layers * positions * kv * F32 },
    { name: "activations", bytes: rows * layerActivations(config, 1) * F32 },
    // On the device and on the host.
    { name: "logits", bytes: answers * (2 * config.vocabSize + config.hiddenSize) * F32 },
  ];
}

/** One question to a model in memory: the answer, then its gradient through the basis of so many mantissas. */
export function requestMemory(
  config: ModelConfig,
  use: { positions: number; adapter: AdapterSize; mantissas: number },
): MemoryPart[] {
  const { positions, adapter, mantissas } = use;
  const serving = servingMemory(config, 0, { positions, adapters: [adapter] });
  const backward = { adapter, longestRow: positions, microbatchTokens: positions };
  const gradient = backwardMemory(config, 0, backward, GRADIENT_COPIES);
  // One after the other, so the larger of each part counts.
  const parts = serving.map(({ name, bytes }) => ({
    name,
    bytes: Math.max(bytes, gradient.find((part) => part.name === name)?.bytes ?? 0),
  }));
  // The basis as it came is the model's own; a question takes it widened and, of a dense one, a copy.
  return [...parts, { name: "basis", bytes: (2 + F32) * mantissas }];
}

/** LoRA training: activations of every layer stay for the backward pass. */
export function trainingMemory(config: ModelConfig, weights: number, use: BackwardUse): MemoryPart[] {
  return backwardMemory(config, weights, use, TRAINING_COPIES);
}

/** Factors read, on the device and packed in both directions, gradient and two moments. */
const GRADIENT_COPIES = 7;
/**
 * Those of a gradient and, at the end of some steps, factors with both moments four times: what the steps began from, as it is taken
 * from the device, as the job gives it and as it is read.
 */
const TRAINING_COPIES = GRADIENT_COPIES + 4 * 3;

interface BackwardUse {
  adapter: AdapterSize;
  longestRow: number;
  microbatchTokens?: number;
}

function backwardMemory(
  config: ModelConfig,
  weights: number,
  use: BackwardUse,
  copies: number,
): MemoryPart[] {
  const tokens = Math.max(use.microbatchTokens ?? MICRO_BATCH, use.longestRow);
  const parameters = adapterParameters(config, use.adapter);
  const q = config.heads * config.headDim;
  const kv = config.kvHeads * config.headDim;
  const backward = 3 * config.hiddenSize + 2 * q + 4 * kv + 3 * config.intermediateSize;
  const kept = config.layers * layerActivations(config, use.adapter.rank);
  return [
    { name: "weights", bytes: weights },
    { name: "adapter", bytes: copies * F32 * parameters },
    { name: "activations", bytes: tokens * (kept + backward + widestRow(config)) * F32 },
    { name: "logits", bytes: tokens * (config.vocabSize + config.hiddenSize) * F32 },
  ];
}

/**
 * Fitting an attribution basis of `dimension` directions on `rows` rows, and sketching with it: the rows' gradients at once, the
 * Kronecker factors of every linear, the directions. With `axes` by factored sketches: gradients are kept as far as there is room for them.
 */
export function fitMemory(
  config: ModelConfig,
  weights: number,
  use: { adapter: AdapterSize; longestRow: number; rows: number; dimension: number; axes?: number },
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
  // While one factor's eigenvectors are worked out on each of a few threads.
  const widest = Math.max(0, ...linears.map((linear) => Math.max(linear.in, linear.out)));
  // On the device, on the host, and their eigenvectors in fp64.
  const factors: MemoryPart = {
    name: "factors",
    bytes: config.layers * squares * (2 * F32 + 8) + SOLVERS * 3 * 8 * widest ** 2,
  };
  if (use.axes !== undefined) {
    const { dimension, axes } = use;
    // Eigenvectors of each tensor's longer side, as rows and as columns.
    const whitening = adapterTensorSizes(config, use.adapter).reduce((sum, count) => {
      const longer = count / rank;
      return sum + 2 * F32 * Math.min(axes, longer) * longer;
    }, 0);
    const { mantissas } = factoredBasisSize(config, use.adapter, dimension);
    return [
      ...training,
      // Those kept from pass to pass, what rows are compared by, and of the rows of one micro-batch.
      {
        name: "gradients",
        bytes:
          Math.min(use.rows * parameters * F32, KEPT_GRADIENTS) +
          use.rows * PROBES * dimension * F32 +
          Math.min(use.rows, MICRO_BATCH / SHORTEST_ROW) * (parameters + dimension) * F32,
      },
      factors,
      { name: "basis", bytes: mantissas * (2 + 2 + F32) + whitening },
    ];
  }
  return [
    ...training,
    { name: "gradients", bytes: use.rows * parameters * F32 + 3 * 8 * use.rows ** 2 },
    factors,
    // As they are made, as they are given back, and as fp32 while rows are sketched.
    { name: "basis", bytes: use.dimension * parameters * (2 + 2 + F32) },
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

/** Bytes of all parts. */
export function totalBytes(parts: readonly MemoryPart[]): number {
  return parts.reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * Bytes that this process may still take: of the machine's, of its control group's, and of its own limits where it has any
 * (`ulimit -v`, `ulimit -d`).
 */
export function availableBytes(): number {
  const limits = textOf("/proc/self/limits");
  const status = textOf("/proc/self/status");
  const room = (limit: string, used: string) => {
    const most = new RegExp(`^${limit} +(\\d+)`, "m").exec(limits)?.[1];
    const taken = new RegExp(`^${used}:\\s+(\\d+) kB`, "m").exec(status)?.[1];
    if (most === undefined || taken === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(0, Number(most) - Number(taken) * 1024 - HEAP_ROOM);
  };
  return Math.min(
    process.availableMemory(),
    room("Max address space", "VmSize"),
    room("Max data size", "VmData"),
  );
}

/** A file of the kernel's; empty on systems that have none. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/**
 * Refuses a job that does not fit before it begins.
 * @param available bytes; by default what this machine still has.
 * @throws CodedError `MEMORY_TOO_SMALL` with every part in bytes.
 */
export function requireMemory(job: string, parts: readonly MemoryPart[], available = availableBytes()): void {
  const needed = totalBytes(parts);
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

/** For people: rounded up. */
export const mebibytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`;
