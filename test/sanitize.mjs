// npm run test:sanitize [-- --small] [-- address thread none]: builds the native core's tests as programs under ASan with UBSan, under
// TSan and without either, runs them, and compares what they computed. `--small` is CI's share.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PROGRAMS = ["products", "jobs", "serving", "hostile", "suffixes"];
const BUILDS = {
  none: { flags: "", env: {} },
  address: {
    flags: "address,undefined",
    env: { ASAN_OPTIONS: "detect_stack_use_after_return=1", UBSAN_OPTIONS: "print_stacktrace=1" },
  },
  thread: { flags: "thread", env: { TSAN_OPTIONS: "halt_on_error=1 second_deadlock_stack=1" } },
};
/** A program that stands still is ended, in ms. */
const LONGEST_MS = 1_800_000;

const words = process.argv.slice(2);
const isSmall = words.includes("--small");
const wanted = words.filter((word) => !word.startsWith("--"));
const names = Object.keys(BUILDS).filter((name) => wanted.length === 0 || wanted.includes(name));

function run(command, args, options = {}) {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
    ...options,
  });
  if (error?.code === "ENOENT")
    throw new Error(`${command} was not found: install a C++17 compiler and CMake`);
  if (status === 0) return stdout;
  process.stderr.write(`${stdout ?? ""}${stderr ?? ""}`);
  throw new Error(`${command} ${args.join(" ")} ended with ${signal ?? `status ${status}`}`);
}

function build(name) {
  const folder = join(ROOT, "build", `sanitize-${name}`);
  mkdirSync(folder, { recursive: true });
  run("cmake", [
    ...["-S", join(ROOT, "test/native/programs"), "-B", folder, "-DCMAKE_BUILD_TYPE=Release"],
    `-DOL_SANITIZE=${BUILDS[name].flags}`,
  ]);
  run("cmake", ["--build", folder, "--parallel", String(availableParallelism()), "--target", ...PROGRAMS]);
  return folder;
}

try {
  const computed = new Map();
  for (const name of names) {
    const start = Date.now();
    const folder = build(name);
    const built = Date.now();
    let lines = "";
    for (const program of PROGRAMS) {
      const env = { ...process.env, ...BUILDS[name].env };
      lines += run(join(folder, program), [isSmall ? "1" : "10"], { env, timeout: LONGEST_MS });
    }
    computed.set(name, lines);
    const seconds = (ms) => `${Math.round(ms / 1000)} s`;
    process.stdout.write(
      `${name}: built in ${seconds(built - start)}, ${PROGRAMS.join(", ")} passed in ${seconds(Date.now() - built)}\n`,
    );
  }
  const different = [...computed.values()].some((lines) => lines !== computed.get(names[0]));
  if (different) throw new Error("builds computed different bytes");
} catch (error) {
  process.stderr.write(`sanitize: ${error.message}\n`);
  process.exitCode = 1;
}
