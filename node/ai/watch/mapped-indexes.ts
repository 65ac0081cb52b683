import { type IndexFiles, storedIndex } from "../attribution/index-files.ts";
import { decodeManifest } from "../attribution/manifest.ts";
import type { IndexLoader } from "./indexes.ts";

/** Indexes in mapped files, scored off the event loop. @param files where they are kept; absent: as long as they are held. */
export function mappedIndexes(files?: IndexFiles): IndexLoader {
  return async (content, model) => {
    const manifest = decodeManifest(await content.get(model.manifestHash));
    return { manifest, index: await storedIndex(content, manifest, model.index, files) };
  };
}
