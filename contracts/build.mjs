#!/usr/bin/env node
// Compiles the contracts with forge and writes node/chain/generated/abi.ts. Does nothing when no input changed.
//   node contracts/build.mjs            build
//   node contracts/build.mjs --check    build, then fail if the committed ABIs differ from the contracts
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { runForge } from "./forge.mjs";
import { renderAbis } from "./generate.mjs";

const folder = dirname(fileURLToPath(import.meta.url));
const stampFile = join(folder, "out/.inputs");
const abiFile = join(folder, "../node/chain/generated/abi.ts");

function filesUnder(path) {
  return readdirSync(path, { withFileTypes: true })
    .flatMap((entry) => {
      const file = join(path, entry.name);
      return entry.isDirectory() ? filesUnder(file) : [file];
    })
    .sort();
}

/** One hash over everything that the output depends on. */
function inputsHash() {
  const hash = createHash("sha256");
  const own = ["foundry.toml", "solc.cjs", "build.mjs", "forge.mjs", "generate.mjs"].map((name) =>
    join(folder, name),
  );
  for (const file of [...filesUnder(join(folder, "src")), ...own]) {
    hash
      .update(`${relative(folder, file)}\0`)
      .update(readFileSync(file))
      .update("\0");
  }
  for (const name of [
    "solc",
    "@foundry-rs/forge",
    "@openzeppelin/contracts",
    "@eth-optimism/contracts-bedrock",
  ]) {
    hash.update(readFileSync(packageManifest(name)));
  }
  return hash.digest("hex");
}

function packageManifest(name) {
  const file = join(folder, "../node_modules", name, "package.json");
  if (existsSync(file)) return file;
  fail("CONTRACTS_PACKAGE_MISSING", `package ${name} is not installed`, "run npm ci in the package's root");
}

function fail(code, message, fix) {
  process.stderr.write(`${code}: ${message}\n  fix:   ${fix}\n`);
  process.exit(1);
}

function compile() {
  const { status, output } = runForge(["build", "--skip", "test"], "pipe");
  if (status === 0) return;
  process.stderr.write(output);
  fail(
    "CONTRACTS_BUILD_FAILED",
    "forge could not compile the contracts",
    "see the compiler's messages above",
  );
}

const check = process.argv.includes("--check");
const inputs = inputsHash();
const fresh = existsSync(stampFile) && readFileSync(stampFile, "utf8") === inputs;
const committed = existsSync(abiFile) ? readFileSync(abiFile, "utf8") : "";

if (fresh && !check && committed !== "") {
  process.stdout.write("contracts: up to date\n");
} else {
  const started = Date.now();
  if (!fresh) compile();
  const abis = renderAbis(folder);
  if (check && abis !== committed) {
    fail(
      "ABI_STALE",
      "node/chain/generated/abi.ts is older than the contracts",
      "run node contracts/build.mjs",
    );
  }
  if (abis !== committed) {
    mkdirSync(dirname(abiFile), { recursive: true });
    writeFileSync(abiFile, abis);
  }
  writeFileSync(stampFile, inputs);
  process.stdout.write(`contracts: built in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}
