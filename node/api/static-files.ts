import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { gzipSync } from "node:zlib";
import { apiError } from "./errors.ts";

/** One file of the pages, as it is sent. */
export interface StaticFile {
  type: string;
  bytes: Uint8Array;
  /** The same, compressed; undefined where that would save nothing. */
  gzip: Uint8Array | undefined;
  etag: string;
  /** Its name holds a hash of its bytes: it never changes. */
  isImmutable: boolean;
}

/** The files of the pages by their path on the server, and the page itself with a place for the nonce. */
export interface StaticSite {
  files: ReadonlyMap<string, StaticFile>;
  index: string;
}

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};
const COMPRESSED = /^(?:text\/|application\/|image\/svg)/;
/** What the build puts where the nonce of each answer goes. */
export const NONCE_PLACE = "__OPENLEDGER_NONCE__";

/**
 * Reads the built pages into memory: only what is read here can be served, whatever path a request names.
 * @throws CodedError `WEB_NOT_BUILT` where the folder holds no pages.
 */
export function readStaticSite(folder: string): StaticSite {
  const files = new Map<string, StaticFile>();
  let index: string | undefined;
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      const path = `/${relative(folder, file).split(sep).join("/")}`;
      if (path === "/index.html") index = readFileSync(file, "utf8");
      else files.set(path, staticFile(path, new Uint8Array(readFileSync(file))));
    }
  } catch (cause) {
    throw notBuilt(folder, cause);
  }
  if (index === undefined) throw notBuilt(folder);
  return { files, index };
}

function staticFile(path: string, bytes: Uint8Array): StaticFile {
  const type = TYPES[extname(path)] ?? "application/octet-stream";
  const gzip = COMPRESSED.test(type) ? new Uint8Array(gzipSync(bytes, { level: 9 })) : undefined;
  return {
    type,
    bytes,
    gzip: gzip !== undefined && gzip.length < bytes.length ? gzip : undefined,
    etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 27)}"`,
    isImmutable: path.startsWith("/assets/"),
  };
}

function notBuilt(folder: string, cause?: unknown) {
  return apiError("WEB_NOT_BUILT", {
    message: `The folder ${folder} holds no built pages.`,
    fix: "Build them with `npm run build:web`, or start the node with --web off.",
    facts: { folder },
    cause,
  });
}
