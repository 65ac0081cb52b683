// All set-up of a fresh clone, with nothing but Node's own modules: packages, native addon, contracts, TypeScript, web.
//   node devnet/setup.mjs [packages]    all of it, or the packages alone
// Each step leaves a stamp (a hash of what it read) in build/, and is skipped while the stamp holds.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const STAMPS = join(ROOT, "build", "stamps");

/** A set-up failure: code, message and fix, as every other error of the project. */
export class SetupError extends Error {
  constructor(code, message, fix) {
    super(`${code}: ${message}\n  fix:   ${fix}`);
    this.code = code;
  }
}

/** Runs the steps that are out of date, `packages` alone or all. Prints a line for each; the tool's own output only when it fails. */
export async function setUp(only) {
  checkTools();
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  await step("packages", ["package.json", "package-lock.json"], "node_modules", () =>
    run(npm, ["ci", "--no-audit", "--no-fund"]),
  );
  if (only === "packages") return;
  await step("native addon", ["native", "binding.gyp"], "native/build", () => runNode("native/build.mjs"));
  await step(
    "contracts",
    ["contracts/src", "contracts/foundry.toml", "contracts/build.mjs"],
    "contracts/out",
    () => runNode("contracts/build.mjs"),
  );
  await step(
    "TypeScript",
    ["node", "precompiles", "native/js", "devnet", "test", "tsconfig.json"],
    "dist",
    () => runNode("node_modules/typescript/bin/tsc", "-p", "tsconfig.json", "--noCheck"),
  );
  await step("web", ["node", "precompiles", "package-lock.json"], "dist/web/index.html", () =>
    runNode("node_modules/vite/bin/vite.js", "build", "--config", "node/web/vite.config.ts"),
  );
}

function checkTools() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 20)) {
    throw new SetupError(
      "NODE_TOO_OLD",
      `Node ${process.versions.node} is too old`,
      "install Node 20.20 or newer",
    );
  }
  const compiler = process.env.CXX ?? "c++";
  for (const [tool, code] of [
    [compiler, "COMPILER_MISSING"],
    ["cmake", "CMAKE_MISSING"],
  ]) {
    if (spawnSync(tool, ["--version"], { stdio: "ignore" }).status !== 0) {
      throw new SetupError(
        code,
        `\`${tool}\` does not run`,
        "install a C++17 compiler and CMake 3.20 or newer",
      );
    }
  }
}

async function step(name, inputs, output, work) {
  const stampFile = join(STAMPS, name.replaceAll(" ", "-"));
  const digest = hashOf(inputs);
  if (existsSync(join(ROOT, output)) && existsSync(stampFile) && readFileSync(stampFile, "utf8") === digest)
    return;
  const start = Date.now();
  process.stderr.write(`set-up: ${name} ...\n`);
  await work();
  mkdirSync(STAMPS, { recursive: true });
  writeFileSync(stampFile, digest);
  process.stderr.write(`set-up: ${name} done in ${((Date.now() - start) / 1000).toFixed(1)} s\n`);
}

function hashOf(inputs) {
  const hash = createHash("sha256").update(process.version);
  const visit = (path) => {
    if (!existsSync(path)) return;
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) {
        if (name !== "build" && name !== "out" && name !== "cache" && name !== "samples")
          visit(join(path, name));
      }
    } else {
      hash.update(path.slice(ROOT.length)).update("\0").update(readFileSync(path));
    }
  };
  for (const input of inputs) visit(join(ROOT, input));
  return hash.digest("hex");
}

function runNode(script, ...args) {
  return run(process.execPath, [join(ROOT, script), ...args]);
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    const output = [];
    child.stdout.on("data", (chunk) => output.push(chunk));
    child.stderr.on("data", (chunk) => output.push(chunk));
    const ticker = setInterval(
      () => process.stderr.write(`set-up:   still at it (${lastLine(output)})\n`),
      20_000,
    );
    child.on("error", reject);
    child.on("close", (status) => {
      clearInterval(ticker);
      if (status === 0) return resolve();
      process.stderr.write(Buffer.concat(output));
      const line = `${command} ${args.join(" ")}`;
      reject(
        new SetupError(
          "SETUP_STEP_FAILED",
          `\`${line}\` ended with status ${status}`,
          "see its output above",
        ),
      );
    });
  });
}

function lastLine(chunks) {
  const text = Buffer.concat(chunks.slice(-4)).toString("utf8").trimEnd();
  return text.slice(text.lastIndexOf("\n") + 1, text.length).slice(0, 90);
}

/** For the entry scripts: set up, or print the error and end with status 1. */
export async function setUpOrExit(only) {
  try {
    await setUp(only);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

/** Runs a program in the foreground, passing signals on; resolves to its exit status. */
export function foreground(command, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: "inherit", env: { ...process.env, ...env } });
    const pass = (signal) => child.kill(signal);
    process.on("SIGTERM", pass);
    // Ctrl-C reaches the whole foreground group; this process only waits for the child to end.
    process.on("SIGINT", () => {});
    child.on("error", reject);
    child.on("close", (status, signal) => resolve(status ?? (signal === "SIGINT" ? 130 : 1)));
  });
}

export { ROOT };

if (process.argv[1] === fileURLToPath(import.meta.url)) await setUpOrExit(process.argv[2]);
