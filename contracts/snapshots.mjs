#!/usr/bin/env node
// What users and upgrades of the contracts rest on, as text in the repository: storage layouts, selectors and topics, gas of whole
// stories of the protocol. A difference is seen in review.
//   node contracts/snapshots.mjs            compare storage and ABI with what forge compiled, and gas with a new run; status 1 if they differ
//   node contracts/snapshots.mjs --write    write them anew; refuses where code that is to be upgraded would read its storage otherwise
//   node contracts/snapshots.mjs --write --new-layouts    this too: for chains that begin anew
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
function* storageLines(types, variables, depth, seen, base = 0n) {
  for (const { slot, offset, label, type } of variables) {
    const entry = types[type];
    yield `${"  ".repeat(depth)}${BigInt(slot) - base}+${offset} ${label}: ${typeName(entry)}, ${entry.numberOfBytes} B`;
    let inner = entry;
    while (inner.value !== undefined || inner.base !== undefined) inner = types[inner.value ?? inner.base];
    if (inner.members === undefined || seen.has(inner.label)) continue;
    yield* storageLines(types, inner.members, depth + 1, new Set([...seen, inner.label]));
  }
}

/** Where a contract's namespace begins (ERC-7201), 0 where its variables begin at slot 0. */
function namespaceOf([first]) {
  const slot = BigInt(first.slot);
  return slot < 1n << 128n ? 0n : slot;
}

/** Slot, offset, name, type and size of every variable that a contract keeps; slots of a namespace from its beginning. */
export function renderStorage() {
  const parts = [];
  for (const [name, { storageLayout }] of compiledContracts()) {
    if (storageLayout === undefined || storageLayout.storage.length === 0) continue;
    const base = namespaceOf(storageLayout.storage);
    const lines = storageLines(storageLayout.types ?? {}, storageLayout.storage, 1, new Set(), base);
    const place = base === 0n ? "" : ` at 0x${base.toString(16).padStart(64, "0")}`;
    parts.push(`${name}${place}\n${[...lines].join("\n")}\n`);
  }
  return parts.join("\n");
}

/** The contracts of a text of {@link renderStorage}: their first line, which names a namespace where they have one, and the others. */
function layoutsOf(text) {
  const parts = text.split("\n\n").map((part) => part.trimEnd().split("\n"));
  return new Map(parts.map(([head, ...lines]) => [head.split(" ")[0], { head, lines }]));
}

/**
 * Contracts in namespaces, which are upgraded, whose later code would read what stands there otherwise: something of the older layout is
 * gone, moved or of another type. What is added may stand between, in a struct's rest of a slot, or behind.
 */
export function brokenLayouts(older, newer) {
  const next = layoutsOf(newer);
  return [...layoutsOf(older)]
    .filter(([, { head }]) => head.includes(" at 0x"))
    .filter(([name, { head, lines }]) => {
      const found = next.get(name);
      if (found?.head !== head) return true;
      let from = 0;
      return lines.some((line) => {
        const at = found.lines.indexOf(line, from);
        from = at + 1;
        return at < 0;
      });
    })
    .map(([name]) => name);
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
  const storage = snapshotFile("storage.txt");
  const broken = existsSync(storage) ? brokenLayouts(readFileSync(storage, "utf8"), renderStorage()) : [];
  if (broken.length > 0 && !process.argv.includes("--new-layouts")) {
    process.stderr.write(`an upgrade would read the storage of ${broken.join(", ")} otherwise\n`);
    process.stderr.write("  fix:   leave every variable where it is, and add new ones behind all others\n");
    process.exitCode = 1;
    return;
  }
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
