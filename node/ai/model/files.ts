import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { aiError } from "../errors.ts";

/** Files of a model by name, whether they came from a folder or from the content store. */
export type ModelFiles = ReadonlyMap<string, Uint8Array>;

/** The files of a Hugging Face folder that say what the model is and computes. */
const WANTED: readonly RegExp[] = [
  /^config\.json$/,
  /^generation_config\.json$/,
  /^tokenizer\.json$/,
  /^tokenizer_config\.json$/,
  /^model(-\d+-of-\d+)?\.safetensors$/,
  /^model\.safetensors\.index\.json$/,
  /^adapter_config\.json$/,
  /^adapter_model\.safetensors$/,
];

/** Those of them without the weights: they say how text becomes tokens, and how many the model holds. */
export const TEXT_FILES: readonly RegExp[] = WANTED.filter((pattern) => pattern.source.endsWith("\\.json$"));

/**
 * Reads the wanted files of a folder (not of its sub-folders).
 * @throws CodedError `MODEL_FOLDER_MISSING` when there is no such folder or nothing wanted in it.
 */
export async function readModelFolder(folder: string, wanted = WANTED): Promise<ModelFiles> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    throw aiError("MODEL_FOLDER_MISSING", {
      message: `cannot read the model folder ${folder}`,
      fix: "give the path of a folder in Hugging Face form (config.json, model.safetensors, tokenizer.json)",
      facts: { folder },
      cause,
    });
  }
  const files = new Map<string, Uint8Array>();
  for (const name of names.sort()) {
    if (!wanted.some((pattern) => pattern.test(name))) continue;
    if ((await lstat(join(folder, name))).isDirectory()) continue;
    files.set(name, new Uint8Array(await readFile(join(folder, name))));
  }
  if (files.size === 0) {
    throw aiError("MODEL_FOLDER_MISSING", {
      message: `the folder ${folder} holds no model files`,
      fix: "give the path of a folder in Hugging Face form (config.json, model.safetensors, tokenizer.json)",
      facts: { folder },
    });
  }
  return files;
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

/** @throws CodedError `MODEL_FILE_MISSING` or `MODEL_FILE_INVALID`. */
export function requireJson(files: ModelFiles, name: string): unknown {
  const bytes = requireFile(files, name);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw aiError("MODEL_FILE_INVALID", {
      message: `${name} is not UTF-8 JSON`,
      fix: "download or copy the file again",
      facts: { name },
      cause,
    });
  }
}
