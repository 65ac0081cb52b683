import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { L1State } from "./l1-state.ts";

let folder: string;
let file: string;
let clock = 1_000;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "l1-state-"));
  file = join(folder, "state.json");
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (text: string) => {
  writeFileSync(file, text);
  utimesSync(file, ++clock, clock);
};
const now = () => readFileSync(file, "utf8");

test("a state that was cut off is replaced by the newest whole copy", () => {
  const state = new L1State(file);
  for (const text of ['{"block":1}', '{"block":2}', '{"block":3}']) {
    write(text);
    state.copy();
  }
  write('{"block":4,"acc');
  state.copy();
  expect(new L1State(file).repair()).toBe(true);
  expect(now()).toBe('{"block":3}');
  expect(state.repair()).toBe(false);
});

test("a copy caught half written is passed over, even when it ends like a whole one", () => {
  const state = new L1State(file);
  write('{"block":1}');
  state.copy();
  write('{"block":2,"accounts":{"0x00":{"nonce":0}');
  state.copy();
  expect(state.repair()).toBe(true);
  expect(now()).toBe('{"block":1}');
});

test("a whole state is left alone, and so is a broken one without a copy", () => {
  const state = new L1State(file);
  expect(state.repair()).toBe(false);
  state.copy();
  write('{"block":1}');
  state.copy();
  write('{"block":2}');
  expect(state.repair()).toBe(false);
  expect(now()).toBe('{"block":2}');
  rmSync(`${file}.previous`);
  write("{");
  expect(state.repair()).toBe(false);
  expect(existsSync(file)).toBe(true);
});
