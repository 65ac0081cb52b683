import { mkdir, readFile, statfs } from "node:fs/promises";
import { join } from "node:path";
import { aiError } from "../errors.ts";
import { parseModelConfig } from "../model/config.ts";
import { isModelFile, requireJson } from "../model/files.ts";
import { type DownloadOptions, downloadHubFile, presentBytes } from "./download.ts";
import type { HubFile, HubModel } from "./listing.ts";

/** Bytes of a file that is read by people, such as a licence. */
const MAX_PAPER = 1024 * 1024;
/** Bytes of a model's files of JSON: those of well-known models have up to 40 million. */
const MAX_TEXT = 256 * 1024 * 1024;
const PAPERS = /^(README\.md|(LICEN[CS]E|NOTICE|USE_POLICY)([._-][A-Za-z0-9._-]*)?)$/i;
const GGUF = /^[A-Za-z0-9][A-Za-z0-9._-]*\.gguf$/;

/** The files that are fetched of a model, small ones first. */
export interface PullPlan {
  model: HubModel;
  files: readonly HubFile[];
  /** Bytes of all of them. */
  bytes: number;
}

/**
 * Chooses a model's files: the one that is asked for, else all of a model in Hugging Face form, else the only .gguf file; with
 * licence and README.
 * @param maxBytes most that may be fetched.
 * @throws CodedError `HUB_FILE_UNKNOWN`, `HUB_FILE_AMBIGUOUS`, `HUB_MODEL_UNSUPPORTED`, `HUB_MODEL_TOO_LARGE`.
 */
export function planPull(model: HubModel, maxBytes: number, file = model.reference.file): PullPlan {
  const papers = model.files.filter(({ name, size }) => PAPERS.test(name) && size <= MAX_PAPER);
  const files = [...papers, ...chosen(model, file)].sort((a, b) => a.size - b.size);
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const text = files.find(({ name, size }) => !/\.(safetensors|gguf)$/.test(name) && size > MAX_TEXT);
  if (bytes > maxBytes || text) {
    throw aiError("HUB_MODEL_TOO_LARGE", {
      message: text
        ? `${text.name} has ${text.size} bytes; at most ${MAX_TEXT} are read`
        : `${model.reference.name} has ${bytes} bytes; at most ${maxBytes} are fetched`,
      fix: "choose a smaller or a quantised form of the model, or allow more with --max-size",
      facts: { bytes, limit: text ? MAX_TEXT : maxBytes },
    });
  }
  return { model, files, bytes };
}

function chosen({ files, reference }: HubModel, wanted: string | undefined): HubFile[] {
  const ggufs = files.filter(({ name }) => GGUF.test(name));
  if (wanted !== undefined && GGUF.test(wanted)) {
    const found = ggufs.find(({ name }) => name === wanted);
    if (found) return [found];
    throw aiError("HUB_FILE_UNKNOWN", {
      message: `${reference.name} has no file ${wanted}`,
      fix: ggufs.length > 0 ? `it has ${listOf(ggufs)}` : "leave the file out: this model has no .gguf files",
      facts: { file: wanted },
    });
  }
  const folder = files.filter(({ name }) => isModelFile(name));
  if (folder.some(({ name }) => name.endsWith(".safetensors"))) return folder;
  if (ggufs.length === 1) return ggufs;
  if (ggufs.length > 1) {
    throw aiError("HUB_FILE_AMBIGUOUS", {
      message: `${reference.name} has ${ggufs.length} .gguf files`,
      fix: `choose one with --file: ${listOf(ggufs)}`,
      facts: { files: ggufs.map(({ name }) => name) },
    });
  }
  throw aiError("HUB_MODEL_UNSUPPORTED", {
    message: `${reference.name} has neither .safetensors nor .gguf files`,
    fix: "choose a model with weights in one of these forms",
    facts: { name: reference.name },
  });
}

const listOf = (files: readonly HubFile[]) =>
  files
    .slice(0, 40)
    .map(({ name, size }) => `${name} (${Math.ceil(size / 2 ** 20)} MiB)`)
    .join(", ");

/**
 * Fetches what was planned into a folder; a run that was broken off goes on where it was. The model's config is judged before its
 * weights are fetched.
 * @param onBytes bytes of the whole that are there.
 * @throws CodedError of {@link downloadHubFile} and config.ts; `HUB_DISK_FULL`.
 */
export async function pullModel(
  { model, files, bytes }: PullPlan,
  folder: string,
  options: DownloadOptions = {},
): Promise<void> {
  await mkdir(folder, { recursive: true });
  let missing = bytes;
  for (const file of files) missing -= await presentBytes(file, folder);
  await requireDisk(folder, missing);
  let before = 0;
  for (const file of files) {
    const onBytes = (done: number) => options.onBytes?.(before + done);
    await downloadHubFile(model, file, folder, { ...options, onBytes });
    if (file.name === "config.json") await checkConfig(folder, file.name);
    before += file.size;
  }
}

async function checkConfig(folder: string, name: string): Promise<void> {
  const bytes = new Uint8Array(await readFile(join(folder, name)));
  parseModelConfig(requireJson(new Map([[name, bytes]]), name));
}

async function requireDisk(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= bytes) return;
  throw aiError("HUB_DISK_FULL", {
    message: `${bytes} bytes of the model are missing, and ${folder} has room for ${bavail * bsize}`,
    fix: "make room, or name a folder on another disk with --out",
    facts: { bytes, free: bavail * bsize },
  });
}
