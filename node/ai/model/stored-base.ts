import { type FileList, fetchFiles, invalidManifest } from "../attribution/manifest.ts";
import type { ContentSource } from "../content/source.ts";
import { isWeights, type ModelSource, sourceOfFiles } from "./files.ts";
import { bytesOnDisk, type WeightBytes } from "./weight-bytes.ts";

/**
 * A base model's files by their list in a manifest. Weights whose content is a file of this machine are left there, so that memory
 * holds them once: as the model.
 * @throws CodedError of the source, `MANIFEST_INVALID` for a wrong size.
 */
export async function fetchBase(source: ContentSource, list: FileList): Promise<ModelSource> {
  const onDisk = new Map<string, WeightBytes>();
  const others: FileList = [];
  for (const entry of list) {
    const { name, size, sha256 } = entry;
    if (!isWeights(name) || source.file === undefined) {
      others.push(entry);
      continue;
    }
    const file = bytesOnDisk(name, await source.file(sha256));
    if (file.size !== size) throw invalidManifest(`${name} has ${file.size} bytes in place of ${size}`);
    onDisk.set(name, file);
  }
  const { files, weights } = sourceOfFiles(await fetchFiles(source, others));
  return { files, weights: new Map([...weights, ...onDisk]) };
}
