// Loads a base model in one of the ways in which the product does, and says what that took: `{ before, peak, weights }` in bytes.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listFiles, splitBaseFiles } from "../attribution/manifest.ts";
import { folderSource } from "../content/folder-source.ts";
import { openModelSource, readModelFolder } from "../model/files.ts";
import { loadModel, openModel } from "../model/load.ts";
import { fetchBase } from "../model/stored-base.ts";
import { hashOfWeights } from "../model/weight-bytes.ts";

/** A line of the kernel's, in bytes. */
const status = (name: string) =>
  1024 * Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(readFileSync("/proc/self/status", "utf8"))![1]);

const [way, folder] = process.argv.slice(2) as ["disk" | "training" | "serving", string];
const before = status("VmRSS");
const model = await load();
const { bytes } = model.native;
process.stdout.write(`${JSON.stringify({ before, peak: status("VmHWM"), weights: bytes })}\n`);

async function load() {
  if (way === "disk") return await loadModel(await openModelSource(folder));
  const { base, tokenizer } = splitBaseFiles(await readModelFolder(folder));
  const list = listFiles(base, hashOfWeights);
  if (way === "training") return await loadModel(openModel(base, tokenizer));
  const stored = await fetchBase(folderSource(join(folder, "contents")), list);
  return await loadModel(openModel(stored, tokenizer));
}
