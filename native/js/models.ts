import { loadAddon, type RawTensorSource } from "./addon.ts";
import { NativeError } from "./error.ts";
import { flatten, targetMask, unflatten } from "./tensors.ts";
import {
  type AdapterShape,
  type ModelConfig,
  type TensorInfo,
  type TensorSource,
  type Tensors,
  type TrainerState,
  WEIGHT_FORMATS,
  type WeightFile,
} from "./types.ts";

/** Names, shapes and flat positions of a model's weights, in canonical order (Hugging Face names). */
export function modelTensors(config: ModelConfig): TensorInfo[] {
  return loadAddon().modelLayout(config);
}

/**
 * Names, shapes and flat positions of an adapter's factors: layer, then q,k,v,o,gate,up,down (those adapted), then
 * A [rank, in] and B [out, rank], row-major. This is also the order of a flattened LoRA gradient.
 */
export function adapterTensors(config: ModelConfig, shape: AdapterShape): TensorInfo[] {
  return loadAddon().adapterLayout(config, shape.rank, targetMask(shape.targets));
}

/** Weights by tensor name and the files that some of them lie in. */
export interface WeightSources {
  tensors: ReadonlyMap<string, TensorSource>;
  files: readonly WeightFile[];
}

/** Weights that the addon has read already. */
class LoadedWeights {
  constructor(readonly handle: object) {}
}

/**
 * A frozen model: configuration and weights in the formats they came in, immutable, shared by any number of sessions and
 * jobs. `close()` frees it as soon as no job uses it.
 */
export class Model {
  readonly config: ModelConfig;
  /** Opaque handle of the addon. */
  readonly handle: object;

  /** What the weights take in memory. */
  readonly bytes: number;

  /**
   * Weights as fp32 tensors by name, or as sources that are read straight into place.
   * @throws NativeError NATIVE_TENSOR (missing, unknown or wrongly sized tensor), NATIVE_NOT_FINITE, NATIVE_FILE (unreadable,
   * or changed since its header was read), NATIVE_CONFIG.
   */
  constructor(config: ModelConfig, weights: Tensors | WeightSources | LoadedWeights) {
    this.config = config;
    if (weights instanceof LoadedWeights) this.handle = weights.handle;
    else if (isSources(weights))
      this.handle = loadAddon().loadModel(config, rawSources(config, weights), weights.files);
    else this.handle = loadAddon().createModel(config, flatten(modelTensors(config), weights));
    this.bytes = loadAddon().modelBytes(this.handle);
  }

  /**
   * Reads the weights on other threads, so that the caller's goes on meanwhile. Arrays among the sources must stay as they
   * are until it is done. Rejects with what the constructor throws.
   */
  static async load(config: ModelConfig, weights: WeightSources): Promise<Model> {
    const sources = rawSources(config, weights);
    try {
      const handle = await loadAddon().loadModelLater(config, sources, weights.files);
      return new Model(config, new LoadedWeights(handle));
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
      throw new NativeError(String(error.code), error.message);
    }
  }

  /** A copy of one tensor as fp32, row-major. @throws NativeError NATIVE_TENSOR for an unknown name. */
  tensor(name: string): Float32Array {
    const layout = modelTensors(this.config);
    const index = layout.findIndex((tensor) => tensor.name === name);
    if (index < 0) throw new NativeError("NATIVE_TENSOR", `the model has no tensor ${name}`);
    return loadAddon().readTensor(this.handle, index, layout[index]!.count);
  }

  /** Frees the weights once no job uses them. Calls after this throw NATIVE_CLOSED. */
  close(): void {
    loadAddon().closeHandle(this.handle);
  }
}

/** Frozen LoRA factors for one model shape: y = Wx + b + scale * B(Ax). */
export class Adapter {
  readonly shape: AdapterShape;
  readonly handle: object;

  /** `tensors` has PEFT names (`base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight`, ...). */
  constructor(config: ModelConfig, shape: AdapterShape, tensors: Tensors) {
    this.shape = shape;
    const flat = flatten(adapterTensors(config, shape), tensors);
    this.handle = loadAddon().createAdapter(config, shape.rank, shape.scale, targetMask(shape.targets), flat);
  }

  /** Frees the factors once no job uses them. Calls after this throw NATIVE_CLOSED. */
  close(): void {
    loadAddon().closeHandle(this.handle);
  }
}

/** Full-weight training state: weights, AdamW moments, step count. Mutated by `Session.pretrain`. */
export class Trainer {
  readonly config: ModelConfig;
  readonly handle: object;

  constructor(config: ModelConfig, start: { weights: Tensors } | TrainerState) {
    const layout = modelTensors(config);
    this.config = config;
    const weights = flatten(layout, start.weights);
    if ("step" in start) {
      this.handle = loadAddon().createTrainer(config, weights, start.m, start.v, start.step);
    } else {
      const none = new Float32Array(0);
      this.handle = loadAddon().createTrainer(config, weights, none, none, 0);
    }
  }

  /** Frees the state once no job uses it. Calls after this throw NATIVE_CLOSED. */
  close(): void {
    loadAddon().closeHandle(this.handle);
  }

  /** A copy of everything needed to go on bit-exactly. Refused (NATIVE_BUSY) while a job trains it. */
  state(): TrainerState {
    const raw = loadAddon().trainerState(this.handle);
    return { step: raw.step, weights: unflatten(modelTensors(this.config), raw.weights), m: raw.m, v: raw.v };
  }
}

/**
 * A file's bytes as a read-only view of the file itself: nothing is read before it is looked at. The file must not be
 * shortened while the view is in use.
 * @throws NativeError NATIVE_FILE (it cannot be opened), NATIVE_ARGUMENT (longer than an array can be).
 */
export function mapFile(path: string): Uint8Array {
  return new Uint8Array(loadAddon().mapFile(path));
}

function isSources(weights: Tensors | WeightSources): weights is WeightSources {
  return weights.tensors instanceof Map;
}

function rawSources(config: ModelConfig, { tensors, files }: WeightSources): RawTensorSource[] {
  const layout = modelTensors(config);
  const known = new Set(layout.map(({ name }) => name));
  for (const name of tensors.keys()) {
    if (!known.has(name)) throw new NativeError("NATIVE_TENSOR", `the model has no tensor ${name}`);
  }
  const places = new Map(files.map(({ path }, index) => [path, index]));
  return layout.map(({ name }) => {
    const source = tensors.get(name);
    if (!source) throw new NativeError("NATIVE_TENSOR", `tensor ${name} is missing`);
    const { format, heads = 0 } = source;
    if ("data" in source) return { format: WEIGHT_FORMATS[format], heads, data: source.data };
    const { path, offset, bytes } = source;
    return { format: WEIGHT_FORMATS[format], heads, file: places.get(path) ?? -1, offset, bytes };
  });
}
