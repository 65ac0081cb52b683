import { describe, expect, it } from "vitest";
import { ATTACKS } from "./all.ts";

describe("a node under attack, at small size and without a clock", { timeout: 300_000 }, () => {
  it.each(ATTACKS)("$name", async (attack) => {
    expect((await attack.run("small")).failures).toEqual([]);
  });
});
