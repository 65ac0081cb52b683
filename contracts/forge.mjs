#!/usr/bin/env node
// Runs forge in the contracts' folder (foundry.toml names the compiler relative to it) and passes on its exit status, which the
// package's own wrapper does not.
//   node contracts/forge.mjs test --match-path 'test/protocol/*'
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

/** The program of this platform's package, or where the package's post-install step leaves it when there was none. */
function forgeBinary() {
  const arch = { x64: "amd64" }[process.arch] ?? process.arch;
  const name = process.platform === "win32" ? "forge.exe" : "forge";
  try {
    return require.resolve(`@foundry-rs/forge-${process.platform}-${arch}/bin/${name}`);
  } catch {
    return join(dirname(require.resolve("@foundry-rs/forge/package.json")), "..", "dist", name);
  }
}

/** Exit status (1 if forge could not start) and, with `stdio: "pipe"`, its output. */
export function runForge(args, stdio = "inherit") {
  const binary = forgeBinary();
  if (!existsSync(binary)) return { status: 1, output: `no forge for ${process.platform} ${process.arch}\n` };
  const run = spawnSync(binary, args, {
    cwd: folder,
    encoding: "utf8",
    stdio,
    env: { ...process.env, FOUNDRY_DISABLE_NIGHTLY_WARNING: "1" },
  });
  return { status: run.status ?? 1, output: `${run.stdout ?? ""}${run.stderr ?? ""}` };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { status, output } = runForge(process.argv.slice(2));
  process.stderr.write(output);
  process.exitCode = status;
}
