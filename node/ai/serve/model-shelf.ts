import type { IndexFiles } from "../attribution/index-files.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { getModel } from "../client/models.ts";
import type { ContentSource } from "../content/source.ts";
import { aiError } from "../errors.ts";
import { SharedBases } from "../model/shared-bases.ts";
import { loadServedModel, type ServedModel } from "./inference.ts";

/** Models kept in memory at once. */
const MAX_MODELS = 4;

export interface ShelfOptions {
  client: ChainClient;
  at: ProtocolAddresses;
  content: ContentSource;
  /** Most bytes of one model. */
  maxBytes: number;
  /** Where bases are looked for first, and kept for others. */
  bases?: SharedBases;
  /** Where the files of indexes are kept. */
  indexes?: IndexFiles;
  /** The only models that are served; absent: all that the host took on chain. */
  allowed?: readonly bigint[];
}

/** The models that a host has in memory, the least recently used one goes first. */
export class ModelShelf {
  private readonly options: ShelfOptions;
  private readonly bases: SharedBases;
  private readonly loaded = new Map<bigint, Promise<ServedModel>>();

  constructor(options: ShelfOptions) {
    this.options = options;
    this.bases = options.bases ?? new SharedBases();
  }

  /**
   * The model of that id, loaded from content by the hashes on chain.
   * @throws CodedError `MODEL_NOT_ALLOWED`, `MODEL_TOO_LARGE`, and whatever loading throws.
   */
  model(modelId: bigint): Promise<ServedModel> {
    const known = this.loaded.get(modelId);
    this.loaded.delete(modelId);
    const loading = known ?? this.load(modelId);
    this.loaded.set(modelId, loading);
    loading.catch(() => {
      if (this.loaded.get(modelId) === loading) this.loaded.delete(modelId);
    });
    const [oldest] = this.loaded.keys();
    if (this.loaded.size > MAX_MODELS && oldest !== undefined) this.loaded.delete(oldest);
    return loading;
  }

  private async load(modelId: bigint): Promise<ServedModel> {
    const { client, at, content, maxBytes, indexes, allowed } = this.options;
    if (allowed && !allowed.includes(modelId)) {
      throw aiError("MODEL_NOT_ALLOWED", {
        message: `this host does not serve model ${modelId}`,
        fix: "ask another host, or add the model to the host's list",
        facts: { modelId },
      });
    }
    const registered = await getModel(client, at, modelId);
    return loadServedModel(content, registered, { maxBytes, bases: this.bases, indexes });
  }
}
