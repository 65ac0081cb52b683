import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { packageRoot } from "../../node/base/paths.ts";

const TIMEOUT_S = 60;
const MOST_OUTPUT = 64 * 2 ** 20;

/**
 * Runs a peer script of test/bench/peers with the Python of OPENLEDGER_PYTHON (default python3) and reads its JSON.
 * Returns the reason as a string when Python or the script's packages are missing.
 */
export function runPython<T = Record<string, number>>(
  script: string,
  args: readonly string[],
  timeoutSeconds = TIMEOUT_S,
): T | string {
  const python = process.env.OPENLEDGER_PYTHON ?? "python3";
  const file = join(packageRoot(), "test", "bench", "peers", script);
  const result = spawnSync(python, [file, ...args], {
    encoding: "utf8",
    timeout: timeoutSeconds * 1000,
    maxBuffer: MOST_OUTPUT,
  });
  if (result.status !== 0) {
    const { code } = (result.error ?? {}) as NodeJS.ErrnoException;
    if (code === "ETIMEDOUT") return `peer not measured: it took more than ${timeoutSeconds} s`;
    if (code !== undefined) return `peer not measured: ${python}: ${code}`;
    return `peer not measured: ${result.stderr.trim().split("\n").at(-1)}`;
  }
  return JSON.parse(result.stdout) as T;
}
