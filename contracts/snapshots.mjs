#!/usr/bin/env node
// What users and upgrades of the contracts rest on, as text in the repository: storage layouts, selectors and topics, gas of whole
// stories of the protocol. A difference is seen in review.
//   node contracts/snapshots.mjs            compare storage and ABI with what forge compiled, and gas with a new run; status 1 if they differ
//   node contracts/snapshots.mjs --write    write them anew
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { toEventSelector, toFunctionSelector } from "viem";
import { formatAbiItem } from "viem/utils";
import { runForge } from "./forge.mjs";

const folder = dirname(fileURLToPath(import.meta.url));
const snapshots = join(folder, "snapshots");
/** Tests without random input, so that their gas is the same in every run. */
const GAS_OF = ["--match-path", "test/protocol/*", "--match-test", "^test_"];

/** Every contract of contracts/src as forge compiled it, by name; interfaces and what has no code are left out. */
function compiledContracts() {
  const found = new Map();
  const out = join(folder, "out");
  for (const sub of readdirSync(out).sort()) {
    if (!sub.endsWith(".sol")) continue;
    for (const file of readdirSync(join(out, sub)).sort()) {
      const artifact = JSON.parse(readFileSync(join(out, sub, file), "utf8"));
      const [[source, name] = []] = Object.entries(artifact.metadata?.settings?.compilationTarget ?? {});
      if (!source?.startsWith("src/") || !existsSync(join(folder, source))) continue;
      if (basename(file) !== `${name}.json` || artifact.bytecode.object === "0x") continue;
      found.set(name, artifact);
    }
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Numbers of the syntax tree are no part of a type. */
const typeName = (type) => type.label.replace(/^(struct|enum|contract) /, "");

/** A variable's line, and those of the fields where it is a struct, or a mapping's or list's value is. */
function* storageLines(types, variables, depth, seen) {
  for (const { slot, offset, label, type } of variables) {
    const entry = types[type];
    yield `${"  ".repeat(depth)}${slot}+${offset} ${label}: ${typeName(entry)}, ${entry.numberOfBytes} B`;
    let inner = entry;
    while (inner.value !== undefined || inner.base !== undefined) inner = types[inner.value ?? inner.base];
    if (inner.members === undefined || seen.has(inner.label)) continue;
    yield* storageLines(types, inner.members, depth + 1, new Set([...seen, inner.label]));
  }
}

/** Slot, offset, name, type and size of every variable that a contract keeps. */
export function renderStorage() {
  const parts = [];
  for (const [name, { storageLayout }] of compiledContracts()) {
    if (storageLayout === undefined || storageLayout.storage.length === 0) continue;
    const lines = storageLines(storageLayout.types ?? {}, storageLayout.storage, 1, new Set());
    parts.push(`${name}\n${[...lines].join("\n")}\n`);
  }
  return parts.join("\n");
}

function abiLine(item) {
  if (item.type === "constructor" || item.type === "receive" || item.type === "fallback") return item.type;
  const id = item.type === "event" ? toEventSelector(item) : toFunctionSelector(formatAbiItem(item));
  return `${item.type} ${formatAbiItem(item)} ${id}`;
}

/** Every function, event and error with its selector or topic, and the size of the code that is deployed. */
export function renderAbi() {
  const parts = [];
  for (const [name, { abi, deployedBytecode }] of compiledContracts()) {
    const bytes = (deployedBytecode.object.length - 2) / 2;
    parts.push(
      `${name}, ${bytes} B\n${abi
        .map((item) => `  ${abiLine(item)}`)
        .sort()
        .join("\n")}\n`,
    );
  }
  return parts.join("\n");
}

/** The two texts by file name. */
export const renderSnapshots = () => ({ "storage.txt": renderStorage(), "abi.txt": renderAbi() });

export const snapshotFile = (name) => join(snapshots, name);

function main() {
  const write = process.argv.includes("--write");
  mkdirSync(snapshots, { recursive: true });
  let differs = false;
  for (const [name, text] of Object.entries(renderSnapshots())) {
    const file = snapshotFile(name);
    if (write) writeFileSync(file, text);
    else if (!existsSync(file) || readFileSync(file, "utf8") !== text) {
      process.stderr.write(`contracts/snapshots/${name} differs from the contracts\n`);
      differs = true;
    }
  }
  const gas = ["snapshot", "--snap", "snapshots/gas.txt", ...GAS_OF, ...(write ? [] : ["--check"])];
  const { status, output } = runForge(gas, "pipe");
  if (status !== 0) process.stderr.write(`${output}\n`);
  if (differs || status !== 0) {
    process.stderr.write(
      "  fix:   look at the differences; where they are meant, node contracts/snapshots.mjs --write\n",
    );
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
