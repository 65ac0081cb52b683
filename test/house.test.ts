import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../node/base/paths.ts";
import { ALONE, LONGEST, WAITING } from "./sequence.ts";

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
    "node/rollup/l1",
    "node/rollup/errors.ts",
  ],
  // L1's client and derivation know nothing of the rest of the room.
  "node/rollup/l1": ["node/base", "node/chain", "node/execution", "node/rollup/errors.ts"],
  "node/rollup/derivation": ["node/base", "node/chain", "node/rollup/errors.ts"],
  "node/rollup/errors.ts": ["node/base"],
  "node/ai": ["node/base", "node/chain", "node/store", "precompiles", "native/js"],
  // Doors for pages; they speak to the chain as any client does.
  "node/api": ["node/base", "node/chain", "node/ai"],
  // It runs in browsers: with the chain's and the precompiles' own rules, and what its server tells it.
  "node/web": [
    "node/base",
    "node/chain",
    "node/ai",
    "node/agents",
    "node/circle",
    "node/governance",
    "precompiles",
    "node/deploy/deployment.ts",
    "node/api/site.ts",
    "node/api/static-files.ts",
  ],
  "node/rpc": ["node/base", "node/chain", "node/store", "node/execution"],
  "node/deploy": ["node/base", "node/chain", "node/execution", "precompiles", "node/rollup/l1"],
  // It speaks to both chains as any client does.
  "node/governance": ["node/base", "node/chain", "node/ai", "node/agents", "node/deploy", "node/circle"],
  "node/agents": ["node/base", "node/chain", "node/ai"],
  "node/circle": ["node/base", "node/chain", "node/ai"],
  "node/app": "everything",
  "node/cli": "everything",
  "node/main.ts": "everything",
  devnet: "everything",
  test: "everything",
};

/** Lines of a TypeScript file, tests too. */
const MAX_LINES = 400;
const GENERATED = /\/generated\//;

interface Import {
  file: string;
  target: string;
  typeOnly: boolean;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((file) => !file.includes("node_modules"));
}

function textOf(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

function importsOf(file: string): Import[] {
  const text = textOf(file);
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
  it("orders test files that are there", () => {
    expect([LONGEST, ...WAITING, ...ALONE].filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });

  it("gives test files that need it a process of their own", () => {
    const looks =
      /\.(cpuUsage|memoryUsage|resourceUsage|eventLoopUtilization)\b|monitorEventLoopDelay|vi\.(mock|doMock|resetModules)\(|from "(ethers5?|web3)"/;
    const found = files.filter(
      (file) => /\.test\.tsx?$/.test(file) && looks.test(readFileSync(join(ROOT, file), "utf8")),
    );
    expect(found.filter((file) => file !== "test/house.test.ts").sort()).toEqual([...ALONE].sort());
  });

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

  it("keeps ethereumjs behind the executor's interface", () => {
    const allowed = ["node/execution/evm/ethereumjs/", "node/deploy/local-evm.ts", "precompiles/testing/"];
    const offenders = sources
      .filter((file) => file.startsWith("node/") || file.startsWith("precompiles/"))
      .filter((file) => !allowed.some((place) => file.startsWith(place)))
      .filter((file) => /["']@ethereumjs\//.test(readFileSync(join(ROOT, file), "utf8")));
    expect(offenders).toEqual([]);
  });

  it("has no import cycle", () => {
    const graph = new Map<string, string[]>();
    for (const { file, target, typeOnly } of imports) {
      if (!typeOnly) graph.set(file, [...(graph.get(file) ?? []), target]);
    }
    expect(findCycle(graph)).toBeUndefined();
  });

  it("has no two files in one room that import each other, not even for types", () => {
    const known = new Set(imports.map(({ file, target }) => `${file} ${target}`));
    const pairs = imports.filter(({ file, target }) => file < target && known.has(`${target} ${file}`));
    const inRoom = pairs.filter(({ file, target }) => roomOf(file) === roomOf(target));
    expect(inRoom.map(({ file, target }) => `${file} <-> ${target}`)).toEqual([]);
  });

  it("keeps a file short enough to hold in the head", () => {
    const lines = (file: string) => textOf(file).split("\n").length - 1;
    const long = files.filter((file) => !GENERATED.test(file) && lines(file) >= MAX_LINES);
    expect(long.map((file) => `${file}: ${lines(file)}`)).toEqual([]);
  });
});

describe("every room's errors", () => {
  const rooms = ["devnet", ...readdirSync(join(ROOT, "node")).map((name) => `node/${name}`)];
  const sourcesOf = (room: string) => sources.filter((file) => file.startsWith(`${room}/`));

  it("come from the room's own table, each with a severity", () => {
    const offenders = sources.filter((file) => {
      const makesTable = /\berrorMaker\(/.test(codeOf(file));
      return makesTable && file !== "node/base/errors.ts" && !rooms.includes(file.replace("/errors.ts", ""));
    });
    expect(offenders).toEqual([]);
    const unlisted = rooms.flatMap((room) => {
      const table = tableOf(room);
      return sourcesOf(room).flatMap((file) =>
        codesMadeIn(file)
          .filter((code) => !table.includes(code))
          .map((code) => `${file}: ${code}`),
      );
    });
    expect(unlisted).toEqual([]);
  });

  it("are all in use", () => {
    const unused = rooms.flatMap((room) => {
      const texts = sourcesOf(room).filter((file) => !file.endsWith("/errors.ts"));
      const used = texts.map(codeOf).join("\n");
      return tableOf(room)
        .filter((code) => !used.includes(`"${code}"`))
        .map((code) => `${room}: ${code}`);
    });
    expect(unused).toEqual([]);
  });
});

describe("the style of every source file", () => {
  const PATTERNS: readonly [rule: string, pattern: RegExp, exempt?: string][] = [
    ["no default export", /^export default /m, "config.ts"],
    ["`private`, not `#`", /\bthis\.#|^\s+(?:(?:static|readonly|async|get|set) )*#\w/m],
    ["no @ts-ignore", /@ts-(?:ignore|nocheck|expect-error)/],
    ["no `any`", /(?:[:<|&,(]\s*|\bas )any(?=\s*(?:[[\]();,.>|&={}]|$))/m],
  ];

  it.each(PATTERNS)("%s", (_, pattern, exempt) => {
    const code = pattern.source.startsWith("@") ? textOf : codeOf;
    const isExempt = (file: string) => exempt !== undefined && file.endsWith(exempt);
    const checked = files.filter((file) => !isExempt(file) && file !== "test/house.test.ts");
    expect(checked.filter((file) => pattern.test(code(file)))).toEqual([]);
  });
});

/** The file without its comments. */
function codeOf(file: string): string {
  return textOf(file)
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/(^|\s)\/\/.*$/gm, "");
}

function tableOf(room: string): string[] {
  const path = `${room}/errors.ts`;
  if (!sources.includes(path)) return [];
  return [...textOf(path).matchAll(/^ {2}([A-Z][A-Z0-9_]+): "(?:input|temporary|reset|fatal)",$/gm)].map(
    (match) => match[1]!,
  );
}

/** Codes that stand where a CodedError is made without a table's maker. */
function codesMadeIn(file: string): string[] {
  const made = [...codeOf(file).matchAll(/\bnew CodedError\(([^{]*?),\s*"(?:input|temporary|reset|fatal)"/g)];
  return made.flatMap((match) => [...match[1]!.matchAll(/"([A-Z][A-Z0-9_]+)"/g)].map((code) => code[1]!));
}

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
