/** An entry that requests hold while they use it. */
interface Entry<V> {
  loading: Promise<V>;
  /** Known once it is loaded. */
  value: V | undefined;
  bytes: number;
  users: number;
}

export interface AdapterCacheOptions<V> {
  load(key: string): Promise<V>;
  /** What an adapter takes in memory. */
  bytesOf(value: V): number;
  /** Frees it; nobody uses it any more. */
  free(value: V): void;
  /** Bytes of all that are not in use or pinned, and of those as far as there is room. */
  maxBytes: number;
}

/**
 * Adapters in memory by name: loaded on demand, once for all who wait for the same; the least recently used one that nobody holds
 * goes when there is no room. Pinned ones stay.
 */
export class AdapterCache<V> {
  private readonly options: AdapterCacheOptions<V>;
  /** The least recently used first. */
  private readonly entries = new Map<string, Entry<V>>();
  private pinned: ReadonlySet<string> = new Set();
  private bytes = 0;

  constructor(options: AdapterCacheOptions<V>) {
    this.options = options;
  }

  /** The adapter, loaded where it is not here; to be given back by `release`, once. Others are not kept waiting by a load. */
  async hold(key: string): Promise<{ value: V; release: () => void }> {
    const entry = this.entries.get(key) ?? this.begin(key);
    this.entries.delete(key);
    this.entries.set(key, entry);
    entry.users++;
    try {
      const value = await entry.loading;
      let isHeld = true;
      return {
        value,
        release: () => {
          if (!isHeld) return;
          isHeld = false;
          entry.users--;
          this.makeRoom();
        },
      };
    } catch (error) {
      entry.users--;
      throw error;
    }
  }

  /** Those that stay in memory once they were asked for, whatever else is asked; the others do not any more. */
  pin(keys: Iterable<string>): void {
    this.pinned = new Set(keys);
    this.makeRoom();
  }

  /** What is in memory, the least recently used first. */
  list(): { key: string; bytes: number; users: number; pinned: boolean }[] {
    return [...this.entries].map(([key, { bytes, users }]) => ({
      ...{ key, bytes, users },
      pinned: this.pinned.has(key),
    }));
  }

  /** How many loads are under way. */
  get loading(): number {
    return [...this.entries.values()].filter(({ value }) => value === undefined).length;
  }

  /** Bytes of all that are in memory. */
  get size(): number {
    return this.bytes;
  }

  private begin(key: string): Entry<V> {
    const entry: Entry<V> = { loading: this.options.load(key), value: undefined, bytes: 0, users: 0 };
    entry.loading.then(
      (value) => {
        entry.value = value;
        entry.bytes = this.options.bytesOf(value);
        this.bytes += entry.bytes;
        this.makeRoom();
      },
      () => {
        // The next who asks tries again.
        if (this.entries.get(key) === entry) this.entries.delete(key);
      },
    );
    this.entries.set(key, entry);
    return entry;
  }

  private makeRoom(): void {
    for (const [key, entry] of this.entries) {
      if (this.bytes <= this.options.maxBytes) return;
      if (entry.users > 0 || entry.value === undefined || this.pinned.has(key)) continue;
      this.entries.delete(key);
      this.bytes -= entry.bytes;
      this.options.free(entry.value);
    }
  }
}
