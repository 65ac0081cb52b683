import { afterAll, beforeAll, expect, test } from "vitest";
import { getModel } from "../client/models.ts";
import { RegisteredModels } from "../engine/registered-models.ts";
import { SharedBases } from "../model/shared-bases.ts";
import { type Receipt, receiptToJson } from "../receipt/receipt.ts";
import { verifyReceipt } from "../receipt/verify.ts";
import { HOST, MarketWorld } from "../testing/market-world.ts";
import { TINY_METHOD, tinyGgufFiles, tinyModelFiles } from "../testing/tiny-model.ts";
import type { Method } from "../train/method.ts";
import { checkedPrompt, generateAnswer, loadServedModel } from "./inference.ts";

const Q8: Method = { ...TINY_METHOD, generation: { ...TINY_METHOD.generation, arithmetic: "q8" } };

let world: MarketWorld;
let modelId: bigint;
let receipt: Receipt;

beforeAll(async () => {
  world = await MarketWorld.open(1, { baseFiles: tinyGgufFiles(), method: Q8 });
  ({ modelId } = await world.serving());
  const host = world.host();
  await host.open();
  receipt = await host.ask(await world.ask(modelId, HOST), AbortSignal.timeout(60_000));
}, 240_000);
afterAll(() => world.close());

const verify = (changed: Partial<Receipt>) =>
  verifyReceipt({ receipt: { ...receipt, ...changed }, source: world.content, session: world.session });

test("a model registered with q8 is answered and verified by q8, and its receipt names it", async () => {
  expect(receiptToJson(receipt).computed).toMatchObject({ arithmetic: "q8", formats: ["F32", "Q8_0"] });
  expect(receipt.computed!.files.map(({ name }) => name)).toContain("model.gguf");
  const { checks } = await verify({});
  expect(checks.filter(({ ok }) => ok === false)).toEqual([]);
  expect(checks.find(({ name }) => name === "arithmetic")!.detail).toBe("q8 over weights of F32, Q8_0");
});

test("a receipt that names another arithmetic, other weights or none is refused", async () => {
  const computed = receipt.computed!;
  for (const change of [
    undefined,
    { ...computed, arithmetic: "f32" as const },
    { ...computed, formats: ["Q4_1"] },
    { ...computed, files: [] },
  ]) {
    const { checks } = await verify({ computed: change });
    expect(checks.filter(({ ok }) => ok === false).map(({ name }) => name)).toEqual(["arithmetic"]);
  }
});

test("its logits are q8's, not f32's; the engine of /v1 answers by it too", async () => {
  const model = await loadServedModel(world.content, await getModel(world.chain.client, world.at, modelId));
  const { outputIds, prompt } = receipt;
  const ids = await checkedPrompt(model.base, prompt);
  const answer = (arithmetic: "f32" | "q8") =>
    generateAnswer(world.session, model.base, model.adapter, ids, 4, { arithmetic });
  expect((await answer("q8")).logits).not.toEqual((await answer("f32")).logits);
  expect(outputIds.length).toBeGreaterThan(0);
  const { session, content, at } = world;
  const models = new RegisteredModels({
    ...{ client: world.chain.client, at, content, session, bases: new SharedBases(), pinned: () => [] },
    ...{ maxAdapterBytes: 2 ** 26, maxModelBytes: 2 ** 30, cacheBytes: 2 ** 26 },
  });
  const card = (await models.list()).find(({ id }) => id.includes("+"))!;
  const held = (await models.open(card.id))!;
  expect(held.fingerprint).toMatch(/^fp_q8_/);
  const wanted = await answer("q8");
  const stopIds = model.base.tokenizer.eosTokenIds;
  const asked = { prompt: ids, adapter: held.adapter, maxTokens: 4, stopIds };
  const tokens = [];
  for await (const { id } of held.engine.submit(asked).tokens) tokens.push(id);
  expect(tokens).toEqual(wanted.outputIds);
  held.release();
  models.close();
});

test("a base model without block formats is refused with q8 before it is trained", async () => {
  const other = await MarketWorld.open(1, { baseFiles: tinyModelFiles(), method: Q8 });
  try {
    await expect(other.build([await other.snapshot()])).rejects.toMatchObject({
      code: "ARITHMETIC_WITHOUT_BLOCKS",
    });
  } finally {
    await other.close();
  }
});
