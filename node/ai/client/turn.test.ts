import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { isNonceTaken } from "./refusals.ts";
import { inTurn } from "./turn.ts";

test("work under one name is done in turn, also after one that failed; another name does not wait", async () => {
  const name = `test-${process.pid}`;
  const log: string[] = [];
  const work = (what: string, ms: number) => async () => {
    log.push(`${what} begins`);
    await sleep(ms);
    log.push(`${what} ends`);
    if (what === "a") throw new Error("failed");
  };
  const first = inTurn(name, work("a", 100));
  await sleep(30);
  await Promise.allSettled([first, inTurn(name, work("b", 10)), inTurn(`${name}-other`, work("c", 10))]);
  expect(log).toEqual(["a begins", "c begins", "c ends", "a ends", "b begins", "b ends"]);
});

test("refusals of a nonce are told from others, wherever the text stands", () => {
  for (const text of [
    "nonce too low: next nonce 6, tx nonce 0",
    "replacement transaction underpriced: fee cap 1, needed 2",
    "already known",
  ])
    expect([text, isNonceTaken(new Error("it failed", { cause: new Error(text) }))]).toEqual([text, true]);
  for (const text of [
    "insufficient funds",
    "transaction underpriced",
    "intrinsic gas too low",
    "nonce too high",
  ])
    expect([text, isNonceTaken(new Error(text))]).toEqual([text, false]);
});
