import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/**
 * Starts `module` as a process of its own; `base` is the caller's `import.meta.url`, `module` a path from it without ending. Runs the
 * compiled file where the caller is compiled, else the source, as startThread does.
 * @param flags Node's own.
 */
export function startProcess(
  module: string,
  base: string,
  { flags = [], ...options }: SpawnOptions & { flags?: readonly string[] },
): ChildProcess {
  if (!base.endsWith(".ts")) {
    const file = fileURLToPath(new URL(`${module}.js`, base));
    return spawn(process.execPath, [...flags, file], options);
  }
  const hooks = new URL("typescript-hooks.mjs", import.meta.url).href;
  const entry = new URL(`${module}.ts`, base).href;
  const text = `require("node:module").register(${JSON.stringify(hooks)}); import(${JSON.stringify(entry)});`;
  return spawn(process.execPath, [...flags, "-e", text], options);
}
