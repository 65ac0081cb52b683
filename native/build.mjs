// Builds the native addon with CMake: no downloads, no Python. `node native/build.mjs [--clean]`.
// OL_CUDA=0 never, 1 always (fails without nvcc), auto (default) where nvcc is found.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const native = dirname(fileURLToPath(import.meta.url));
const root = dirname(native);
const build = process.env.OL_BUILD_DIR ?? join(native, "build");

function fail(code, message, fix) {
  process.stderr.write(`${code}: ${message}\n  fix:   ${fix}\n`);
  process.exit(1);
}

function run(program, args) {
  const result = spawnSync(program, args, { stdio: "inherit", cwd: root });
  if (result.error?.code === "ENOENT") {
    fail(
      "NATIVE_BUILD_TOOL",
      `${program} was not found`,
      "Install CMake (3.20 or newer), a C++17 compiler and make or ninja.",
    );
  }
  if (result.status !== 0) {
    fail("NATIVE_BUILD", `${program} ${args.join(" ")} failed`, "Read the compiler's first error above.");
  }
}

function include(name, file) {
  const folder = join(root, "node_modules", name, ...(name === "node-api-headers" ? ["include"] : []));
  if (!existsSync(join(folder, file))) {
    fail("NATIVE_BUILD_HEADERS", `${name} is not installed`, "Run `npm ci` first.");
  }
  return folder;
}

if (process.argv.includes("--clean")) rmSync(build, { recursive: true, force: true });

// A build folder from another place or another CMake generator cannot be reused.
const cache = join(build, "CMakeCache.txt");
if (existsSync(cache)) {
  const text = readFileSync(cache, "utf8");
  const home = /^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$/m.exec(text)?.[1];
  if (home !== native) rmSync(build, { recursive: true, force: true });
}

mkdirSync(build, { recursive: true });
const hasNinja = spawnSync("ninja", ["--version"]).status === 0;
run("cmake", [
  "-S",
  native,
  "-B",
  build,
  ...(existsSync(cache) ? [] : hasNinja ? ["-G", "Ninja"] : []),
  "-DCMAKE_BUILD_TYPE=Release",
  `-DOL_CUDA=${process.env.OL_CUDA ?? "auto"}`,
  `-DOL_NODE_API_INCLUDE=${include("node-api-headers", "node_api.h")}`,
  `-DOL_ADDON_API_INCLUDE=${include("node-addon-api", "napi.h")}`,
  `-DOL_NODE_MODULES=${join(root, "node_modules")}`,
  ...(process.env.OL_CMAKE_ARGS?.split(" ").filter(Boolean) ?? []),
]);
run("cmake", ["--build", build, "--parallel", String(availableParallelism())]);
