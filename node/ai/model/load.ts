import {
  Adapter,
  type AdapterShape,
  adapterTensors,
  LORA_TARGETS,
  type LoraTarget,
  Model,
  type ModelConfig as NativeConfig,
  type Tensors,
  type WeightFormat,
} from "../../../native/js/index.ts";
import type { WeightSources } from "../../../native/js/models.ts";
import { aiError } from "../errors.ts";
import { type LoraAdapter, loadAdapter, peftNames } from "./adapter.ts";
import { type ModelConfig, parseModelConfig } from "./config.ts";
import { requireMemory } from "./estimate.ts";
import { type ModelFiles, type ModelSource, requireJson, sourceOfFiles } from "./files.ts";
import { configOfGguf } from "./gguf-config.ts";
import { loadTokenizer, type ModelTokenizer } from "./tokenizer.ts";
import { ggufOf, residentBytes, weightSources } from "./weights.ts";

/** A base model in memory, ready for jobs. */
export interface LoadedModel {
  config: ModelConfig;
  native: Model;
  tokenizer: ModelTokenizer;
  /** Of its weights, sorted. */
  formats: readonly WeightFormat[];
}

/** The config in the native core's words. */
export function nativeConfig(config: ModelConfig): NativeConfig {
  const scaling = config.ropeScaling;
  return {
    vocabSize: config.vocabSize,
    hiddenSize: config.hiddenSize,
    layers: config.layers,
    heads: config.heads,
    kvHeads: config.kvHeads,
    headDim: config.headDim,
    intermediateSize: config.intermediateSize,
    maxPositions: config.contextLength,
    rmsEps: config.normEps,
    ropeTheta: config.ropeTheta,
    ropeScaling: scaling
      ? {
          factor: scaling.factor,
          lowFreqFactor: scaling.lowFreqFactor,
          highFreqFactor: scaling.highFreqFactor,
          originalMaxPositions: scaling.originalContext,
        }
      : undefined,
    ropeDivisors: config.ropeDivisors ?? undefined,
    tied: config.tieEmbeddings,
    biases: config.biases,
    qkNorm: config.qkNorm,
  };
}

/**
 * Config and weights of a model in memory or, by {@link openModelSource}, on disk. A .gguf file's own metadata are its config.
 * Blocks until they are read; {@link loadModel} does not.
 * @throws CodedError of config.ts, weights.ts, safetensors.ts, gguf.ts; `WEIGHT_NOT_FINITE`, `MODEL_FILE_INVALID`,
 * `MEMORY_TOO_SMALL`.
 */
export function loadNativeModel(source: ModelFiles | ModelSource): { config: ModelConfig; native: Model } {
  const { config, weights } = checkedWeights(isSource(source) ? source : sourceOfFiles(source));
  try {
    return { config, native: new Model(nativeConfig(config), weights) };
  } catch (error) {
    throw refusalOf(error);
  }
}

/** Where the weights are, once it is known that there is memory for them. */
function checkedWeights(source: ModelSource): { config: ModelConfig; weights: WeightSources } {
  const { config, weights } = headersOf(source);
  requireMemory("loading this model", [{ name: "weights", bytes: residentBytes(weights) }]);
  return { config, weights };
}

function isSource(source: ModelFiles | ModelSource): source is ModelSource {
  return !(source instanceof Map);
}

/** Config and places of the weights: a .gguf file's header is read once for both. */
function headersOf(source: ModelSource): { config: ModelConfig; weights: WeightSources } {
  const gguf = ggufOf(source);
  const config = gguf ? configOfGguf(gguf) : parseModelConfig(requireJson(source.files, "config.json"));
  return { config, weights: weightSources(source, config, gguf) };
}

function formatsOf({ tensors }: WeightSources): WeightFormat[] {
  return [...new Set([...tensors.values()].map(({ format }) => format))].sort();
}

/** What the native core found in the weights, in this room's words. */
function refusalOf(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  if (error.code === "NATIVE_NOT_FINITE") {
    return aiError("WEIGHT_NOT_FINITE", {
      message: error.message,
      fix: "use weights without NaN and infinities",
      cause: error,
    });
  }
  if (error.code === "NATIVE_MEMORY") {
    return aiError("MEMORY_TOO_SMALL", {
      message: `there was no memory for the weights: ${error.message}`,
      fix: "use a smaller or a quantised base model, or a machine with more memory",
      cause: error,
    });
  }
  if (error.code === "NATIVE_FILE") {
    return aiError("MODEL_FILE_INVALID", {
      message: error.message,
      fix: "leave the model's files as they are while it loads, and load it again",
      cause: error,
    });
  }
  return error;
}

/**
 * Checks a base model's files without reading a single weight: config, every tensor's place in its file, tokenizer.
 * @throws CodedError of config.ts, safetensors.ts, gguf.ts, weights.ts, tokenizer.ts.
 */
export function checkModelFiles(files: ModelFiles): void {
  headersOf(sourceOfFiles(files));
  loadTokenizer(files);
}

/** A base model whose small files are read: what it is and how it reads text is known before a weight is. */
export interface OpenedModel {
  source: ModelSource;
  config: ModelConfig;
  tokenizer: ModelTokenizer;
  /** Bytes that its weights will take in memory. */
  weightBytes: number;
  /** Of its weights, sorted. */
  formats: readonly WeightFormat[];
}

/**
 * Opens a base model: everything but the weights.
 * @throws CodedError of config.ts, weights.ts, tokenizer.ts; `TOKENIZER_TOO_LARGE` when the tokenizer knows ids that the
 * embeddings do not.
 */
export function openModel(files: ModelFiles | ModelSource, tokenizerFiles?: ModelFiles): OpenedModel {
  const source = isSource(files) ? files : sourceOfFiles(files);
  const { config, weights } = headersOf(source);
  const tokenizer = loadTokenizer(tokenizerFiles ?? source.files);
  if (tokenizer.idLimit > config.vocabSize) {
    throw aiError("TOKENIZER_TOO_LARGE", {
      message: `the tokenizer has ${tokenizer.idLimit} tokens, but the model only ${config.vocabSize}`,
      fix: "use the tokenizer.json that belongs to the model",
      facts: { tokenizer: tokenizer.idLimit, model: config.vocabSize },
    });
  }
  return { source, config, tokenizer, weightBytes: residentBytes(weights), formats: formatsOf(weights) };
}

/**
 * Base model with its tokenizer; the weights are read on other threads.
 * @throws CodedError of {@link openModel}; `WEIGHT_NOT_FINITE`, `MODEL_FILE_INVALID`, `MEMORY_TOO_SMALL`.
 */
export async function loadModel(
  model: ModelFiles | ModelSource | OpenedModel,
  tokenizerFiles?: ModelFiles,
): Promise<LoadedModel> {
  const { source, tokenizer } = "tokenizer" in model ? model : openModel(model, tokenizerFiles);
  const { config, weights } = checkedWeights(source);
  try {
    const native = await Model.load(nativeConfig(config), weights);
    return { config, native, tokenizer, formats: formatsOf(weights) };
  } catch (error) {
    throw refusalOf(error);
  }
}

/**
 * An adapter for jobs. It must adapt the same linears in every layer.
 * @throws CodedError `ADAPTER_UNSUPPORTED` when it adapts a linear in some layers only.
 */
export function nativeAdapter(config: ModelConfig, adapter: LoraAdapter): Adapter {
  const targets = targetsOf(config, adapter);
  const shape: AdapterShape = { rank: adapter.rank, scale: adapter.scale, targets };
  const tensors: Tensors = {};
  for (const [module, factors] of adapter.modules) {
    const [nameA, nameB] = peftNames(module);
    tensors[nameA] = factors.a;
    tensors[nameB] = factors.b;
  }
  return new Adapter(nativeConfig(config), shape, tensors);
}

/** Reads an adapter's files for jobs. */
export function loadNativeAdapter(files: ModelFiles, config: ModelConfig): Adapter {
  return nativeAdapter(config, loadAdapter(files, config));
}

/** Tensors by PEFT name, as training returns them, as an adapter that can be written. */
export function adapterFromTensors(
  config: ModelConfig,
  shape: { rank: number; alpha: number; targets: readonly LoraTarget[] },
  tensors: Tensors,
): LoraAdapter {
  const modules = new Map<string, { a: Float32Array; b: Float32Array }>();
  const scale = shape.alpha / shape.rank;
  const layout = adapterTensors(nativeConfig(config), { rank: shape.rank, scale, targets: shape.targets });
  for (const { name } of layout) {
    if (!name.endsWith(".lora_A.weight")) continue;
    const module = name.slice("base_model.model.".length, -".lora_A.weight".length);
    const [nameA, nameB] = peftNames(module);
    modules.set(module, { a: tensors[nameA]!, b: tensors[nameB]! });
  }
  return { rank: shape.rank, alpha: shape.alpha, rsLora: false, scale, modules };
}

function targetsOf(config: ModelConfig, adapter: LoraAdapter): LoraTarget[] {
  const counts = new Map<string, number>();
  for (const module of adapter.modules.keys()) {
    const target = module.slice(module.lastIndexOf(".") + 1);
    counts.set(target, (counts.get(target) ?? 0) + 1);
  }
  for (const [target, count] of counts) {
    if (count === config.layers) continue;
    throw aiError("ADAPTER_UNSUPPORTED", {
      message: `the adapter changes ${target} in ${count} of ${config.layers} layers`,
      fix: "use an adapter that changes the same linears in every layer",
      facts: { target, count, layers: config.layers },
    });
  }
  return LORA_TARGETS.filter((target) => counts.has(target));
}
