import type { Session } from "../../../native/js/index.ts";
import type { WaitOptions } from "../../../native/js/job.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { encodeBasis } from "../attribution/basis-file.ts";
import { attributionOf } from "../attribution/build.ts";
import { storeIndex } from "../attribution/index-contents.ts";
import {
  encodeManifest,
  hashOfList,
  listFiles,
  type Manifest,
  registryHashes,
  splitBaseFiles,
  storeFiles,
} from "../attribution/manifest.ts";
import { promptsOf } from "../attribution/row-sketches.ts";
import type { IndexInMemory } from "../attribution/sketch-index.ts";
import type { ContentSink, ContentSource } from "../content/source.ts";
import { aiError } from "../errors.ts";
import { fitMemory, type MemoryPart, requireMemory } from "../model/estimate.ts";
import type { ModelFiles } from "../model/files.ts";
import { type LoadedModel, loadModel, type OpenedModel, openModel } from "../model/load.ts";
import { hashOfWeights } from "../model/weight-bytes.ts";
import { modelSpans } from "../spans/model-spans.ts";
import { requireStorable } from "./content-sizes.ts";
import { boundedDocuments } from "./documents.ts";
import type { Keeping } from "./kept-run.ts";
import { encodeMethod, type Method, servedArithmetic, sketchDimension } from "./method.ts";
import {
  encodeSnapshot,
  type Snapshot,
  type TrainingExample,
  type TrainingSet,
  trainingSet,
} from "./snapshot.ts";
import { type TrainedAdapter, trainAdapter } from "./train.ts";

/** The stages of making a model, in their order, for progress displays. */
export const BUILD_STAGES = ["read", "load", "train", "fit", "sketch", "store"] as const;
export type BuildStage = (typeof BUILD_STAGES)[number];

/** A model that is ready to be registered. */
export interface BuiltModel {
  manifest: Manifest;
  hashes: ReturnType<typeof registryHashes>;
  index: IndexInMemory;
  base: LoadedModel;
  trained: TrainedAdapter;
  set: TrainingSet;
}

/**
 * Fine-tunes, sketches, indexes the completions for spans, and stores everything by hash: what remains is to register the hashes.
 * @throws CodedError `CONTENT_TOO_LARGE`, `MEMORY_TOO_SMALL` before any of it, and what the steps throw.
 * @param baseFiles a folder in Hugging Face form.
 * @param onProgress is told the stage and what its job says.
 */
export async function buildModel(
  session: Session,
  input: {
    name: string;
    baseFiles: ModelFiles;
    snapshots: readonly (Snapshot & { datanetId: bigint; number: number })[];
    method: Method;
  },
  content: ContentSource & ContentSink,
  options: {
    signal?: AbortSignal;
    onProgress?: (stage: BuildStage, done: number, total: number, loss: number) => void;
    /** The fine-tuning's state is kept on the way, and gone on from where the same run left it. */
    keeping?: Omit<Keeping, "baseHash">;
  },
): Promise<BuiltModel> {
  const stage = (name: BuildStage): WaitOptions => ({
    signal: options.signal,
    onProgress: ({ done, total, loss }) => options.onProgress?.(name, done, total, loss),
  });
  const { method } = input;
  const files = splitBaseFiles(input.baseFiles);
  const opened = openModel(files.base, files.tokenizer);
  requireArithmetic(opened, method);
  const documents = input.snapshots.reduce((sum, { contributions }) => sum + contributions.length, 0);
  let fetched = 0;
  const get = boundedDocuments(content);
  const fetchDocument = (id: Hash) => {
    options.onProgress?.("read", fetched++, documents, Number.NaN);
    return get(id);
  };
  const set = await trainingSet(input.snapshots, fetchDocument, { ...opened, copies: method.copies });
  const rows = set.examples;
  requireStorable(input.baseFiles, opened.config, rows.length, method);
  requireMemory("making this model", buildMemory(opened, rows, method));
  options.signal?.throwIfAborted();
  options.onProgress?.("load", 0, 1, Number.NaN);
  const base = await loadModel(opened);
  const baseList = listFiles(files.base, hashOfWeights);
  const keeping = options.keeping && { ...options.keeping, baseHash: hashOfList(baseList) };
  const trained = await trainAdapter(session, base, rows, method, stage("train"), keeping);
  const stages = { fit: stage("fit"), sketch: stage("sketch") };
  const { basis, index: sketches } = await attributionOf(session, base, trained.native, set, method, stages);
  const { hash: spans } = await modelSpans(set, base.tokenizer);
  const index = { ...sketches, commitment: { ...sketches.commitment, spans } };
  options.onProgress?.("store", 0, 1, Number.NaN);
  await storeFiles(content, input.baseFiles);
  await storeFiles(content, trained.files);
  const snapshots: Manifest["snapshots"] = [];
  for (const snapshot of input.snapshots) {
    const { datanetId, number, root } = snapshot;
    snapshots.push({
      datanetId: String(datanetId),
      number,
      root,
      content: await content.put(encodeSnapshot(snapshot)),
    });
  }
  const manifest: Manifest = {
    format: "openledger/manifest/3",
    name: input.name,
    base: baseList,
    tokenizer: listFiles(files.tokenizer),
    adapter: listFiles(trained.files),
    method: await content.put(encodeMethod(method)),
    basis: await content.put(encodeBasis(basis)),
    index: await storeIndex(content, index),
    snapshots,
    rows: set.places.length,
    repeats: set.repeats,
    skipped: set.skipped,
  };
  await content.put(encodeManifest(manifest));
  options.onProgress?.("store", 1, 1, Number.NaN);
  return { manifest, hashes: registryHashes(manifest), index, base, trained, set };
}

/** @throws CodedError `ARITHMETIC_WITHOUT_BLOCKS` for q8 where no weight is in a block format: it would only be another name of f32. */
function requireArithmetic({ formats }: OpenedModel, method: Method): void {
  if (servedArithmetic(method) === "f32" || formats.some((format) => format.startsWith("Q"))) return;
  throw aiError("ARITHMETIC_WITHOUT_BLOCKS", {
    message: `the method answers by q8, but the base model's weights are ${formats.join(", ")}`,
    fix: "use a .gguf file of Q8_0, Q4_0, Q4_1 or a K format, or leave generation.arithmetic out of the method",
    facts: { formats },
  });
}

/** What training and fitting take at most. */
export function buildMemory(
  { config, weightBytes }: Pick<OpenedModel, "config" | "weightBytes">,
  rows: readonly TrainingExample[],
  method: Method,
): MemoryPart[] {
  // A token is at least a byte; the end token comes on top.
  const bytes = rows.reduce((most, { row }) => Math.max(most, Buffer.byteLength(JSON.stringify(row))), 0);
  const longestRow = Math.min(config.contextLength, bytes + 64);
  const use = {
    adapter: method.lora,
    longestRow,
    rows: Math.min(rows.length * promptsOf(method), method.attribution.maxDirectionRows),
    dimension: sketchDimension(rows.length, method.attribution),
    ...(method.attribution.kind === "ekfac-factored" && { axes: method.attribution.axes }),
  };
  // Adapter and activations are the same for both, so fitting is never the smaller one.
  return fitMemory(config, weightBytes, use);
}
