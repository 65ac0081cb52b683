import { lstat, readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { aiError } from "../errors.ts";
import { readGguf } from "./gguf.ts";
import { ggufTextFiles } from "./gguf-files.ts";
import { repeatedKey } from "./json-keys.ts";
import { bytesInMemory, bytesOnDisk, mapWeights, type WeightBytes } from "./weight-bytes.ts";

/** Files of a model by name, whether they came from a folder or from the content store. */
export type ModelFiles = ReadonlyMap<string, Uint8Array>;

/** The files of a Hugging Face folder that say what the model is and computes. */
const WANTED: readonly RegExp[] = [
  /^config\.json$/,
  /^generation_config\.json$/,
  /^tokenizer\.json$/,
  /^tokenizer_config\.json$/,
  /^chat_template\.jinja$/,
  /^model(-\d+-of-\d+)?\.safetensors$/,
  /^model\.safetensors\.index\.json$/,
  /^adapter_config\.json$/,
  /^adapter_model\.safetensors$/,
  /^model\.gguf$/,
];

/** True for the name of a file that belongs to a model in Hugging Face form, or to an adapter of one. */
export function isModelFile(name: string): boolean {
  return name !== GGUF_FILE && WANTED.some((pattern) => pattern.test(name));
}

/** Those of them without the weights: they say how text becomes tokens, and how many the model holds. */
export const TEXT_FILES: readonly RegExp[] = WANTED.filter(({ source }) =>
  ["\\.json$", "\\.jinja$"].some((end) => source.endsWith(end)),
);

/** Under this name a single .gguf file counts as a model's weights, whatever it was called. */
export const GGUF_FILE = "model.gguf";

/** A model's small files, and its files of weights to be read in place. */
export interface ModelSource {
  files: ModelFiles;
  /** By name: .safetensors files, or {@link GGUF_FILE}. */
  weights: ReadonlyMap<string, WeightBytes>;
}

/** Files that are in memory, or mapped into it, as the source of a model. */
export function sourceOfFiles(files: ModelFiles): ModelSource {
  const weights = new Map<string, WeightBytes>();
  for (const [name, bytes] of files) if (isWeights(name)) weights.set(name, bytesInMemory(name, bytes));
  return { files, weights };
}

/**
 * The source of a model on disk: a folder in Hugging Face form, or a single .gguf file. Weights of any size are left where
 * they are.
 * @throws CodedError `MODEL_FOLDER_MISSING`, and what reading a .gguf file's header throws.
 */
export async function openModelSource(path: string): Promise<ModelSource> {
  if (await isGguf(path)) {
    const file = bytesOnDisk(basename(path), path);
    return { files: ggufTextFiles(readGguf(file)), weights: new Map([[GGUF_FILE, file]]) };
  }
  const files = new Map<string, Uint8Array>();
  const weights = new Map<string, WeightBytes>();
  for (const name of await wantedNames(path, WANTED)) {
    if (isWeights(name)) weights.set(name, bytesOnDisk(name, join(path, name)));
    else files.set(name, new Uint8Array(await readFile(join(path, name))));
  }
  return { files, weights };
}

/**
 * The wanted files of a folder (not of its sub-folders), or those that a single .gguf file stands for: itself as
 * {@link GGUF_FILE}, and config.json, tokenizer.json and tokenizer_config.json as its metadata say. Weights are mapped into
 * memory, not read: the files must not be shortened while they are in use.
 * @throws CodedError `MODEL_FOLDER_MISSING` when there is no such folder or nothing wanted in it, `MODEL_FILE_TOO_LARGE`.
 */
export async function readModelFolder(path: string, wanted = WANTED): Promise<ModelFiles> {
  if (await isGguf(path)) {
    const files = new Map(ggufTextFiles(readGguf(bytesOnDisk(basename(path), path))));
    for (const name of files.keys()) if (!wanted.some((pattern) => pattern.test(name))) files.delete(name);
    if (wanted === WANTED) files.set(GGUF_FILE, mapped(path));
    return files;
  }
  const files = new Map<string, Uint8Array>();
  for (const name of await wantedNames(path, wanted)) {
    const at = join(path, name);
    files.set(name, isWeights(name) ? mapped(at) : new Uint8Array(await readFile(at)));
  }
  return files;
}

function mapped(path: string): Uint8Array {
  try {
    return mapWeights(path);
  } catch (cause) {
    throw aiError("MODEL_FILE_TOO_LARGE", {
      message: `${path} cannot be mapped into memory: ${cause instanceof Error ? cause.message : String(cause)}`,
      fix: "use weights in files of less than 4 GiB each",
      facts: { path },
      cause,
    });
  }
}

/** True for the name of a file of weights. */
export const isWeights = (name: string) => /\.(safetensors|gguf)$/.test(name);

async function isGguf(path: string): Promise<boolean> {
  return (
    path.endsWith(".gguf") &&
    !(await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    ))
  );
}

async function wantedNames(folder: string, wanted: readonly RegExp[]): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    throw aiError("MODEL_FOLDER_MISSING", {
      message: `cannot read the model folder ${folder}`,
      fix: "give the path of a .gguf file, or of a folder in Hugging Face form (config.json, model.safetensors, tokenizer.json)",
      facts: { folder },
      cause,
    });
  }
  const found: string[] = [];
  for (const name of names.sort()) {
    if (!wanted.some((pattern) => pattern.test(name))) continue;
    if (!(await lstat(join(folder, name))).isDirectory()) found.push(name);
  }
  if (found.length > 0) return found;
  throw aiError("MODEL_FOLDER_MISSING", {
    message: `the folder ${folder} holds no model files`,
    fix: "give the path of a .gguf file, or of a folder in Hugging Face form (config.json, model.safetensors, tokenizer.json)",
    facts: { folder },
  });
}

/** @throws CodedError `MODEL_FILE_MISSING`. */
export function requireFile(files: ModelFiles, name: string): Uint8Array {
  const bytes = files.get(name);
  if (!bytes) {
    throw aiError("MODEL_FILE_MISSING", {
      message: `the model has no ${name}`,
      fix: `put ${name} beside the other files of the model`,
      facts: { name, present: [...files.keys()] },
    });
  }
  return bytes;
}

/** A JSON file whose objects have no key twice. @throws CodedError `MODEL_FILE_MISSING` or `MODEL_FILE_INVALID`. */
export function requireJson(files: ModelFiles, name: string): unknown {
  return parseJson(name, requireFile(files, name));
}

/** What {@link requireJson} makes of a file's bytes. @throws CodedError `MODEL_FILE_INVALID`. */
export function parseJson(name: string, bytes: Uint8Array): unknown {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw aiError("MODEL_FILE_INVALID", {
      message: `${name} is not UTF-8 JSON`,
      fix: "download or copy the file again",
      facts: { name },
      cause,
    });
  }
  const repeated = repeatedKey(text);
  if (repeated === undefined) return value;
  throw aiError("MODEL_FILE_INVALID", {
    message: `${name} has the key ${JSON.stringify(repeated)} twice in one object`,
    fix: "remove one of the two: which one counts depends on the reader",
    facts: { name, key: repeated },
  });
}
