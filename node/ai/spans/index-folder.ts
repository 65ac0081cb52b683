import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import {
  compactShards,
  openShard,
  type Shard,
  type SpanDocuments,
  writeShard,
} from "../../../native/js/spans.ts";
import { aiError } from "../errors.ts";

/**
 * A folder of shards, in the order of their documents. `index.json` names them: a file that it does not name is what a stopped process
 * left, and goes at the next change. One process writes; any number reads.
 */
const MANIFEST = "index.json";
const FORMAT = "openledger/span-index/1";
const MAX_SHARDS = 4_096;
const manifestSchema = z.strictObject({
  format: z.literal(FORMAT),
  next: z.number().int().min(1),
  shards: z.array(z.string().regex(/^\d{8}\.spans$/)).max(MAX_SHARDS),
});
type Manifest = z.infer<typeof manifestSchema>;

export interface SpanIndex {
  /** In the order of their documents; empty for a folder without documents. */
  shards: readonly Shard[];
}

/**
 * Maps the shards of `folder`, each byte compared with its checksum unless `verify` is false.
 * @throws CodedError `SPAN_INDEX_INVALID`, NativeError `SPANS_FILE`, `SPANS_READ`
 */
export async function openSpanIndex(folder: string, options: { verify?: boolean } = {}): Promise<SpanIndex> {
  const { shards } = readManifest(folder);
  return { shards: await Promise.all(shards.map((name) => openShard(join(folder, name), options))) };
}

/** Adds documents behind all others as a shard of their own. Errors as writeShard's, and `SPAN_INDEX_INVALID`. */
export async function appendSpanShard(folder: string, documents: SpanDocuments): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const manifest = readManifest(folder);
  if (manifest.shards.length === MAX_SHARDS) throw invalid(`it has ${MAX_SHARDS} shards`, "compact it first");
  await replace(folder, manifest, manifest.shards, (path) => writeShard(path, documents));
}

/** Makes all shards one: the same bytes as if all documents had been indexed at once. Readers keep the old files until they let go. */
export async function compactSpanIndex(folder: string): Promise<void> {
  const manifest = readManifest(folder);
  if (manifest.shards.length < 2) return;
  const { shards } = await openSpanIndex(folder);
  await replace(folder, manifest, [], (path) => compactShards(shards, path));
}

/** Writes one shard more, then the manifest with `kept` and it, then removes what is no longer named. */
async function replace(
  folder: string,
  manifest: Manifest,
  kept: readonly string[],
  write: (path: string) => Promise<void>,
): Promise<void> {
  const name = `${String(manifest.next).padStart(8, "0")}.spans`;
  await write(join(folder, name));
  const shards = [...kept, name];
  const partial = join(folder, `${MANIFEST}.partial`);
  writeFileSync(partial, `${JSON.stringify({ format: FORMAT, next: manifest.next + 1, shards })}\n`, {
    flush: true,
  });
  renameSync(partial, join(folder, MANIFEST));
  const named = new Set(shards);
  for (const file of readdirSync(folder)) {
    if (/\.spans(\.partial)?$/.test(file) && !named.has(file)) rmSync(join(folder, file));
  }
}

function readManifest(folder: string): Manifest {
  const path = join(folder, MANIFEST);
  if (!existsSync(path)) return { format: FORMAT, next: 1, shards: [] };
  let parsed: ReturnType<typeof manifestSchema.safeParse> | undefined;
  try {
    parsed = manifestSchema.safeParse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    parsed = undefined;
  }
  if (parsed?.success) return parsed.data;
  throw invalid(`${path} does not name shards`, "build the index again from its documents");
}

function invalid(what: string, fix: string): Error {
  return aiError("SPAN_INDEX_INVALID", { message: `the span index cannot be used: ${what}`, fix });
}
