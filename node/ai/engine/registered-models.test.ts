import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { keyOf } from "../../../precompiles/influence-verifier/rule.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { decodeManifest, hashOfFile } from "../attribution/manifest.ts";
import { NO_SPANS } from "../attribution/score.ts";
import { getModel } from "../client/models.ts";
import { DiskCache } from "../content/disk-cache.ts";
import type { ContentSource } from "../content/source.ts";
import { SharedBases } from "../model/shared-bases.ts";
import { trueClaim } from "../serve/claim-with-cover.ts";
import { loadServedModel, runInference } from "../serve/inference.ts";
import { SpanSources } from "../serve/span-source.ts";
import { MarketWorld, PROMPT } from "../testing/market-world.ts";
import { RegisteredModels } from "./registered-models.ts";

let world: MarketWorld;
let modelId: bigint;

beforeAll(async () => {
  world = await MarketWorld.open();
  ({ modelId } = await world.serving());
}, 240_000);
afterAll(() => world.close());

function modelsOf(
  change: {
    allowed?: readonly bigint[];
    pinned?: readonly bigint[];
    content?: ContentSource;
    disk?: DiskCache;
  } = {},
): RegisteredModels {
  const { session, at } = world;
  const { content = world.content, disk } = change;
  return new RegisteredModels({
    ...{
      client: world.chain.client,
      at,
      content,
      session,
      disk,
      bases: new SharedBases(),
      allowed: change.allowed,
    },
    ...{ maxAdapterBytes: 1, maxModelBytes: 2 ** 30, cacheBytes: 2 ** 26, pinned: () => change.pinned ?? [] },
  });
}

test("a registered model is listed, answers as its host does, and tells the same rows", {
  timeout: 120_000,
}, async () => {
  const models = modelsOf();
  const cards = await models.list();
  const { baseHash, owner } = await getModel(world.chain.client, world.at, modelId);
  const base = `base-${baseHash.slice(2, 10)}`;
  expect(cards.map(({ id }) => id)).toEqual([base, `${base}+${modelId}`]);
  expect(cards[1]).toMatchObject({ ownedBy: owner });
  for (const none of ["gpt-4", `${base}+99`, "base-00000000", `${base}+${modelId}x`])
    expect(await models.open(none), none).toBeUndefined();

  const served = await loadServedModel(world.content, await getModel(world.chain.client, world.at, modelId));
  const inference = await runInference(world.session, served, PROMPT, 12);
  const { promptIds, outputIds } = inference;
  const { client } = world.chain;
  const sources = new SpanSources({ client, at: world.at, content: world.content });
  const request = { requestId: 1n, modelId, requestHash: NO_SPANS };
  const { claim } = await trueClaim(inference, request, served.index, () => sources.of(served));
  const { list } = claim;
  const held = (await models.open(`${base}+${modelId}`))!;
  const answer = held.engine.submit({
    prompt: promptIds,
    adapter: held.adapter,
    maxTokens: 12,
    stopIds: held.base.tokenizer.eosTokenIds,
  });
  const ids = [];
  for await (const { id } of answer.tokens) ids.push(id);
  expect(ids).toEqual(outputIds);
  const told = await held.attribute!(promptIds, outputIds);
  expect(told.rows.map(({ rowId }) => rowId)).toEqual(list.rowIds);
  expect(told.contributions).toEqual(
    list.contributionIds.map((id, at) => ({ contributionId: String(id), weight: String(list.weights[at]) })),
  );
  const total = told.rows.reduce((sum, { weight }) => sum + BigInt(weight), 0n);
  const keys = list.rowIds.map((_, at) => keyOf(list.scores[at]!, list.gains[at]!, true));
  expect(told.rows.map(({ weight }) => BigInt(weight))).toEqual(
    keys.map((key) => (key > list.floor ? key - list.floor : 0n)),
  );
  expect(total).toBeGreaterThan(0n);
  expect(told.spans).toBeDefined();
  const plain = (await models.open(base))!;
  expect(plain.adapter).toBeUndefined();
  expect(plain.engine).toBe(held.engine);
  expect(models.resident()).toMatchObject([{ modelId: String(modelId), users: 1 }]);
  const figures = models.figures();
  expect(figures.engines).toMatchObject([{ base, arithmetic: "f32", running: 0, waiting: 0 }]);
  const { weights, cache, used } = figures.engines[0]!.bytes;
  expect(weights).toBe(held.base.native.bytes);
  expect(used).toBeLessThanOrEqual(cache);
  // The answer's last token goes through nothing.
  expect(figures.tokens).toBe(promptIds.length + outputIds.length - 1);
  expect(figures.adapters).toMatchObject({
    count: 1,
    used: 1,
    pinned: 0,
    bytes: models.resident()[0]!.bytes,
  });
  held.release();
  plain.release();
  // There is room for none that nobody uses.
  expect(models.resident()).toEqual([]);
  expect(models.figures().adapters).toMatchObject({ count: 0, bytes: 0, maxBytes: 1 });
  models.close();
});

test("a pinned adapter stays, and only models of the list are served", { timeout: 60_000 }, async () => {
  const pinned = modelsOf({ pinned: [modelId] });
  const [, card] = await pinned.list();
  // It is loaded without being asked for.
  await expect.poll(() => pinned.resident(), { timeout: 20_000 }).toMatchObject([{ pinned: true, users: 0 }]);
  const bytes = pinned.resident()[0]!.bytes;
  expect(bytes).toBeGreaterThan(0);
  (await pinned.open(card!.id))!.release();
  expect(pinned.resident()).toMatchObject([{ pinned: true, users: 0 }]);
  pinned.close();
  const others = modelsOf({ allowed: [modelId + 1n] });
  expect(await others.list()).toEqual([]);
  expect(await others.open(card!.id)).toBeUndefined();
});

test("a load that takes its time holds nobody else up, and an adapter that nobody asked for is brought near", {
  timeout: 120_000,
}, async () => {
  const registered = await getModel(world.chain.client, world.at, modelId);
  const manifest = decodeManifest(await world.content.get(registered.manifestHash));
  const slow = hashOfFile(manifest.adapter, "adapter_model.safetensors");
  const fetched: Hash[] = [];
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const far: ContentSource = {
    async get(hash) {
      fetched.push(hash);
      if (hash === slow) await gate;
      return world.content.get(hash);
    },
  };
  const folder = mkdtempSync(join(tmpdir(), "tiers-"));
  try {
    const disk = await DiskCache.open(far, folder, 2 ** 24);
    const models = modelsOf({ content: disk, disk });
    const [base, adapted] = (await models.list()).map(({ id }) => id) as [string, string];
    const waiting = models.open(adapted);
    const held = (await models.open(base))!;
    const ids = [];
    for await (const { id } of held.engine.submit({ prompt: [5, 6], maxTokens: 4 }).tokens) ids.push(id);
    expect(ids).toHaveLength(4);
    held.release();
    open();
    (await waiting)!.release();
    models.close();

    // Another life, on the same disk: nothing is fetched that was.
    fetched.length = 0;
    const near = await DiskCache.open(far, folder, 2 ** 24);
    const next = modelsOf({ content: near, disk: near });
    (await next.open(adapted))!.release();
    expect(fetched).toEqual([]);
    next.close();

    // On an empty one the adapter's files come by themselves; the base's do not.
    rmSync(folder, { recursive: true });
    const empty = await DiskCache.open(far, folder, 2 ** 24);
    const warmed = modelsOf({ content: empty, disk: empty });
    await warmed.list();
    const wanted = [
      registered.manifestHash,
      manifest.method,
      ...manifest.adapter.map(({ sha256 }) => sha256),
    ];
    await expect.poll(() => [...fetched].sort(), { timeout: 20_000 }).toEqual([...wanted].sort());
    expect(warmed.resident()).toEqual([]);
    warmed.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
