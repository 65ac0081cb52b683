import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CliContext } from "./context.ts";
import { listKeys, privateKeyOf, requireKey, resolveAddress, saveKey } from "./keys.ts";

const KEY = "00000000000000000000000000000000000000000000000000000000000000aa";
const ADDRESS = "0xbcd4042de499d14e55001ccbb24a551f3b954096";
const CHECKED = "0xBcd4042DE499D14e55001CcbB24a551F3b954096";
let context: CliContext;

beforeAll(() => {
  const dataDir = mkdtempSync(join(tmpdir(), "keys-"));
  const url = "http://127.0.0.1:1";
  context = { dataDir, rpcUrl: url, l1RpcUrl: url, key: undefined, json: false };
});
afterAll(() => rmSync(context.dataDir, { recursive: true }));

function refusal(run: () => unknown): { code: string; text: string } {
  try {
    run();
  } catch (error) {
    const { code, message, fix, cause } = error as Error & { code: string; fix: string };
    return { code, text: `${message} ${fix} ${String(cause)}` };
  }
  return { code: "none", text: "" };
}

test("keys are taken with and without 0x, in small and capital letters", () => {
  const { address } = requireKey({ ...context, key: `0x${KEY}` });
  for (const key of [KEY, KEY.toUpperCase(), `0X${KEY}`, ` ${KEY}\n`])
    expect(requireKey({ ...context, key }).address).toBe(address);
  expect(saveKey(context, "pasted", KEY.toUpperCase()).address).toBe(address);
  expect(requireKey({ ...context, key: "pasted" }).address).toBe(address);
});

test("no refusal quotes a key", () => {
  const broken = [
    KEY.slice(1),
    `0x${KEY}0`,
    `0x${"f".repeat(64)}`,
    `${KEY} x`,
    "test ".repeat(11).concat("junk"),
  ];
  for (const key of broken) {
    const found = refusal(() => requireKey({ ...context, key }));
    expect([key, found.code]).toEqual([key, "KEY_INVALID"]);
    expect(found.text).not.toContain(key);
  }
  for (const run of [() => saveKey(context, KEY, "bob"), () => resolveAddress(context, `0x${KEY}`)]) {
    const { code, text } = refusal(run);
    expect(code).toMatch(/INVALID/);
    expect(text).not.toContain(KEY);
  }
});

test("an address of mixed case must have its checksum", () => {
  for (const text of [ADDRESS, CHECKED, `0x${ADDRESS.slice(2).toUpperCase()}`])
    expect(resolveAddress(context, text)).toBe(ADDRESS);
  const mistyped = [
    "0xBCD4042de499d14e55001ccbb24a551f3b954096",
    "0xBcd4042de499d14e55001ccbb24a551f3b954096",
    "0xbCD4042DE499D14E55001CCBB24A551F3B954096",
    CHECKED.replace("6", "7"),
    ADDRESS.slice(0, -1),
    `${ADDRESS}0`,
    "0x",
    "No Name",
  ];
  for (const text of mistyped)
    expect([text, refusal(() => resolveAddress(context, text)).code]).toEqual([text, "ADDRESS_INVALID"]);
  expect(refusal(() => resolveAddress(context, "nobody")).code).toBe("KEY_UNKNOWN");
  const told = (text: string) => refusal(() => resolveAddress(context, text)).text;
  expect(told(CHECKED.replace("6", "7"))).toContain("is mistyped: its capital letters");
  expect(told("0x12")).toContain("is neither an address nor a name");
});

test("an account is written once, readable by its user alone, and listed by its name", () => {
  const own = { ...context, dataDir: join(context.dataDir, "own") };
  expect(listKeys(own)).toEqual([]);
  const zoe = saveKey(own, "zoe");
  const amy = saveKey(own, "amy", KEY);
  expect(zoe.address).not.toBe(saveKey(own, "bob").address);
  const accounts = join(own.dataDir, "accounts");
  expect(statSync(join(accounts, "amy.json")).mode & 0o777).toBe(0o600);
  expect(statSync(accounts).mode & 0o777).toBe(0o700);
  writeFileSync(join(accounts, "notes.txt"), "");
  expect(listKeys(own).map(({ name }) => name)).toEqual(["amy", "bob", "zoe"]);
  expect(listKeys(own)[0]).toEqual({ name: "amy", address: amy.address });
  expect(refusal(() => saveKey(own, "zoe")).code).toBe("KEY_EXISTS");
  expect(requireKey({ ...own, key: "zoe" }).address).toBe(zoe.address);
  for (const key of ["amy", ` amy`, KEY.toUpperCase(), `0x${KEY}`])
    expect(privateKeyOf({ ...own, key })).toBe(`0x${KEY}`);
  expect(resolveAddress(own, "amy")).toBe(amy.address);
});

test("what is no account, or none any more, is told apart", () => {
  const own = { ...context, dataDir: join(context.dataDir, "broken") };
  expect(refusal(() => requireKey(own)).code).toBe("KEY_MISSING");
  expect(refusal(() => requireKey({ ...own, key: "" })).code).toBe("KEY_MISSING");
  expect(refusal(() => requireKey({ ...own, key: "nobody" })).code).toBe("KEY_UNKNOWN");
  mkdirSync(join(own.dataDir, "accounts"), { recursive: true });
  const zero = JSON.stringify({ address: ADDRESS, privateKey: `0x${"0".repeat(64)}` });
  for (const content of ["", "{}", zero, zero.replace("0x", "")]) {
    writeFileSync(join(own.dataDir, "accounts", "eve.json"), content);
    expect(refusal(() => requireKey({ ...own, key: "eve" })).code).toBe("KEY_FILE_CORRUPT");
    expect(refusal(() => privateKeyOf({ ...own, key: "eve" })).code).toBe("KEY_FILE_CORRUPT");
  }
  expect(saveKey(own, "z".repeat(41)).address).toMatch(/^0x/);
  for (const name of ["z".repeat(42), "Eve", ".eve", "", "../eve", "0".repeat(32)])
    expect([name, refusal(() => saveKey(own, name)).code]).toEqual([name, "KEY_NAME_INVALID"]);
  expect(refusal(() => saveKey(own, "Eve")).text).toContain('"Eve" is no account name');
  expect(refusal(() => saveKey(own, KEY)).text).toContain("a private key is no account name");
  expect(refusal(() => saveKey(own, "fay", "12")).code).toBe("KEY_INVALID");
  expect(refusal(() => requireKey({ ...own, key: "fay" })).code).toBe("KEY_UNKNOWN");
});
