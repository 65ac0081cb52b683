import { describe, expect, it } from "vitest";
import { encodeBlob } from "../../node/chain/codec/blob.ts";
import { BATCHER, PORTAL, transfer, users } from "./chain-fixture.ts";
import { frames, singularBatch, zlibChannel } from "./channels.ts";
import { createWorld, type World } from "./world.ts";

async function withBlocks(count: number): Promise<World> {
  const world = createWorld();
  world.miner.mineMany(3);
  for (let i = 0; i < count; i++) await world.sequencer.build(await transfer(users[0]!, i));
  return world;
}

async function derived({ miner, verifier }: World): Promise<number> {
  miner.mine();
  await verifier.derive();
  return Number(verifier.safe.ref.number);
}

describe("singular batches", () => {
  it("in zlib give the sequencer's blocks, over several epochs", async () => {
    const world = await withBlocks(7);
    const batches = [1, 2, 3, 4, 5, 6, 7].map((number) => singularBatch(world, number));
    world.miner.include(frames(zlibChannel(...batches))[0]!);
    expect(await derived(world)).toBe(7);
    expect(world.verifier.safe.ref.hash).toBe(world.sequencer.unsafe.hash);
    expect(world.verifier.notes).toEqual([]);
  });

  it("pass over what is safe already, and lose the rest of their channel with one that is invalid", async () => {
    const world = await withBlocks(4);
    const [first, second, third, fourth] = [1, 2, 3, 4].map((number) => singularBatch(world, number));
    world.miner.include(frames(zlibChannel(first!, second!))[0]!);
    expect(await derived(world)).toBe(2);
    const wrongEpoch = { ...fourth!, epochHash: third!.parentHash };
    world.miner.include(frames(zlibChannel(first!, second!, third!, wrongEpoch, fourth!))[0]!);
    expect(await derived(world)).toBe(3);
    world.miner.include(frames(zlibChannel(fourth!))[0]!);
    expect(await derived(world)).toBe(4);
    expect(world.verifier.safe.ref.hash).toBe(world.sequencer.unsafe.hash);
  });

  it("and spans may follow each other", async () => {
    const world = await withBlocks(4);
    world.miner.include(frames(zlibChannel(singularBatch(world, 1)))[0]!);
    world.miner.include((await world.channel(2, 3))[0]!);
    world.miner.include(frames(zlibChannel(singularBatch(world, 4)))[0]!);
    expect(await derived(world)).toBe(4);
    expect(world.verifier.safe.ref.hash).toBe(world.sequencer.unsafe.hash);
  });
});

describe("batches in blobs", () => {
  it("give the sequencer's blocks; calldata of blob transactions does not count", async () => {
    const world = await withBlocks(5);
    const [one, two, three] = frames(zlibChannel(...[1, 2, 3].map((n) => singularBatch(world, n))), 3);
    world.miner.includeBlobs([one!, two!]);
    world.miner.include(three!);
    const rest = frames(zlibChannel(singularBatch(world, 4)))[0]!;
    world.miner.includeBlobs([], BATCHER, rest);
    expect(await derived(world)).toBe(3);
    expect(world.verifier.notes).toEqual([]);
    world.miner.includeBlobs([rest]);
    expect(await derived(world)).toBe(4);
    expect(world.verifier.safe.ref.hash).toBe(world.sequencer.at(4)!.hash);
  });

  it("of strangers are not even asked for; one without data is passed over alone", async () => {
    const world = await withBlocks(2);
    const [data] = frames(zlibChannel(singularBatch(world, 1), singularBatch(world, 2)));
    world.miner.includeBlobs([data!], PORTAL);
    world.miner.blobs.clear();
    expect(await derived(world)).toBe(0);
    const broken = encodeBlob(data!);
    broken[1] = 9;
    world.miner.includeBlobs([broken, data!]);
    expect(await derived(world)).toBe(2);
    expect(world.verifier.notes.map(({ stage }) => stage)).toEqual(["l1-retrieval"]);
  });

  it("are asked for once, in the order of their transactions", async () => {
    const world = await withBlocks(2);
    const pieces = frames(zlibChannel(singularBatch(world, 1), singularBatch(world, 2)), 3);
    world.miner.includeBlobs([pieces[0]!]);
    world.miner.include(pieces[1]!);
    world.miner.includeBlobs([pieces[2]!]);
    expect(await derived(world)).toBe(2);
  });
});
