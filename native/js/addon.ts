import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { EngineSizes, EngineStatus, Sampling } from "./engine-types.ts";
import { NativeError } from "./error.ts";
import type {
  AdamwOptions,
  Arithmetic,
  BackendInfo,
  Isa,
  JobOutputs,
  ModelConfig,
  RawProgress,
  Schedule,
  TensorInfo,
  TrainedState,
  WeightFile,
} from "./types.ts";

type ExampleArgs = [ids: Int32Array, targets: Uint8Array, offsets: Int32Array];
type SketchArgs = [dimension: number, unit: boolean];
type TrainArgs = [
  order: Int32Array,
  stepOffsets: Int32Array,
  adamw: AdamwOptions,
  schedule: Schedule,
  clipNorm: number,
];

/** Where a tensor's bytes are, as the addon takes it: in an array, or a part of the file of that number. */
export interface RawTensorSource {
  format: number;
  heads: number;
  data?: Uint8Array;
  file?: number;
  offset?: number;
  bytes?: number;
}

/** Occurrences as the addon lists them: shard, rank, position, document, token of the document, row; 20 bytes a contributor. */
export interface RawOccurrences {
  occurrences: Float64Array;
  contributors: Uint8Array;
}

/** Suffix arrays; a handle is a mapped shard. Rejects with an Error that has a SPANS_... code. */
interface SpansAddon {
  spansSort(
    tokens: Uint32Array,
    ends: Uint32Array,
    rows: Uint32Array,
    contributors: Uint8Array,
    threads: number,
  ): Promise<Uint32Array>;
  spansWrite(
    path: string,
    tokens: Uint32Array,
    ends: Uint32Array,
    rows: Uint32Array,
    contributors: Uint8Array,
    threads: number,
  ): Promise<void>;
  spansCompact(shards: object[], path: string, threads: number): Promise<void>;
  spansOpen(path: string, verify: boolean, threads: number): Promise<object>;
  spansAbout(shard: object): {
    symbols: number;
    documents: number;
    symbolBytes: number;
    text: Uint8Array;
    array: Uint8Array;
    inverse: Uint8Array;
    table: Uint8Array;
  };
  spansTrace(
    shards: object[],
    answer: Uint32Array,
    information: Uint8Array,
    marks: Uint8Array,
    limits: Uint32Array,
    threads: number,
  ): Promise<{ longest: Uint32Array; spans: Float64Array } & RawOccurrences>;
  spansFind(
    shards: object[],
    pattern: Uint32Array,
    limit: number,
  ): Promise<{ count: number } & RawOccurrences>;
  spansPlace(shard: object, pattern: Uint32Array): Promise<{ rank: number; length: number; count: number }>;
  spansValues(shard: object, section: number, from: number, count: number): Promise<Uint32Array>;
  spansVocabulary(shard: object): Promise<Uint32Array>;
  spansOpening(
    shard: object,
    tree: number,
    first: number,
    last: number,
  ): Promise<{ bytes: Uint8Array; path: Uint8Array }>;
  spansBm25(
    shards: object[],
    symbols: Uint32Array,
    times: Uint32Array,
    weights: Uint32Array,
    limit: number,
    threads: number,
  ): Promise<BigUint64Array>;
}

/** Indexes in files; a handle is a mapped index or the scores of one. Rejects with an Error that has a SKETCH_... code. */
interface SketchesAddon {
  sketchesWrite(
    path: string,
    records: Uint8Array | string,
    dimension: number,
    first: number,
    threads: number,
  ): Promise<void>;
  sketchesCompact(index: object, path: string, threads: number): Promise<void>;
  sketchesOpen(paths: string[], verify: boolean, threads: number): Promise<object>;
  sketchesAbout(index: object): {
    rows: number;
    dimension: number;
    root: Uint8Array;
    parts: { first: number; rows: number; records: ArrayBuffer }[];
  };
  sketchesPath(index: object, row: number): Uint8Array;
  sketchesKeep(index: object, session: object, bytes: number): Promise<object | undefined>;
  sketchesScore(
    index: object,
    values: Int16Array,
    exponents: Int8Array,
    e0: number,
    threads: number,
    isa: Isa | undefined,
    kept: object | undefined,
  ): Promise<object>;
  sketchesRead(index: object, threads: number): Promise<bigint>;
  sketchesBest(
    scores: object,
    query: number,
    limit: number,
    except: Uint32Array,
  ): Promise<{ rows: Uint32Array; scores: BigInt64Array }>;
  sketchesPick(scores: object, query: number, rows: Uint32Array): BigInt64Array;
  sketchesLikely(
    index: object,
    values: Int16Array,
    limit: number,
    threads: number,
  ): Promise<{ rows: Uint32Array; scores: BigInt64Array }>;
}

/** The serving engine; a handle is one. */
interface EngineAddon {
  createEngine(session: object, model: object, options: EngineSizes): object;
  submitRequest(
    engine: object,
    adapter: object | undefined,
    ids: Int32Array,
    stopIds: Int32Array,
    sampling: Sampling,
    options: { maxTokens: number; topLogprobs: number; account: number; deadlineMs: number },
  ): number;
  cancelRequest(engine: object, request: number): void;
  /** Per event request, kind, token, count of top ids and these; the log-probabilities of token and top ids. */
  engineEvents(engine: object): { numbers: Float64Array; logprobs: Float32Array };
  engineStatus(engine: object): EngineStatus;
  closeEngine(engine: object): void;
  sample(logits: Float32Array, prompt: Int32Array, answer: Int32Array, sampling: Sampling): number;
}

/** The addon's own exports: thin, positional, already checked for shape by the callers in this folder. */
export interface Addon extends SpansAddon, SketchesAddon, EngineAddon {
  backends(): BackendInfo;
  modelLayout(config: ModelConfig): TensorInfo[];
  adapterLayout(config: ModelConfig, rank: number, targets: number): TensorInfo[];
  initModel(config: ModelConfig, seed: bigint): Float32Array;
  initAdapter(config: ModelConfig, rank: number, targets: number, seed: bigint): Float32Array;
  f16ToF32(bits: Uint16Array): Float32Array;
  bf16ToF32(bits: Uint16Array): Float32Array;
  f32ToF16(values: Float32Array): Uint16Array;
  createSession(
    threads: number,
    isa: string,
    device: string,
    microbatchTokens: number,
  ): { handle: object; isa: Isa; threads: number; device: "cpu" | "cuda" };
  createModel(config: ModelConfig, flat: Float32Array): object;
  /** `sources` in the order of `modelLayout`. */
  loadModel(config: ModelConfig, sources: readonly RawTensorSource[], files: readonly WeightFile[]): object;
  /** The same on the thread pool; rejects with an Error that has a NATIVE_... code. */
  loadModelLater(
    config: ModelConfig,
    sources: readonly RawTensorSource[],
    files: readonly WeightFile[],
  ): Promise<object>;
  mapFile(path: string): ArrayBuffer;
  modelBytes(model: object): number;
  readTensor(model: object, index: number, count: number): Float32Array;
  /** Of a model, adapter, trainer or session; jobs that use it keep what they need. */
  closeHandle(handle: object): void;
  createAdapter(
    config: ModelConfig,
    rank: number,
    scale: number,
    targets: number,
    flat: Float32Array,
  ): object;
  createTrainer(
    config: ModelConfig,
    weights: Float32Array,
    m: Float32Array,
    v: Float32Array,
    step: number,
  ): object;
  trainerState(trainer: object): { step: number; weights: Float32Array; m: Float32Array; v: Float32Array };
  startEvaluate(
    session: object,
    model: object,
    adapter: object | undefined,
    ...rest: [...ExampleArgs, logits: boolean, hidden: boolean, arithmetic: Arithmetic]
  ): object;
  startGenerate(
    session: object,
    model: object,
    adapter: object | undefined,
    ids: Int32Array,
    offsets: Int32Array,
    maxTokens: number,
    stopIds: Int32Array,
    vocabulary: number,
    arithmetic: Arithmetic,
  ): object;
  startGradients(session: object, model: object, ...examples: ExampleArgs): object;
  startLoraGradients(session: object, model: object, adapter: object, ...examples: ExampleArgs): object;
  startPretrain(session: object, trainer: object, ...rest: [...ExampleArgs, ...TrainArgs]): object;
  startLoraTrain(
    session: object,
    model: object,
    adapter: object,
    ...rest: [...ExampleArgs, ...TrainArgs, from: TrainedState | undefined]
  ): object;
  startFitBasis(
    session: object,
    model: object,
    adapter: object,
    ...rest: [...ExampleArgs, damping: number, dimension: number, sketches: boolean]
  ): object;
  startSketch(
    session: object,
    model: object,
    adapter: object,
    ...rest: [...ExampleArgs, exponents: Int8Array, mantissas: Int16Array, dimension: number]
  ): object;
  startFitFactored(
    session: object,
    model: object,
    adapter: object,
    ...rest: [
      ...ExampleArgs,
      damping: number,
      axes: number,
      ...SketchArgs,
      sketches: boolean,
      mostKept: number,
    ]
  ): object;
  openFactored(adapter: object, counts: Int32Array, exponents: Int8Array, mantissas: Int16Array): object;
  startSketchFactored(
    session: object,
    model: object,
    adapter: object,
    ...rest: [...ExampleArgs, basis: object, ...SketchArgs]
  ): object;
  scan(query: Int16Array, rows: Int8Array): BigInt64Array;
  pollJob(job: object): RawProgress;
  cancelJob(job: object): void;
  jobOutputs(job: object): JobOutputs;
  gemm(
    session: object,
    m: number,
    n: number,
    k: number,
    a: Float32Array,
    b: Float32Array,
    repeat: number,
  ): Float32Array;
  product(
    session: object,
    arithmetic: Arithmetic,
    format: number,
    bytes: Uint8Array,
    rows: number,
    cols: number,
    x: Float32Array,
  ): Float32Array;
}

let loaded: Addon | undefined;

/** The addon, loaded once per thread. @throws NativeError NATIVE_NOT_BUILT when there is no binary. */
export function loadAddon(): Addon {
  loaded ??= openAddon();
  return loaded;
}

function openAddon(): Addon {
  const path = addonPath();
  if (path === undefined) {
    throw new NativeError("NATIVE_NOT_BUILT", "the native addon is not built", "Run `npm run build:native`.");
  }
  try {
    return createRequire(import.meta.url)(path) as Addon;
  } catch (cause) {
    throw new NativeError(
      "NATIVE_NOT_LOADABLE",
      `the native addon at ${path} cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      "Run `npm run build:native` again on this machine.",
      cause,
    );
  }
}

// The compiled files lie one folder deeper (dist/native/js) than the sources: walk up to the package root.
function addonPath(): string | undefined {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let depth = 0; depth < 6; depth++) {
    const candidate = join(folder, "native", "build", "openledger.node");
    if (existsSync(candidate)) return candidate;
    folder = dirname(folder);
  }
  return undefined;
}
