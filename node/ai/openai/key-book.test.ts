import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sleep } from "../../base/clock.ts";
import { digest, KeyBook } from "./key-book.ts";
import { ApiKeys } from "./keys.ts";

const PAULA = `0x${"0a".repeat(20)}`;
const MALLORY = `0x${"0b".repeat(20)}`;
const DAY = 86_400;
const code = (name: string) => expect.objectContaining({ code: name });

describe("keys that accounts make for themselves", () => {
  let folder: string;
  let file: string;
  let now: number;
  const books: KeyBook[] = [];
  const open = (dailyTokens = 1_000) => {
    const book = new KeyBook({ file, dailyTokens, now: () => now });
    books.push(book);
    return book;
  };
  const holderOf = (book: KeyBook, key: string) => new ApiKeys([], book).holder(`Bearer ${key}`);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "keys-"));
    file = join(folder, "ai", "keys.json");
    now = 20_000 * DAY + 100;
  });
  afterEach(() => {
    for (const book of books.splice(0)) book.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("a key that was told opens the door after a kill, and is nowhere on disk but as a hash", () => {
    const { key, made } = open().create(PAULA, "laptop", null);
    const text = readFileSync(file, "utf8");
    expect(text).not.toContain(key);
    expect(text).toContain(digest(key));
    const again = open();
    expect(again.list(PAULA).keys).toEqual([made]);
    expect(again.find(digest(key))?.owner).toBe(PAULA);
    holderOf(again, key).begin();
    expect(made.hint).toBe(`${key.slice(0, 6)}…${key.slice(-4)}`);
  });

  test("a key is its owner's alone", () => {
    const book = open();
    const { key, made } = book.create(PAULA, "laptop", null);
    expect(book.list(MALLORY).keys).toEqual([]);
    expect(() => book.revoke(MALLORY, made.keyId)).toThrow(code("KEY_UNKNOWN"));
    expect(() => book.limit(MALLORY, made.keyId, 5)).toThrow(code("KEY_UNKNOWN"));
    book.revoke(PAULA, made.keyId);
    expect(() => holderOf(book, key)).toThrow(expect.objectContaining({ status: 401 }));
    expect(() => holderOf(open(), key)).toThrow(expect.objectContaining({ status: 401 }));
  });

  test("a key's own limit holds for the day, and is raised at once", () => {
    const book = open();
    const { key, made } = book.create(PAULA, "laptop", 10);
    const holder = holderOf(book, key);
    holder.begin();
    holder.count(10);
    const refused = { status: 429, code: "insufficient_quota" };
    expect(() => holder.begin()).toThrow(expect.objectContaining(refused));
    book.limit(PAULA, made.keyId, 11);
    holder.begin();
    holder.count(1);
    expect(() => holder.begin()).toThrow(expect.objectContaining(refused));
    now += DAY;
    holder.begin();
    expect(book.list(PAULA).keys[0]).toMatchObject({
      requests: 3,
      tokens: 11,
      dayTokens: 0,
      lastUsedAt: now,
    });
  });

  test("all keys of an account share its day, and a revoked one gives nothing back", () => {
    const book = open(20);
    const [first, second] = [book.create(PAULA, "a", null), book.create(PAULA, "b", null)];
    holderOf(book, first.key).count(20);
    expect(() => holderOf(book, second.key).begin()).toThrow(/your account/);
    book.revoke(PAULA, first.made.keyId);
    expect(() => holderOf(book, second.key).begin()).toThrow(/your account/);
    const third = book.create(PAULA, "c", null);
    expect(() => holderOf(book, third.key).begin()).toThrow(/your account/);
    holderOf(book, book.create(MALLORY, "d", null).key).begin();
  });

  test("counts are on disk by themselves a moment later", async () => {
    const book = open();
    const { key } = book.create(PAULA, "laptop", null);
    const holder = holderOf(book, key);
    holder.begin();
    holder.count(7);
    await sleep(1_500);
    const list = open().list(PAULA);
    expect(list.dayTokens).toBe(7);
    expect(list.keys[0]).toMatchObject({ requests: 1, tokens: 7, dayTokens: 7 });
  });

  test("an account has so many keys and no more; a file of something else is told", () => {
    const book = open();
    for (let i = 0; i < 16; i++) book.create(PAULA, `${i}`, null);
    expect(() => book.create(PAULA, "one more", null)).toThrow(code("KEYS_FULL"));
    expect(book.list(PAULA).keys[0]?.name).toBe("15");
    book.create(MALLORY, "another's", null);
    writeFileSync(file, "{}");
    expect(open).toThrow(code("KEYS_FILE_INVALID"));
  });
});
