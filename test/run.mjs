// npm test: sets a fresh clone up, then runs the contracts' tests, all other tests (the conformance groups among them), and the
// conformance group that has a devnet of its own.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { foreground, ROOT, setUpOrExit } from "../devnet/setup.mjs";

await setUpOrExit();
const vectors = process.env.OPENLEDGER_VECTORS ?? join(ROOT, "..", "shared", "vectors");
const only = process.argv.slice(2);

/** Name, command, arguments. */
const suites = [
  ["contracts", process.execPath, ["contracts/forge.mjs", "test"]],
  ["storage, ABI and gas of the contracts", process.execPath, ["contracts/snapshots.mjs"]],
  [
    "unit, property, protocol and end-to-end",
    process.execPath,
    ["node_modules/vitest/vitest.mjs", "run", "--config", "test/vitest.config.ts", ...only],
  ],
];
if (existsSync(vectors))
  suites.push([
    "conformance by a devnet",
    process.execPath,
    ["dist/test/conformance/main.js", vectors, "faults"],
  ]);
else process.stderr.write(`conformance: skipped, no vectors at ${vectors}\n`);

// Whoever ends this doesn't want the next suite either.
let ended = false;
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => (ended = true));

const failed = [];
for (const [name, command, args] of suites) {
  if (ended) {
    failed.push(name);
    continue;
  }
  process.stderr.write(`\n== ${name}\n`);
  const start = Date.now();
  if ((await foreground(command, args)) !== 0) failed.push(name);
  process.stderr.write(`== ${name} took ${Math.round((Date.now() - start) / 1000)} s\n`);
}
process.stderr.write(failed.length === 0 ? "\nall test suites passed\n" : `\nfailed: ${failed.join(", ")}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
