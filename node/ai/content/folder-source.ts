import { createHash } from "node:crypto";
import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { CodedError } from "../../base/errors.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { aiError } from "../errors.ts";
import { type ContentSource, hashMismatch, requireHash } from "./source.ts";

/** Content lying in a folder as files that are named by their hash, with or without 0x. */
export function folderSource(folder: string): ContentSource & Required<Pick<ContentSource, "file">> {
  const where = `the folder ${folder}`;
  return {
    async get(hash) {
      for (const path of pathsOf(folder, hash)) {
        const bytes = await readFile(path).catch(() => undefined);
        if (bytes) return requireHash(new Uint8Array(bytes), hash, where);
      }
      throw notFound(folder, hash);
    },
    async file(hash) {
      for (const path of pathsOf(folder, hash)) {
        const state = await stat(path).catch(() => undefined);
        if (!state?.isFile()) continue;
        const found = await hashOfFile(path);
        if (found !== hash) throw hashMismatch(hash, found, where);
        return path;
      }
      throw notFound(folder, hash);
    },
  };
}

function pathsOf(folder: string, hash: Hash): string[] {
  const bare = hash.slice(2);
  return [bare, hash, join(bare.slice(0, 2), bare)].map((name) => join(folder, name));
}

/** All pieces come into one piece of memory: a stream's would lie about until they are collected. */
async function hashOfFile(path: string): Promise<Hash> {
  const digest = createHash("sha256");
  const file = await open(path);
  try {
    const piece = new Uint8Array(2 ** 20);
    for (let got = 1; got > 0; ) {
      got = (await file.read(piece)).bytesRead;
      digest.update(piece.subarray(0, got));
    }
  } finally {
    await file.close();
  }
  return `0x${digest.digest("hex")}`;
}

function notFound(folder: string, hash: Hash): CodedError {
  return aiError("CONTENT_NOT_FOUND", {
    message: `the folder ${folder} does not hold ${hash}`,
    fix: "export the receipt's evidence again, or verify against a node with --rpc",
    facts: { hash, folder },
  });
}
