import {
  Adapter,
  type AdapterShape,
  adapterTensors,
  LORA_TARGETS,
  type LoraTarget,
  Model,
  type ModelConfig as NativeConfig,
  type Tensors,
} from "../../../native/js/index.ts";
import { aiError } from "../errors.ts";
import { type LoraAdapter, loadAdapter, peftNames } from "./adapter.ts";
import { type ModelConfig, parseModelConfig } from "./config.ts";
import { type ModelFiles, requireJson } from "./files.ts";
import { loadTokenizer, type ModelTokenizer } from "./tokenizer.ts";
import { collectTensors, loadWeights } from "./weights.ts";

/** A base model in memory, ready for jobs. */
export interface LoadedModel {
  config: ModelConfig;
  native: Model;
  tokenizer: ModelTokenizer;
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
    tied: config.tieEmbeddings,
    biases: config.biases,
    qkNorm: config.qkNorm,
  };
}

/** Config and weights of a folder in Hugging Face form. @throws CodedError of config.ts, weights.ts, safetensors.ts. */
export function loadNativeModel(files: ModelFiles): { config: ModelConfig; native: Model } {
  const config = parseModelConfig(requireJson(files, "config.json"));
  const weights: Tensors = Object.fromEntries(loadWeights(files, config));
  return { config, native: new Model(nativeConfig(config), weights) };
}

/**
 * Checks a base model's files without reading a single weight: config, every tensor's place in its file, tokenizer.
 * @throws CodedError of config.ts, safetensors.ts, weights.ts, tokenizer.ts.
 */
export function checkModelFiles(files: ModelFiles): void {
  parseModelConfig(requireJson(files, "config.json"));
  collectTensors(files);
  loadTokenizer(files);
}

/**
 * Base model with its tokenizer.
 * @throws CodedError `TOKENIZER_TOO_LARGE` when the tokenizer knows ids that the embeddings do not.
 */
export function loadModel(files: ModelFiles, tokenizerFiles: ModelFiles = files): LoadedModel {
  const { config, native } = loadNativeModel(files);
  const tokenizer = loadTokenizer(tokenizerFiles);
  if (tokenizer.vocabSize > config.vocabSize) {
    throw aiError("TOKENIZER_TOO_LARGE", {
      message: `the tokenizer has ${tokenizer.vocabSize} tokens, but the model only ${config.vocabSize}`,
      fix: "use the tokenizer.json that belongs to the model",
      facts: { tokenizer: tokenizer.vocabSize, model: config.vocabSize },
    });
  }
  return { config, native, tokenizer };
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
