import type { LoadedModel } from "./load.ts";

/**
 * Base models in memory by the hash of their files, each loaded once however many models use it. A base that nobody holds any
 * more is freed by the garbage collector, which the native core tells how much memory that gives back.
 */
export class SharedBases {
  private readonly loading = new Map<string, Promise<LoadedModel>>();
  private readonly held = new Map<string, WeakRef<LoadedModel>>();
  private readonly dropped = new FinalizationRegistry<string>((hash) => {
    if (this.held.get(hash)?.deref() === undefined) this.held.delete(hash);
  });

  /** How many are in memory. */
  get size(): number {
    return this.loaded().length;
  }

  /** Bytes of their weights. */
  get bytes(): number {
    return this.loaded().reduce((sum, { native }) => sum + native.bytes, 0);
  }

  /** The base of that hash, by `load` where it is not in memory; callers at the same time wait for one load. */
  get(hash: string, load: () => Promise<LoadedModel>): Promise<LoadedModel> {
    const known = this.held.get(hash)?.deref();
    if (known) return Promise.resolve(known);
    const pending = this.loading.get(hash);
    if (pending) return pending;
    const loading = load()
      .then((base) => {
        this.held.set(hash, new WeakRef(base));
        this.dropped.register(base, hash);
        return base;
      })
      .finally(() => this.loading.delete(hash));
    this.loading.set(hash, loading);
    return loading;
  }

  private loaded(): LoadedModel[] {
    return [...this.held.values()].flatMap((ref) => ref.deref() ?? []);
  }
}
