import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { NONCE_PLACE } from "../api/static-files.ts";

const HERE = dirname(fileURLToPath(import.meta.url));

/** Takes `x.browser.ts` where a module imports `x.ts` and both are there: the same names without Node's own modules. */
function browserTwins(): Plugin {
  return {
    name: "browser-twins",
    enforce: "pre",
    resolveId(source, importer) {
      if (importer === undefined || !source.startsWith(".") || !source.endsWith(".ts")) return null;
      const twin = resolve(dirname(importer), source.replace(/\.ts$/, ".browser.ts"));
      return existsSync(twin) ? twin : null;
    },
  };
}

const ABI_FILE = resolve(HERE, "../chain/generated/abi.ts");
const ABI_ID = "\0abi/";

/** Makes each contract's ABI a module of its own, without what only Solidity's own tools read: a page loads those that it uses. */
function abisApart(): Plugin {
  const abis = new Map<string, string>();
  return {
    name: "abis-apart",
    enforce: "pre",
    resolveId: (source) => (source.startsWith(ABI_ID) ? { id: source, moduleSideEffects: false } : null),
    load(id) {
      if (id.startsWith(ABI_ID)) {
        const name = id.slice(ABI_ID.length);
        return { code: `export const ${name} = ${abis.get(name)};`, moduleType: "js" };
      }
      if (id !== ABI_FILE) return null;
      const text = readFileSync(ABI_FILE, "utf8").replace(
        /,"(?:internalType|anonymous)":(?:"[^"]*"|false)/g,
        "",
      );
      for (const [, name = "", abi = ""] of text.matchAll(
        /^export const (\w+) = (\[[\s\S]*?\n\]) as const;$/gm,
      ))
        abis.set(name, abi);
      const lines = [...abis.keys()].map(
        (name) => `export { ${name} } from ${JSON.stringify(ABI_ID + name)};`,
      );
      return { code: lines.join("\n"), moduleSideEffects: false };
    },
  };
}

export default defineConfig({
  root: HERE,
  cacheDir: resolve(HERE, "../../build/vite"),
  plugins: [browserTwins(), abisApart(), react(), tailwind()],
  html: { cspNonce: NONCE_PLACE },
  build: {
    outDir: resolve(HERE, "../../dist/web"),
    emptyOutDir: true,
    target: "es2023",
    // What is inlined as data: would be refused by the policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: "manifest.json",
    reportCompressedSize: false,
    // What every page needs is one file: many small ones compress worse.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "first", tags: ["$initial"] }] } } },
  },
});
