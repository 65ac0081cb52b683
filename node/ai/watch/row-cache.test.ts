import { afterAll, beforeAll, expect, test } from "vitest";
import { getModel, type RegisteredModel } from "../client/models.ts";
import { MarketWorld } from "../testing/market-world.ts";
import type { BuiltModel } from "../train/model-build.ts";
import type { LoadedIndex } from "./indexes.ts";
import { RowCache, rowMemory } from "./row-cache.ts";

let world: MarketWorld;
let built: BuiltModel;
let model: RegisteredModel;
beforeAll(async () => {
  world = await MarketWorld.open();
  built = await world.build([await world.snapshot()]);
  const modelId = await world.register(world.order(built));
  model = await getModel(world.chain.client, world.at, modelId);
});
afterAll(() => world?.close());

test("holds rows of as many models as fit; the least recently used go first", async () => {
  const { at, content } = world;
  const loaded = { manifest: built.manifest, index: built.index } as LoadedIndex;
  const named = (modelId: bigint) => ({ ...model, modelId });
  const source = { client: world.chain.client, at, content };
  const one = rowMemory(await new RowCache(source, 0).get(model, loaded));
  const cache = new RowCache(source, 2 * one);
  const [a, b] = await Promise.all([cache.get(named(1n), loaded), cache.get(named(2n), loaded)]);
  expect(await cache.get(named(1n), loaded)).toBe(a);
  await cache.get(named(3n), loaded);
  expect(cache.held).toBe(2 * one);
  expect(await cache.get(named(1n), loaded)).toBe(a);
  expect(await cache.get(named(2n), loaded)).not.toBe(b);
  expect(cache.held).toBe(2 * one);
});
