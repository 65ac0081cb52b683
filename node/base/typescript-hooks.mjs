// Module hooks with which a worker thread of a test runs TypeScript sources: types are removed, nothing is checked.
// What a file becomes is kept in build/, by the file's hash.
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const CACHE = fileURLToPath(new URL("../../build/typescript/", import.meta.url));

async function transpile(fileName, source) {
  const { default: typescript } = await import("typescript");
  const { outputText } = typescript.transpileModule(source, {
    fileName,
    compilerOptions: {
      module: typescript.ModuleKind.ESNext,
      target: typescript.ScriptTarget.ES2023,
      verbatimModuleSyntax: true,
      inlineSourceMap: true,
    },
  });
  return outputText;
}

export async function load(url, context, next) {
  if (!url.startsWith("file:") || !url.endsWith(".ts")) return next(url, context);
  const fileName = fileURLToPath(url);
  const source = await readFile(fileName, "utf8");
  const kept = `${CACHE}${createHash("sha256").update(fileName).update(source).digest("hex")}.js`;
  let text = await readFile(kept, "utf8").catch(() => undefined);
  if (text === undefined) {
    text = await transpile(fileName, source);
    await mkdir(CACHE, { recursive: true });
    // Whole or not at all: other threads read it.
    const written = `${kept}.${process.pid}.${performance.now()}`;
    await writeFile(written, text);
    await rename(written, kept);
  }
  return { format: "module", source: text, shortCircuit: true };
}
