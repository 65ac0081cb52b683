import { Worker, type WorkerOptions } from "node:worker_threads";

/** Where Node can't read TypeScript by itself: reads the sources as they are, so that tests need no build. */
const FROM_SOURCES = (hooks: string, entry: string) =>
  `require("node:module").register(${JSON.stringify(hooks)}); import(${JSON.stringify(entry)});`;

/**
 * Starts `module` as a worker thread; `base` is the caller's `import.meta.url`, `module` a path from it without ending
 * ("./thread-main"). Runs the compiled file where the caller is compiled, else the source.
 */
export function startThread(module: string, base: string, options: WorkerOptions): Worker {
  if (!base.endsWith(".ts")) return new Worker(new URL(`${module}.js`, base), options);
  const hooks = new URL("typescript-hooks.mjs", import.meta.url).href;
  const entry = new URL(`${module}.ts`, base).href;
  return new Worker(FROM_SOURCES(hooks, entry), { ...options, eval: true });
}
