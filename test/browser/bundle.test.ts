import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { packageRoot } from "../../node/base/paths.ts";

const WEB = join(packageRoot(), "dist", "web");
/** Bytes of JavaScript, compressed, before the first page stands. */
const MOST = 250 * 1024;

interface Chunk {
  file: string;
  imports?: string[];
}

// Compiled by the set-up of `npm test`, or by `npm run build:web`.
test.skipIf(!existsSync(join(WEB, "manifest.json")))("the first load stays small", () => {
  const manifest = JSON.parse(readFileSync(join(WEB, "manifest.json"), "utf8")) as Record<string, Chunk>;
  const files = new Set<string>();
  const add = (name: string) => {
    const { file, imports = [] } = manifest[name]!;
    if (files.has(file)) return;
    files.add(file);
    for (const next of imports) add(next);
  };
  // The entry, and the page that stands at /.
  add("index.html");
  const first = Object.keys(manifest).find((name) => name.endsWith("pages/overview/overview.tsx"));
  add(first!);
  const bytes = [...files].map((file) => gzipSync(readFileSync(join(WEB, file)), { level: 9 }).length);
  expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MOST);
});
