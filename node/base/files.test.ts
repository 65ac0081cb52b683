import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { replaceFile } from "./files.ts";

describe("replaceFile", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "openledger-files-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("makes the folder, replaces what is there, and leaves nothing else", () => {
    const path = join(folder, "a/b/file.json");
    replaceFile(path, "a longer first text");
    replaceFile(path, Uint8Array.of(0x6f, 0x6b));
    expect(readFileSync(path, "utf8")).toBe("ok");
    expect(readdirSync(join(folder, "a/b"))).toEqual(["file.json"]);
  });

  it("leaves the old file when it can't write the new one", () => {
    const path = join(folder, "file.json");
    replaceFile(path, "old");
    mkdirSync(`${path}.tmp`);
    expect(() => replaceFile(path, "new")).toThrowError(/EISDIR/);
    expect(readFileSync(path, "utf8")).toBe("old");
  });
});
