import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ContentStore, contentHash, openContentStore } from "./content-store.ts";

const text = (value: string) => new TextEncoder().encode(value);

describe("content store", () => {
  let folder: string;
  let store: ContentStore;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "content-"));
    store = await openContentStore(folder, { maxContentBytes: 1000, maxRangeBytes: 10 });
  });
  afterEach(() => rm(folder, { recursive: true }));

  const fileOf = (hash: string) => join(folder, hash.slice(2, 4), hash.slice(2));

  test("gives back what was put, by its SHA-256", async () => {
    const hash = await store.putContent(text("abc"));
    expect(hash).toBe("0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(await store.getContent(hash)).toEqual(text("abc"));
    expect(await store.contentSize(hash)).toBe(3);
    expect(await store.putContent(text("abc"))).toBe(hash);
    expect(await store.getContent(await store.putContent(new Uint8Array(0)))).toEqual(new Uint8Array(0));
  });

  test("reads ranges and the end", async () => {
    const hash = await store.putContent(text("0123456789abcdef"));
    expect(await store.readContent(hash, 4, 3)).toEqual({ bytes: text("456"), total: 16 });
    expect(await store.readContent(hash, 12, 10)).toEqual({ bytes: text("cdef"), total: 16 });
    expect(await store.readContent(hash, 99, 1)).toEqual({ bytes: new Uint8Array(0), total: 16 });
  });

  test("refuses hostile hashes, ranges and sizes", async () => {
    const hash = await store.putContent(text("abc"));
    const missing = contentHash(text("missing"));
    await expect(store.getContent("0x../../etc/passwd")).rejects.toMatchObject({
      code: "CONTENT_HASH_INVALID",
    });
    await expect(store.getContent(missing)).rejects.toMatchObject({ code: "CONTENT_NOT_FOUND" });
    for (const [offset, length] of [
      [-1, 1],
      [0, 0],
      [0, 11],
      [0.5, 1],
      [0, Number.NaN],
    ] as const) {
      await expect(store.readContent(hash, offset, length)).rejects.toMatchObject({
        code: "CONTENT_RANGE_INVALID",
      });
    }
    await expect(store.putContent(new Uint8Array(1001))).rejects.toMatchObject({ code: "CONTENT_TOO_LARGE" });
  });

  test("notices a changed file and heals it when the content is put again", async () => {
    const hash = await store.putContent(text("abc"));
    await writeFile(fileOf(hash), "abd");
    await expect(store.getContent(hash)).rejects.toMatchObject({ code: "CONTENT_CORRUPT" });
    const reopened = await openContentStore(folder);
    await expect(reopened.readContent(hash, 0, 1)).rejects.toMatchObject({ code: "CONTENT_CORRUPT" });
    await reopened.putContent(text("abc"));
    expect(await reopened.getContent(hash)).toEqual(text("abc"));
  });

  test("removes unfinished writes of an earlier process", async () => {
    const hash = await store.putContent(text("abc"));
    await writeFile(`${fileOf(hash)}.99-1.part`, "ab");
    await openContentStore(folder);
    expect(await readdir(join(folder, hash.slice(2, 4)))).toEqual([hash.slice(2)]);
  });
});
