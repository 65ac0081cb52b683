import { afterAll, beforeAll, expect, test } from "vitest";
import type { Receipt } from "../../ai/receipt/receipt.ts";
import { HOST, MarketWorld } from "../../ai/testing/market-world.ts";
import { verifyHere } from "./verify-here.ts";

let world: MarketWorld;
let receipt: Receipt;
beforeAll(async () => {
  world = await MarketWorld.open();
  const { modelId } = await world.serving();
  receipt = await world.host().ask(await world.ask(modelId, HOST));
});
afterAll(() => world?.close());

const checksOf = (of: Receipt) =>
  verifyHere({
    ...{ receipt: of, client: world.chain.client, at: world.at, source: world.content, l1: undefined },
    onCheck: () => undefined,
  });

test("a receipt of a claim by spans and influence is verified without a model, and says how both met", async () => {
  const checks = await checksOf(receipt);
  expect(checks.filter(({ ok }) => ok === false)).toEqual([]);
  const named = (name: string) => checks.find((check) => check.name === name);
  expect(named("scores, order and weights")?.ok).toBe(true);
  expect(named("spans and influence")).toMatchObject({
    ok: true,
    detail: expect.stringMatching(/^paid is influence among the rows that hold the words: \d runs count for/),
  });
  expect(named("verbatim spans")?.ok).toBe(true);
});

test("one whose gains were changed is not", async () => {
  const changed = structuredClone(receipt);
  changed.claim.list.gains[0]! -= 1;
  const failed = (await checksOf(changed)).filter(({ ok }) => ok === false).map(({ name }) => name);
  expect(failed).toEqual(expect.arrayContaining(["scores, order and weights", "spans and influence"]));
});
