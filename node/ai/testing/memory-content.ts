import { PART_BYTES, PartStates } from "../../chain/content-parts.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { contentIdOf } from "../codec/hash.ts";
import type { MirrorPeer, MirrorStore } from "../content/mirror.ts";
import { aiError } from "../errors.ts";

/** Content in memory, for tests. */
export function memoryContent(): MirrorStore & MirrorPeer & { all: Map<Hash, Uint8Array> } {
  const all = new Map<Hash, Uint8Array>();
  const states = new Map<Hash, PartStates>();
  const get = async (hash: Hash) => {
    const bytes = all.get(hash);
    if (!bytes) throw aiError("CONTENT_NOT_FOUND", { message: `no content ${hash}` });
    return bytes;
  };
  return {
    all,
    get,
    name: "memory",
    async part(hash, offset) {
      const bytes = await get(hash);
      const made = states.get(hash) ?? new PartStates();
      for (let at = PART_BYTES * made.states.length; at < bytes.length; at += PART_BYTES)
        made.add(bytes.subarray(at, at + PART_BYTES));
      states.set(hash, made);
      const part = bytes.subarray(offset, offset + PART_BYTES);
      return { bytes: part, total: bytes.length, state: made.states[offset / PART_BYTES] };
    },
    has: async (hash) => all.has(hash),
    async put(bytes) {
      const hash = contentIdOf(bytes);
      all.set(hash, bytes);
      return hash;
    },
  };
}
