import { z } from "zod";
import type { CodedError } from "../../base/errors.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { canonicalBytes, type Json, parseCanonical } from "../codec/canonical-json.ts";
import { contentIdOf } from "../codec/hash.ts";
import type { ContentSink, ContentSource } from "../content/source.ts";
import { aiError } from "../errors.ts";
import type { ModelFiles } from "../model/files.ts";

const hash = z.string().regex(/^0x[0-9a-f]{64}$/) as unknown as z.ZodType<Hash>;
const size = z.number().int().nonnegative();
/** Files of one list: of a base model in as many shards. */
const MAX_FILES = 1_000;
/** Parts of an index: of 4 million rows with the largest sketches. */
const MAX_PARTS = 256;
/** Of a manifest: three full lists with names of a usual length. */
const MAX_MANIFEST_BYTES = 2 ** 20;
const files = z
  .array(z.strictObject({ name: z.string().min(1).max(255), size, sha256: hash }))
  .min(1)
  .max(MAX_FILES);

const manifestSchema = z.strictObject({
  format: z.literal("openledger/manifest/3"),
  name: z.string().min(1).max(256),
  /** config.json and the weights. */
  base: files,
  /** tokenizer.json and what names the end tokens. */
  tokenizer: files,
  /** adapter_config.json and adapter_model.safetensors. */
  adapter: files,
  method: hash,
  basis: hash,
  /** All records end to end, in parts (index-contents.ts). */
  index: z.array(hash).min(1).max(MAX_PARTS),
  snapshots: z
    .array(
      z.strictObject({
        datanetId: z.string().regex(/^\d+$/),
        number: z.number().int().positive(),
        root: hash,
        /** Its contributions. */
        content: hash,
      }),
    )
    .min(1)
    .max(16),
  /** Rows of the snapshots; of them, those that repeat earlier ones and those that are skipped. */
  rows: z.number().int().positive(),
  repeats: size,
  skipped: size,
});

/** By which content a registered model can be loaded, its answers attributed and everything made again. */
export type Manifest = z.infer<typeof manifestSchema>;
export type FileList = Manifest["base"];

const TOKENIZER_FILES = [
  "tokenizer.json",
  "tokenizer_config.json",
  "generation_config.json",
  "chat_template.jinja",
];

/** Divides the files of a base model's folder into those of the weights and those of the tokenizer. */
export function splitBaseFiles(all: ModelFiles): { base: ModelFiles; tokenizer: ModelFiles } {
  const base = new Map<string, Uint8Array>();
  const tokenizer = new Map<string, Uint8Array>();
  for (const [name, bytes] of all) {
    if (name.startsWith("adapter_")) continue;
    (TOKENIZER_FILES.includes(name) ? tokenizer : base).set(name, bytes);
  }
  // The end tokens may stand in config.json only.
  const config = all.get("config.json");
  if (config) tokenizer.set("config.json", config);
  return { base, tokenizer };
}

/** Names, sizes and hashes of files, sorted by name. `hashOf`: SHA-256 of one. */
export function listFiles(modelFiles: ModelFiles, hashOf = contentIdOf): FileList {
  return [...modelFiles]
    .map(([name, bytes]) => ({ name, size: bytes.length, sha256: hashOf(bytes) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** SHA-256 of the canonical list: the hash of a base model, whatever number of files it has. */
export function hashOfList(list: FileList): Hash {
  return contentIdOf(canonicalBytes(list as Json));
}

/** SHA-256 of one file of a list. @throws CodedError `MANIFEST_INVALID`. */
export function hashOfFile(list: FileList, name: string): Hash {
  const entry = list.find((file) => file.name === name);
  if (!entry) throw invalidManifest(`it lists no ${name}`);
  return entry.sha256;
}

/** Canonical bytes of a manifest. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  return canonicalBytes(manifest as Json);
}

/** Reads a manifest. @throws CodedError `JSON_NOT_CANONICAL`, `MANIFEST_INVALID`. */
export function decodeManifest(bytes: Uint8Array): Manifest {
  if (bytes.length > MAX_MANIFEST_BYTES)
    throw invalidManifest(`it has ${bytes.length} bytes; the most is ${MAX_MANIFEST_BYTES}`);
  const parsed = manifestSchema.safeParse(parseCanonical(bytes, "the manifest"));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw invalidManifest(`${issue.path.join(".") || "the whole"}: ${issue.message}`);
}

/** The five hashes that the registry holds of a model. */
export function registryHashes(manifest: Manifest): {
  baseHash: Hash;
  adapterHash: Hash;
  tokenizerHash: Hash;
  methodHash: Hash;
  manifestHash: Hash;
} {
  return {
    baseHash: hashOfList(manifest.base),
    adapterHash: hashOfFile(manifest.adapter, "adapter_model.safetensors"),
    tokenizerHash: hashOfFile(manifest.tokenizer, "tokenizer.json"),
    methodHash: manifest.method,
    manifestHash: contentIdOf(encodeManifest(manifest)),
  };
}

/** Fetches listed files. @throws CodedError of the source, `MANIFEST_INVALID` for a wrong size. */
export async function fetchFiles(source: ContentSource, list: FileList): Promise<ModelFiles> {
  const fetched = new Map<string, Uint8Array>();
  for (const { name, size: expected, sha256 } of list) {
    const bytes = await source.get(sha256);
    if (bytes.length !== expected)
      throw invalidManifest(`${name} has ${bytes.length} bytes in place of ${expected}`);
    fetched.set(name, bytes);
  }
  return fetched;
}

/** Stores files by hash. */
export async function storeFiles(sink: ContentSink, modelFiles: ModelFiles): Promise<void> {
  for (const bytes of modelFiles.values()) await sink.put(bytes);
}

export function invalidManifest(what: string): CodedError {
  return aiError("MANIFEST_INVALID", {
    message: `the model's manifest is not valid: ${what}`,
    fix: "the model's owner has to publish a right one",
  });
}
