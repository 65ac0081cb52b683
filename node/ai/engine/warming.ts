import { sleep } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { RegisteredModel } from "../client/models.ts";
import type { DiskCache } from "../content/disk-cache.ts";
import { checkedManifest } from "../serve/inference.ts";

export interface WarmingOptions {
  /** Where adapters' files are brought; absent: contents lie on this machine already. */
  disk?: DiskCache;
  /** A request waits for a load: what nobody asked for yet waits too. */
  isBusy: () => boolean;
  /** Brings a model's adapter into memory. */
  load(modelId: bigint): Promise<void>;
  logger?: Logger;
}

/** While requests wait for loads, in ms. */
const BUSY_MS = 50;
/** A manifest or method of more bytes than this may be fetched, but is not counted on to fit. */
const DOCUMENT_BYTES = 2 ** 16;

/**
 * Brings adapters near before they are asked for, one after the other: the pinned ones into memory, then the files of the others to the
 * disk, the newest models first, as far as they take no other's place.
 */
export class Warming {
  private readonly options: WarmingOptions;
  /** Models whose files were brought, or could not be. */
  private readonly seen = new Set<bigint>();
  private running: Promise<void> | undefined;
  private isStopped = false;

  constructor(options: WarmingOptions) {
    this.options = options;
  }

  /** Begins with these models, unless it is at work: then the next call has its turn. */
  offer(models: readonly RegisteredModel[], pinned: readonly bigint[]): void {
    if (this.isStopped) return;
    this.running ??= this.run(models, pinned).finally(() => {
      this.running = undefined;
    });
  }

  stop(): void {
    this.isStopped = true;
  }

  private async run(models: readonly RegisteredModel[], pinned: readonly bigint[]): Promise<void> {
    for (const { modelId } of models)
      if (pinned.includes(modelId)) await this.attempt(modelId, () => this.options.load(modelId));
    const { disk } = this.options;
    if (disk === undefined) return;
    for (const model of models.toSorted((a, b) => (a.modelId < b.modelId ? 1 : -1))) {
      if (this.seen.has(model.modelId)) continue;
      const isFull = await this.attempt(model.modelId, async () => !(await bring(disk, model)));
      if (isFull || this.isStopped) return;
      this.seen.add(model.modelId);
    }
  }

  /** Does it once no request waits for a load; whoever asks for what failed hears why. */
  private async attempt<T>(modelId: bigint, work: () => Promise<T>): Promise<T | undefined> {
    while (this.options.isBusy() && !this.isStopped) await sleep(BUSY_MS);
    if (this.isStopped) return undefined;
    try {
      return await work();
    } catch (error) {
      this.options.logger?.debug({ modelId, error }, "An adapter could not be brought near");
      return undefined;
    }
  }
}

/** All that an adapter's load fetches beside the base. False: there was no room for some of it. */
async function bring(disk: DiskCache, model: RegisteredModel): Promise<boolean> {
  if (!(await disk.prefetch(model.manifestHash, DOCUMENT_BYTES))) return false;
  const { method, adapter } = await checkedManifest(disk, model);
  if (!(await disk.prefetch(method, DOCUMENT_BYTES))) return false;
  for (const { sha256, size } of adapter) if (!(await disk.prefetch(sha256, size))) return false;
  return true;
}
