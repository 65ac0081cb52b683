import { mkdir, readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { NativeError } from "../../../native/js/error.ts";
import type { Session } from "../../../native/js/index.ts";
import { systemClock } from "../../base/clock.ts";
import { isCodedError } from "../../base/errors.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import type { ContentSource } from "../content/source.ts";
import { indexParts, requireParts } from "./index-contents.ts";
import type { Manifest } from "./manifest.ts";
import { mapIndex, openIndex } from "./mapped-index.ts";
import type { IndexCommitment } from "./score.ts";
import type { AttributionIndex } from "./sketch-index.ts";

/** Where the records of a part of an index are fetched from: in memory, or the path of a file of them. */
export type RecordSource = (part: number) => Promise<Uint8Array | string>;

const DEFAULT_BYTES = 8 * 2 ** 30;
const NAME = /^[0-9a-f]{64}-\d{1,3}\.sketches$/;

/**
 * The files of indexes in a folder, by their root: made once, mapped again after a restart without reading the records anew from where they
 * came. At most so many bytes; the least recently opened goes first. What is mapped stays so until nothing holds it.
 */
export class IndexFiles {
  private readonly folder: string;
  private readonly maxBytes: number;
  private readonly session: Session | undefined;
  private ready: Promise<void> | undefined;
  private readonly opening = new Map<Hash, Promise<AttributionIndex>>();

  /** @param session whose device keeps the rows of what is opened, where it has memory of its own. */
  constructor(folder: string, maxBytes = DEFAULT_BYTES, session?: Session) {
    this.folder = folder;
    this.maxBytes = maxBytes;
    this.session = session;
  }

  /**
   * The index of that commitment, each caller its own. A file that is not what it was is made again.
   * @throws CodedError `INDEX_MISMATCH`, of the source; NativeError as mapIndex.
   */
  open(commitment: IndexCommitment, records: RecordSource): Promise<AttributionIndex> {
    const { root } = commitment;
    // One at a time writes a file; the next one finds it there.
    const before = this.opening.get(root)?.catch(() => undefined);
    const opening = Promise.resolve(before).then(() => this.load(commitment, records));
    this.opening.set(root, opening);
    return opening.finally(() => {
      if (this.opening.get(root) === opening) this.opening.delete(root);
    });
  }

  private async load(commitment: IndexCommitment, records: RecordSource): Promise<AttributionIndex> {
    this.ready ??= this.prepare().catch((error: unknown) => {
      this.ready = undefined;
      throw error;
    });
    await this.ready;
    const name = commitment.root.slice(2);
    const paths = indexParts(commitment).map((_, i) => join(this.folder, `${name}-${i}.sketches`));
    const index =
      (await this.kept(paths, commitment)) ?? (await mapIndex(records, commitment, paths, this.session));
    await this.makeRoom(paths);
    return index;
  }

  /** What a process that died was writing goes. */
  private async prepare(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    for (const name of await readdir(this.folder)) {
      if (name.endsWith(".partial")) await rm(join(this.folder, name), { force: true });
    }
  }

  private async kept(
    paths: readonly string[],
    commitment: IndexCommitment,
  ): Promise<AttributionIndex | undefined> {
    for (const path of paths) if ((await stat(path).catch(() => undefined)) === undefined) return undefined;
    try {
      const index = await openIndex(paths, commitment, this.session);
      const now = systemClock.now();
      for (const path of paths) await utimes(path, now, now).catch(() => undefined);
      return index;
    } catch (error) {
      if (error instanceof NativeError || isCodedError(error, "INDEX_MISMATCH")) return undefined;
      throw error;
    }
  }

  /** The oldest beyond the limit go; never the one in use. */
  private async makeRoom(inUse: readonly string[]): Promise<void> {
    const found: { path: string; size: number; used: number }[] = [];
    for (const name of await readdir(this.folder)) {
      const path = join(this.folder, name);
      const state = await stat(path).catch(() => undefined);
      if (state && NAME.test(name)) found.push({ path, size: state.size, used: state.mtimeMs });
    }
    let bytes = found.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of found.sort((a, b) => a.used - b.used)) {
      if (bytes <= this.maxBytes) return;
      if (inUse.includes(path)) continue;
      await rm(path, { force: true });
      bytes -= size;
    }
  }
}

/** The index of a manifest, mapped. @throws CodedError `MANIFEST_INVALID`, `INDEX_MISMATCH`, and of the source; NativeError of the file. */
export async function storedIndex(
  source: ContentSource,
  { index }: Pick<Manifest, "index">,
  commitment: IndexCommitment,
  files?: IndexFiles,
): Promise<AttributionIndex> {
  requireParts({ index }, commitment);
  const records: RecordSource = async (part) => {
    const hash = index[part]!;
    return source.file ? source.file(hash) : source.get(hash);
  };
  return files ? files.open(commitment, records) : mapIndex(records, commitment);
}
