import { recordSize } from "../../../precompiles/influence-verifier/rule.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { concatBytes } from "../codec/hash.ts";
import type { ContentSink, ContentSource } from "../content/source.ts";
import { aiError } from "../errors.ts";
import { invalidManifest, type Manifest } from "./manifest.ts";
import type { IndexCommitment } from "./score.ts";

/** Bytes of an index in one content: half of what nodes take. */
const PART_BYTES = 128 * 1024 * 1024;
/** Of an index that is held in memory whole, by a page above all: 260,000 rows of k = 4,096. Others map its parts. */
const MEMORY_BYTES = 2 ** 30;

/** What the number and the length of an index's parts follow from. */
export type IndexSizes = Pick<IndexCommitment, "rows" | "dimension">;

/** Rows of each part of an index but the last: as many whole records as fit. */
export function rowsOfPart({ dimension }: Pick<IndexSizes, "dimension">): number {
  return Math.max(1, Math.floor(PART_BYTES / recordSize(dimension)));
}

/** The first row of each part, and how many it has. */
export function indexParts(sizes: IndexSizes): { first: number; rows: number }[] {
  const each = rowsOfPart(sizes);
  const count = Math.max(1, Math.ceil(sizes.rows / each));
  return Array.from({ length: count }, (_, i) => ({
    first: i * each,
    rows: Math.min(each, sizes.rows - i * each),
  }));
}

/** The records of each part of an index that lies in memory. @param bytes all of them end to end. */
export function partsIn(bytes: Uint8Array, sizes: IndexSizes): (part: number) => Promise<Uint8Array> {
  const size = recordSize(sizes.dimension);
  const parts = indexParts(sizes).map(({ first, rows }) =>
    bytes.subarray(first * size, (first + rows) * size),
  );
  return async (part) => parts[part] ?? new Uint8Array(0);
}

/** Stores an index, a content a part. @param bytes all records end to end. @returns their hashes, as a manifest has them. */
export async function storeIndex(
  sink: ContentSink,
  { bytes, commitment }: { bytes: Uint8Array; commitment: IndexSizes },
): Promise<Hash[]> {
  const part = partsIn(bytes, commitment);
  const hashes: Hash[] = [];
  for (const i of indexParts(commitment).keys()) hashes.push(await sink.put(await part(i)));
  return hashes;
}

/**
 * The records of a manifest's index, end to end: for whoever can't map a file.
 * @throws CodedError `MANIFEST_INVALID` where it names another number of parts, `INDEX_TOO_LARGE`, and of the source.
 */
export async function fetchIndex(
  source: ContentSource,
  manifest: Pick<Manifest, "index">,
  sizes: IndexSizes,
): Promise<Uint8Array> {
  requireParts(manifest, sizes);
  const bytes = sizes.rows * recordSize(sizes.dimension);
  if (bytes > MEMORY_BYTES)
    throw aiError("INDEX_TOO_LARGE", {
      message: `the index of ${sizes.rows} rows has ${bytes} bytes; at most ${MEMORY_BYTES} are read into memory here`,
      fix: "verify with `openledger receipt verify`, which maps it from the disk",
      facts: { bytes, limit: MEMORY_BYTES },
    });
  const [first, ...rest] = manifest.index;
  if (rest.length === 0) return source.get(first!);
  const parts: Uint8Array[] = [];
  for (const hash of manifest.index) parts.push(await source.get(hash));
  return concatBytes(...parts);
}

/** Before anything is fetched: as many parts as an index of that commitment has. @throws CodedError `MANIFEST_INVALID`. */
export function requireParts(manifest: Pick<Manifest, "index">, sizes: IndexSizes): void {
  requirePartsOfOne(manifest, [sizes]);
}

/** The same for a manifest that several commitments were registered with: as many parts as one of theirs. @throws CodedError `MANIFEST_INVALID`. */
export function requirePartsOfOne(
  { index }: Pick<Manifest, "index">,
  registered: readonly IndexSizes[],
): void {
  if (registered.some((sizes) => indexParts(sizes).length === index.length)) return;
  const wanted = registered.map((sizes) => `one of ${sizes.rows} rows has ${indexParts(sizes).length}`);
  throw invalidManifest(`its index has ${index.length} parts; ${wanted.join(", ")}`);
}
