import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import { UnnamedList } from "./unnamed.ts";

test("the list is the same after a crash that cut its last line off, and does not grow for ever", async () => {
  const folder = mkdtempSync(join(tmpdir(), "unnamed-"));
  const file = join(folder, "list");
  const sender: Address = `0x${"ab".repeat(20)}`;
  const holding = (n: number) => {
    const hash: Hash = `0x${n.toString(16).padStart(64, "0")}`;
    return { hash, sender, bytes: 70_000 + n, since: 1_800_000_000, isWhole: true };
  };
  const list = new UnnamedList(file);
  await list.add(holding(1));
  for (let n = 2; n < 3_000; n++) {
    await list.add(holding(n));
    await list.remove(holding(n).hash);
  }
  await list.add(holding(2));
  expect(readFileSync(file, "utf8").split("\n").length).toBeLessThan(4_200);
  appendFileSync(file, `+${holding(3).hash} 10`.slice(0, -20));
  expect(new UnnamedList(file).list()).toEqual([holding(1), holding(2)]);
  rmSync(folder, { recursive: true });
});
