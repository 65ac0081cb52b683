import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { NODE_FLAGS } from "./node-flags.ts";
import { packageRoot } from "./paths.ts";

test("the command starts Node as the devnet does", () => {
  const [first] = readFileSync(join(packageRoot(), "node", "openledger.mjs"), "utf8").split("\n");
  expect(first).toBe(`#!/usr/bin/env -S node ${NODE_FLAGS.join(" ")}`);
});
