import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { packageRoot } from "../../node/base/paths.ts";

/**
 * Runs a peer script of test/bench/peers with the Python of OPENLEDGER_PYTHON (default python3) and reads its JSON.
 * Returns the reason as a string when Python or the script's packages are missing.
 */
export function runPython(script: string, args: readonly string[]): Record<string, number> | string {
  const python = process.env.OPENLEDGER_PYTHON ?? "python3";
  const file = join(packageRoot(), "test", "bench", "peers", script);
  const result = spawnSync(python, [file, ...args], { encoding: "utf8", timeout: 300_000 });
  if (result.status !== 0) {
    const reason = (result.stderr ?? "").trim().split("\n").at(-1) || `no ${python}`;
    return `peer not measured: ${reason}`;
  }
  return JSON.parse(result.stdout) as Record<string, number>;
}
