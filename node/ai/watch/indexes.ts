import { fetchIndex } from "../attribution/index-contents.ts";
import { decodeManifest, type Manifest } from "../attribution/manifest.ts";
import { type AttributionIndex, indexMemory, readIndex } from "../attribution/sketch-index.ts";
import type { RegisteredModel } from "../client/models.ts";
import type { ContentSource } from "../content/source.ts";
import { aiError } from "../errors.ts";

/** A model's index in memory, with the manifest that led to it. */
export interface LoadedIndex {
  manifest: Manifest;
  index: AttributionIndex;
}

/** Time for fetching and checking one index, in ms. */
const LOAD_MS = 120_000;

/** Fetches a model's index and checks it against its commitment. @throws CodedError `INDEX_MISMATCH`, `MANIFEST_INVALID`, the source's. */
export async function loadIndex(content: ContentSource, model: RegisteredModel): Promise<LoadedIndex> {
  const signal = AbortSignal.timeout(LOAD_MS);
  const manifest = decodeManifest(await content.get(model.manifestHash));
  const index = await readIndex(await fetchIndex(content, manifest, model.index), model.index, signal);
  return { manifest, index };
}

/** How a watcher gets an index; errors as {@link loadIndex}'s. */
export type IndexLoader = (content: ContentSource, model: RegisteredModel) => Promise<LoadedIndex>;

/** The indexes that a watcher has in memory: at most so many bytes; the least recently used goes first. */
export class IndexCache {
  private readonly content: ContentSource;
  private readonly maxBytes: number;
  private readonly loader: IndexLoader;
  private readonly loaded = new Map<bigint, { memory: number; loading: Promise<LoadedIndex> }>();

  /** @param loader in place of loadIndex. */
  constructor(content: ContentSource, maxBytes: number, loader: IndexLoader = loadIndex) {
    this.content = content;
    this.maxBytes = maxBytes;
    this.loader = loader;
  }

  /**
   * The index of a model, checked against its commitment.
   * @throws CodedError `INDEX_TOO_LARGE`, `INDEX_MISMATCH`, `MANIFEST_INVALID`, and what the content source throws.
   */
  get(model: RegisteredModel): Promise<LoadedIndex> {
    const { modelId } = model;
    const entry = this.loaded.get(modelId) ?? this.begin(model);
    this.loaded.delete(modelId);
    this.loaded.set(modelId, entry);
    this.shrink(modelId);
    return entry.loading;
  }

  private begin(model: RegisteredModel): { memory: number; loading: Promise<LoadedIndex> } {
    const memory = indexMemory(model.index);
    const loading = this.load(model, memory);
    loading.catch(() => {
      if (this.loaded.get(model.modelId)?.loading === loading) this.loaded.delete(model.modelId);
    });
    return { memory, loading };
  }

  private async load(model: RegisteredModel, memory: number): Promise<LoadedIndex> {
    if (memory > this.maxBytes) {
      throw aiError("INDEX_TOO_LARGE", {
        message: `the index of model ${model.modelId} takes ${memory} bytes; this watcher holds ${this.maxBytes}`,
        fix: "give the watcher more memory",
        facts: { modelId: model.modelId, bytes: memory, limit: this.maxBytes },
      });
    }
    return this.loader(this.content, model);
  }

  /** The one in use stays, whatever it takes. */
  private shrink(inUse: bigint): void {
    let bytes = 0;
    for (const { memory } of this.loaded.values()) bytes += memory;
    for (const [modelId, { memory }] of this.loaded) {
      if (bytes <= this.maxBytes || modelId === inUse) return;
      bytes -= memory;
      this.loaded.delete(modelId);
    }
  }
}
