import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../node/base/paths.ts";

interface Locked {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

// `npm ci` on a fresh clone refuses a lock file that leaves one out, even one for another platform. A registry that
// lacks some of them drops them from the file silently.
test("the lock file names every dependency of every package, for all platforms", () => {
  const lock = JSON.parse(readFileSync(join(packageRoot(), "package-lock.json"), "utf8")) as {
    packages: Record<string, Locked>;
  };
  const names = new Set(Object.keys(lock.packages).map((path) => path.split("node_modules/").at(-1)));
  const missing = Object.entries(lock.packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((name) => !names.has(name))
      .map((name) => `${path}: ${name}`),
  );
  expect(missing).toEqual([]);
});
