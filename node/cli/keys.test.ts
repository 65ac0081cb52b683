import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CliContext } from "./context.ts";
import { requireKey, resolveAddress, saveKey } from "./keys.ts";

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
    CHECKED.replace("6", "7"),
    ADDRESS.slice(0, -1),
    `${ADDRESS}0`,
    "0x",
    "No Name",
  ];
  for (const text of mistyped)
    expect([text, refusal(() => resolveAddress(context, text)).code]).toEqual([text, "ADDRESS_INVALID"]);
  expect(refusal(() => resolveAddress(context, "nobody")).code).toBe("KEY_UNKNOWN");
});
