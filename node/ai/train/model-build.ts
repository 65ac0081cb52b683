import type { Session } from "../../../native/js/index.ts";
import type { WaitOptions } from "../../../native/js/job.ts";
import { encodeBasis } from "../attribution/basis-file.ts";
import { buildIndex, fitModelBasis } from "../attribution/build.ts";
import {
  encodeManifest,
  listFiles,
  type Manifest,
  registryHashes,
  splitBaseFiles,
  storeFiles,
} from "../attribution/manifest.ts";
import type { AttributionIndex } from "../attribution/sketch-index.ts";
import type { ContentSink, ContentSource } from "../content/source.ts";
import { fitMemory, type MemoryPart, requireMemory } from "../model/estimate.ts";
import type { ModelFiles } from "../model/files.ts";
import { type LoadedModel, loadModel } from "../model/load.ts";
import { encodeMethod, type Method } from "./method.ts";
import {
  encodeSnapshot,
  type Snapshot,
  type TrainingExample,
  type TrainingSet,
  trainingSet,
} from "./snapshot.ts";
import { type TrainedAdapter, trainAdapter } from "./train.ts";

/** The stages of making a model, for progress displays. */
export type BuildStage = "train" | "fit" | "sketch" | "store";

/** A model that is ready to be registered. */
export interface BuiltModel {
  manifest: Manifest;
  hashes: ReturnType<typeof registryHashes>;
  index: AttributionIndex;
  trained: TrainedAdapter;
  set: TrainingSet;
}

/**
 * Fine-tunes, sketches and stores everything by hash: what remains is to register the hashes.
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
  },
): Promise<BuiltModel> {
  const stage = (name: BuildStage): WaitOptions => ({
    signal: options.signal,
    onProgress: ({ done, total, loss }) => options.onProgress?.(name, done, total, loss),
  });
  const { method } = input;
  const files = splitBaseFiles(input.baseFiles);
  const base = loadModel(files.base, files.tokenizer);
  const set = await trainingSet(input.snapshots, (id) => content.get(id), base);
  const rows = set.examples;
  requireMemory("making this model", buildMemory(base, rows, method));
  const trained = await trainAdapter(session, base, rows, method, stage("train"));
  const basis = await fitModelBasis(session, base, trained.native, rows, method, stage("fit"));
  const index = await buildIndex(session, base, trained.native, basis, set, method, stage("sketch"));
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
    format: "openledger/manifest/2",
    name: input.name,
    base: listFiles(files.base),
    tokenizer: listFiles(files.tokenizer),
    adapter: listFiles(trained.files),
    method: await content.put(encodeMethod(method)),
    basis: await content.put(encodeBasis(basis)),
    index: await content.put(index.bytes),
    snapshots,
    rows: set.places.length,
    repeats: set.repeats,
    skipped: set.skipped,
  };
  await content.put(encodeManifest(manifest));
  options.onProgress?.("store", 1, 1, Number.NaN);
  return { manifest, hashes: registryHashes(manifest), index, trained, set };
}

/** What training and fitting take at most. */
function buildMemory(base: LoadedModel, rows: readonly TrainingExample[], method: Method): MemoryPart[] {
  const { config, native } = base;
  // A token is at least a byte; the end token comes on top.
  const bytes = rows.reduce((most, { row }) => Math.max(most, Buffer.byteLength(JSON.stringify(row))), 0);
  const longestRow = Math.min(config.contextLength, bytes + 64);
  const use = {
    adapter: method.lora,
    longestRow,
    rows: Math.min(rows.length, method.attribution.maxDirectionRows),
  };
  // Adapter and activations are the same for both, so fitting is never the smaller one.
  return fitMemory(config, native.bytes, use);
}
