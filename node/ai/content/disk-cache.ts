import { mkdir, readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../base/clock.ts";
import { replaceFileParts, temporaryOf } from "../../base/files.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { contentIdLater } from "../codec/hash.ts";
import type { ContentSource } from "./source.ts";

/** What a {@link DiskCache} holds and did. */
export interface DiskCacheStatus {
  files: number;
  bytes: number;
  /** Contents that were given from the disk, and that were fetched. */
  hits: number;
  misses: number;
}

const NAME = /^[0-9a-f]{64}$/;

/**
 * Contents of a source that is far away, kept in a folder by their hash: at most so many bytes, the least recently used go first,
 * also after a restart. What is read is hashed again, and fetched anew where it is not what it was. A disk that fails or is full
 * costs no more than the fetching.
 */
export class DiskCache implements ContentSource {
  private readonly source: ContentSource;
  private readonly folder: string;
  private readonly maxBytes: number;
  /** Sizes, the least recently used first. */
  private readonly kept = new Map<Hash, number>();
  private readonly loading = new Map<Hash, Promise<Uint8Array>>();
  private readonly counts = { hits: 0, misses: 0 };
  private bytes = 0;

  private constructor(source: ContentSource, folder: string, maxBytes: number) {
    this.source = source;
    this.folder = folder;
    this.maxBytes = maxBytes;
  }

  /** @throws the system's error where the folder can't be made or read. */
  static async open(source: ContentSource, folder: string, maxBytes: number): Promise<DiskCache> {
    const cache = new DiskCache(source, folder, maxBytes);
    await mkdir(folder, { recursive: true });
    const found: { hash: Hash; size: number; used: number }[] = [];
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      if (!NAME.test(name)) await rm(path, { force: true, recursive: true });
      const state = NAME.test(name) && (await stat(path).catch(() => undefined));
      if (state) found.push({ hash: `0x${name}`, size: state.size, used: state.mtimeMs });
    }
    for (const { hash, size } of found.sort((a, b) => a.used - b.used)) cache.add(hash, size);
    await cache.makeRoom();
    return cache;
  }

  /** From the disk, or fetched and kept there; callers at the same time wait for one load. @throws CodedError of the source. */
  get(hash: Hash): Promise<Uint8Array> {
    const pending = this.loading.get(hash);
    if (pending !== undefined) return pending;
    const loading = this.load(hash).finally(() => this.loading.delete(hash));
    this.loading.set(hash, loading);
    return loading;
  }

  /**
   * Fetches a content of that size before anybody asks for it, where it takes no other one's place.
   * @returns false where there is no room. @throws CodedError of the source.
   */
  async prefetch(hash: Hash, size: number): Promise<boolean> {
    if (this.kept.has(hash)) return true;
    if (this.bytes + size > this.maxBytes) return false;
    await this.get(hash);
    return true;
  }

  status(): DiskCacheStatus {
    return { files: this.kept.size, bytes: this.bytes, ...this.counts };
  }

  private async load(hash: Hash): Promise<Uint8Array> {
    const near = this.kept.has(hash) ? await this.read(hash) : undefined;
    if (near !== undefined) {
      this.counts.hits++;
      return near;
    }
    const bytes = await this.source.get(hash);
    this.counts.misses++;
    await this.keep(hash, bytes).catch(() => this.drop(hash));
    return bytes;
  }

  private async read(hash: Hash): Promise<Uint8Array | undefined> {
    const bytes = await readFile(this.pathOf(hash)).catch(() => undefined);
    if (bytes === undefined || (await contentIdLater([bytes])) !== hash) {
      await this.drop(hash);
      return undefined;
    }
    // Another content may have taken its place meanwhile.
    if (this.kept.has(hash)) this.add(hash, bytes.length);
    const now = systemClock.now();
    // Only the order after a restart hangs on it.
    await utimes(this.pathOf(hash), now, now).catch(() => undefined);
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  private async keep(hash: Hash, bytes: Uint8Array): Promise<void> {
    if (bytes.length > this.maxBytes) return;
    this.add(hash, bytes.length);
    await this.makeRoom();
    await replaceFileParts(this.pathOf(hash), [bytes]);
    // Somebody else's content took its place while it was written.
    if (!this.kept.has(hash)) await this.drop(hash);
  }

  /** As the most recently used one. */
  private add(hash: Hash, size: number): void {
    this.bytes += size - (this.kept.get(hash) ?? 0);
    this.kept.delete(hash);
    this.kept.set(hash, size);
  }

  private async makeRoom(): Promise<void> {
    for (const hash of [...this.kept.keys()]) {
      if (this.bytes <= this.maxBytes) return;
      await this.drop(hash);
    }
  }

  private async drop(hash: Hash): Promise<void> {
    this.bytes -= this.kept.get(hash) ?? 0;
    this.kept.delete(hash);
    for (const path of [this.pathOf(hash), temporaryOf(this.pathOf(hash))])
      await rm(path, { force: true }).catch(() => undefined);
  }

  private pathOf(hash: Hash): string {
    return join(this.folder, hash.slice(2));
  }
}
