import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Hash } from "../../chain/types/primitives.ts";
import { decodeManifest } from "../attribution/manifest.ts";
import type { ContentSource } from "../content/source.ts";
import { decodeSnapshot } from "../train/snapshot.ts";
import type { Receipt } from "./receipt.ts";

/**
 * Writes a receipt and everything that it takes to verify it offline into a folder: receipt.json, and contents as files
 * named by their hash.
 * @param json the receipt as it is written.
 * @returns number of contents and their bytes.
 */
export async function exportEvidence(
  { model }: Pick<Receipt, "model">,
  json: unknown,
  source: ContentSource,
  folder: string,
): Promise<{ files: number; bytes: number }> {
  await mkdir(folder, { recursive: true });
  const done = new Set<Hash>();
  let bytes = 0;
  const save = async (hash: Hash): Promise<Uint8Array> => {
    const content = await source.get(hash);
    if (!done.has(hash)) {
      done.add(hash);
      bytes += content.length;
      await writeFile(join(folder, hash.slice(2)), content);
    }
    return content;
  };
  const manifest = decodeManifest(await save(model.manifestHash));
  for (const { sha256 } of [...manifest.base, ...manifest.tokenizer, ...manifest.adapter]) await save(sha256);
  for (const hash of [manifest.method, manifest.basis, ...manifest.index]) await save(hash);
  for (const { content } of manifest.snapshots) {
    const { contributions } = decodeSnapshot(await save(content));
    for (const { contentId } of contributions) await save(contentId);
  }
  await writeFile(join(folder, "receipt.json"), `${JSON.stringify(json, null, 2)}\n`);
  return { files: done.size, bytes };
}
