import { mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Engine, type EngineAnswer } from "../../../native/js/engine.ts";
import { Adapter, initialAdapter, LORA_TARGETS, Session } from "../../../native/js/index.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { folderSource } from "../content/folder-source.ts";
import { loadModel, nativeConfig } from "../model/load.ts";
import { SharedBases } from "../model/shared-bases.ts";
import { MarketWorld } from "../testing/market-world.ts";
import { tinyModelFiles } from "../testing/tiny-model.ts";
import type { BuiltModel } from "../train/model-build.ts";
import { RegisteredModels } from "./registered-models.ts";

let world: MarketWorld;
let built: BuiltModel;
let name: string;
let folder: string;

beforeAll(async () => {
  world = await MarketWorld.open();
  let modelId: bigint;
  ({ modelId, built } = await world.serving());
  name = `base-${built.hashes.baseHash.slice(2, 10)}+${modelId}`;
  folder = join(world.folder, "content");
  mkdirSync(folder);
  for (const [hash, bytes] of world.content.all) writeFileSync(join(folder, hash.slice(2)), bytes);
}, 240_000);
afterAll(() => world.close());

/** A worker's models, with contents from files. */
function worker(): RegisteredModels {
  const { session, at, chain } = world;
  return new RegisteredModels({
    ...{ client: chain.client, at, content: folderSource(folder), session, bases: new SharedBases() },
    ...{ maxAdapterBytes: 1, maxModelBytes: 2 ** 30, cacheBytes: 2 ** 26, pinned: () => [] },
  });
}

/** The same question to the model, opened and let go again. */
async function answer(models: RegisteredModels): Promise<number[]> {
  const held = (await models.open(name))!;
  try {
    const ids: number[] = [];
    const { tokens } = held.engine.submit({ prompt: [5, 6, 7], adapter: held.adapter, maxTokens: 6 });
    for await (const { id } of tokens) ids.push(id);
    return ids;
  } finally {
    held.release();
  }
}

/** Changes a file of the contents while `work` runs. */
async function withDamage(hash: Hash, damage: (path: string) => void, work: () => Promise<void>) {
  const path = join(folder, hash.slice(2));
  const whole = readFileSync(path);
  damage(path);
  try {
    await work();
  } finally {
    writeFileSync(path, whole);
  }
}

const fileOf = (list: readonly { name: string; sha256: Hash }[], wanted: string) =>
  list.find((file) => file.name === wanted)!.sha256;

test("a truncated adapter is refused to those who ask for it, and served once it is whole again", async () => {
  const models = worker();
  const want = await answer(models);
  const hash = fileOf(built.manifest.adapter, "adapter_model.safetensors");
  for (const size of [0, 100]) {
    await withDamage(
      hash,
      (path) => truncateSync(path, size),
      async () => {
        // Who asks for the base alone needs no adapter.
        const other = worker();
        (await other.open(name.split("+")[0]!))!.release();
        other.close();
        await expect(models.open(name)).rejects.toMatchObject({ code: "CONTENT_HASH_MISMATCH" });
        expect(models.resident()).toEqual([]);
      },
    );
  }
  expect(await answer(models)).toEqual(want);
  models.close();
});

test("a base that is replaced under a running worker changes nothing there, and is refused to the next", async () => {
  const models = worker();
  const held = (await models.open(name))!;
  const want = await answer(models);
  const hash = fileOf(built.manifest.base, "model.safetensors");
  const other = (path: string) => {
    const bytes = readFileSync(path);
    bytes[bytes.length - 3]! ^= 0x40;
    writeFileSync(path, bytes);
  };
  await withDamage(hash, other, async () => {
    expect(await answer(models)).toEqual(want);
    const next = worker();
    await expect(next.open(name)).rejects.toMatchObject({ code: "CONTENT_HASH_MISMATCH" });
    next.close();
  });
  held.release();
  models.close();
});

test("random requests with cancels lose no slot and no page, and what is not cancelled has its own answer", {
  timeout: 120_000,
}, async () => {
  const files = tinyModelFiles();
  const base = await loadModel(files, files);
  const session = new Session({ threads: 2 });
  const sizes = { maxBatch: 8, maxQueue: 2_000, pages: 60, pageTokens: 8 };
  const engine = new Engine(session, base.native, sizes);
  const config = nativeConfig(base.config);
  const shape = { rank: 2, scale: 1, targets: LORA_TARGETS };
  const adapters = [1n, 2n, 3n].map((seed) => {
    const factors = initialAdapter(config, shape, seed);
    for (const [key, tensor] of Object.entries(factors)) if (key.includes("lora_B")) tensor.fill(0.05);
    return new Adapter(config, shape, factors);
  });
  let state = 3;
  const next = (n: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const cases = Array.from({ length: 12 }, (_, at) => ({
    prompt: Array.from({ length: 1 + next(20) }, () => next(2_048)),
    adapter: at % 4 === 0 ? undefined : adapters[at % 3],
    maxTokens: 1 + next(10),
  }));
  const read = async (asked: EngineAnswer, leaveAfter?: number) => {
    const ids: number[] = [];
    if (leaveAfter === 0) asked.cancel();
    for await (const { id } of asked.tokens) if (ids.push(id) === leaveAfter) asked.cancel();
    return { ids, ended: asked.ended() };
  };
  const wanted: number[][] = [];
  for (const one of cases) wanted.push((await read(engine.submit(one))).ids);
  const answers = Array.from({ length: 1_500 }, async () => {
    const which = next(cases.length);
    const leaves = next(3) === 0 ? next(4) : undefined;
    const { ids, ended } = await read(engine.submit({ ...cases[which]!, account: next(9) }), leaves);
    if (ended !== "cancelled") expect(ids).toEqual(wanted[which]);
    else expect(ids).toEqual(wanted[which]!.slice(0, ids.length));
    return ended;
  });
  expect(new Set(await Promise.all(answers))).toEqual(new Set(["length", "cancelled"]));
  expect(engine.status()).toMatchObject({ running: 0, waiting: 0, freePages: sizes.pages });
  engine.close();
  for (const adapter of adapters) adapter.close();
  expect(() => engine.submit(cases[0]!)).toThrow(expect.objectContaining({ code: "NATIVE_CLOSED" }));
  session.close();
});
