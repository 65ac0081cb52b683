#!/usr/bin/env node
// Gives forge the compiler of the `solc` package, so that building needs no download: forge runs this file as if it were solc.
//
// Forge names files outside its root once by absolute path and once by a path with "../". The native compiler sees one file
// in both through --base-path; the compiler of the package has no file system, so the names are made one here and set back
// in the answer.
const solc = require("solc");
const { readFileSync } = require("node:fs");
const { isAbsolute, relative } = require("node:path");

function renameKeys(object, rename) {
  return Object.fromEntries(Object.entries(object ?? {}).map(([key, value]) => [rename(key), value]));
}

function compile(input) {
  const basePath = process.argv[process.argv.indexOf("--base-path") + 1] ?? process.cwd();
  const original = new Map();
  const shorten = (name) => {
    if (!isAbsolute(name)) return name;
    const short = relative(basePath, name);
    if (input.sources[short] === undefined) original.set(short, name);
    return short;
  };
  const restore = (name) => original.get(name) ?? name;
  const sources = renameKeys(input.sources, shorten);
  const settings = {
    ...input.settings,
    outputSelection: renameKeys(input.settings.outputSelection, shorten),
  };
  const output = JSON.parse(solc.compile(JSON.stringify({ ...input, sources, settings })));
  if (output.sources) output.sources = renameKeys(output.sources, restore);
  if (output.contracts) output.contracts = renameKeys(output.contracts, restore);
  return output;
}

if (process.argv.includes("--version")) {
  const version = solc.version().replace(".Emscripten.clang", ".Linux.g++");
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
} else {
  process.stdout.write(JSON.stringify(compile(JSON.parse(readFileSync(0, "utf8")))));
}
