import type { Hash } from "../../chain/types/primitives.ts";
import { contentIdOf } from "../codec/hash.ts";
import type { MirrorStore } from "../content/mirror.ts";
import { aiError } from "../errors.ts";

/** Content in memory, for tests. */
export function memoryContent(): MirrorStore & { all: Map<Hash, Uint8Array> } {
  const all = new Map<Hash, Uint8Array>();
  return {
    all,
    async get(hash) {
      const bytes = all.get(hash);
      if (!bytes) throw aiError("CONTENT_NOT_FOUND", { message: `no content ${hash}` });
      return bytes;
    },
    has: async (hash) => all.has(hash),
    async put(bytes) {
      const hash = contentIdOf(bytes);
      all.set(hash, bytes);
      return hash;
    },
  };
}
