import { afterAll, beforeAll, expect, test } from "vitest";
import type { FactoredModelBasis } from "../attribution/model-basis.ts";
import { valueOfRecord } from "../client/model-disputes.ts";
import { getModel } from "../client/models.ts";
import { hexOfBytes } from "../codec/hash.ts";
import type { Receipt } from "../receipt/receipt.ts";
import { verifyReceipt } from "../receipt/verify.ts";
import { HOST, MarketWorld } from "../testing/market-world.ts";
import { TINY_METHOD, tinyModelFiles } from "../testing/tiny-model.ts";
import type { Method } from "../train/method.ts";
import { rerunRecord } from "../verify/rerun-record.ts";
import { loadServedModel, type ServedModel } from "./inference.ts";

const { damping, maxDirectionRows, labels, seed, floor, topK } = TINY_METHOD.attribution;
const FACTORED: Method = {
  ...TINY_METHOD,
  attribution: {
    ...{ kind: "ekfac-factored", damping, maxDirectionRows, labels, seed, floor, topK },
    ...{ axes: 8, dimension: 256, unit: true },
  },
};

let world: MarketWorld;
let receipt: Receipt;
let model: ServedModel;

beforeAll(async () => {
  world = await MarketWorld.open(1, { baseFiles: tinyModelFiles(), method: FACTORED });
  const { modelId } = await world.serving();
  const host = world.host();
  await host.open();
  receipt = await host.ask(await world.ask(modelId, HOST), AbortSignal.timeout(60_000));
  model = await loadServedModel(world.content, await getModel(world.chain.client, world.at, modelId));
}, 240_000);
afterAll(() => world.close());

test("a model with a factored basis is registered, answers, and is paid for by rows that its sketches find", () => {
  const { terms, counts } = model.basis as FactoredModelBasis;
  expect(terms).toEqual({ dimension: 256, unit: true });
  // So many rows train: no tensor has more directions than they span.
  expect(Math.max(...counts)).toBe(7);
  expect(model.index.commitment.dimension).toBe(256);
  expect(receipt.claim.list.weights.length).toBeGreaterThan(0);
});

test("its receipt is made again from its text: training, basis, records, answer, list", async () => {
  const { content: source, session } = world;
  const { checks } = await verifyReceipt({ receipt, source, session, train: true, index: true });
  expect(checks.filter(({ ok }) => ok === false)).toEqual([]);
  expect(checks.map(({ detail }) => detail).join("\n")).toContain("basis and 7 records are the same");
}, 120_000);

test("a panel's member computes the record that the index holds", async () => {
  const { session, content, at, chain } = world;
  const { modelId } = model.registered;
  const { value } = await rerunRecord({ client: chain.client, at, content, session }, modelId, 2);
  expect(value).toBe(valueOfRecord(modelId, 2, hexOfBytes(model.index.record(2))));
}, 60_000);
