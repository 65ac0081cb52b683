import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../node/base/paths.ts";

const ROOT = packageRoot();
const TOP = ["contracts", "devnet", "native", "node", "precompiles", "test"];

/**
 * Each room and the rooms that it may import from; its own files are always allowed. The longest name that a file's path
 * begins with is its room, so that a folder may have a stricter rule than the room around it.
 */
const MAY_IMPORT: Record<string, readonly string[] | "everything"> = {
  "node/base": [],
  "node/chain": ["node/base"],
  "node/store": ["node/base", "node/chain"],
  precompiles: ["node/base", "node/chain"],
  // Their tests run them inside an EVM.
  "precompiles/testing": "everything",
  "native/js": [],
  "node/execution": ["node/base", "node/chain", "node/store", "precompiles", "native/js"],
  "node/rollup": [
    "node/base",
    "node/chain",
    "node/store",
    "node/execution",
    "node/rollup/derivation",
    "node/rollup/errors.ts",
  ],
  "node/rollup/derivation": ["node/base", "node/chain", "node/rollup/errors.ts"],
  "node/rollup/errors.ts": ["node/base"],
  "node/ai": ["node/base", "node/chain", "node/store", "precompiles", "native/js"],
  "node/rpc": ["node/base", "node/chain", "node/store", "node/execution"],
  "node/deploy": ["node/base", "node/chain", "node/execution", "precompiles"],
  "node/app": "everything",
  "node/cli": "everything",
  "node/main.ts": "everything",
  devnet: "everything",
  test: "everything",
};

interface Import {
  file: string;
  target: string;
  typeOnly: boolean;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((file) => !file.includes("node_modules"));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  const pattern =
    /(?:^|\n)\s*(import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?["'](\.[^"']+)["']|import\(\s*["'](\.[^"']+)["']\s*\)/g;
  return [...text.matchAll(pattern)].map((match) => ({
    file,
    target: normalize(join(dirname(file), match[3] ?? match[4] ?? "")),
    typeOnly: match[2] !== undefined,
  }));
}

function roomOf(file: string): string {
  const rooms = Object.keys(MAY_IMPORT).filter((name) => file === name || file.startsWith(`${name}/`));
  return rooms.sort((a, b) => b.length - a.length)[0] ?? file;
}

const files = ["devnet", "native/js", "node", "precompiles", "test"].flatMap(sourceFiles);
const sources = files.filter((file) => !file.endsWith(".test.ts"));
const imports = sources.flatMap(importsOf);

describe("the house", () => {
  it("has only its rooms and the tools' own files at the root", () => {
    const ignored = new Set(["node_modules", "dist", "build"]);
    const folders = readdirSync(ROOT, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && !ignored.has(entry.name))
      .map((entry) => entry.name);
    expect(folders.sort()).toEqual(TOP);
  });

  it("gives every source file a room with a rule", () => {
    expect(sources.filter((file) => MAY_IMPORT[roomOf(file)] === undefined)).toEqual([]);
  });

  it("lets each room import only what its rule allows", () => {
    const broken = imports.filter(({ file, target }) => {
      const from = roomOf(file);
      const to = roomOf(target);
      const rule = MAY_IMPORT[from];
      return from !== to && rule !== "everything" && !rule?.includes(to) && !rule?.includes(target);
    });
    expect(broken.map(({ file, target }) => `${file} -> ${target}`)).toEqual([]);
  });

  it("has no import cycle", () => {
    const graph = new Map<string, string[]>();
    for (const { file, target, typeOnly } of imports) {
      if (!typeOnly) graph.set(file, [...(graph.get(file) ?? []), target]);
    }
    expect(findCycle(graph)).toBeUndefined();
  });

  it("has no default export in its sources", () => {
    const offenders = sources.filter(
      (file) =>
        file !== "test/vitest.config.ts" && /^export default /m.test(readFileSync(join(ROOT, file), "utf8")),
    );
    expect(offenders).toEqual([]);
  });
});

function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (node: string): string[] | undefined => {
    const at = path.indexOf(node);
    if (at >= 0) return [...path.slice(at), node];
    if (done.has(node)) return undefined;
    path.push(node);
    for (const next of graph.get(node) ?? []) {
      const cycle = visit(next);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(node);
    return undefined;
  };
  for (const node of graph.keys()) {
    const cycle = visit(node);
    if (cycle) return cycle;
  }
  return undefined;
}
