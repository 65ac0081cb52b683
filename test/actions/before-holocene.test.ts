import { describe, expect, it } from "vitest";
import type { SingularBatch } from "../../node/chain/codec/singular-batch.ts";
import { type ForkTimes, forksUpTo, GENESIS_TIME, transfer, users } from "./chain-fixture.ts";
import { frames, singularBatch, spanOf, zlibChannel, zlibOf } from "./channels.ts";
import { L1_BLOCK_TIME } from "./miner.ts";
import { createWorld, type World } from "./world.ts";

/** A sequencer with so many blocks, a transaction in each. */
async function worldOf(forkTimes: ForkTimes, count: number, seqWindowSize = 100n): Promise<World> {
  const world = createWorld(seqWindowSize, {}, () => false, forkTimes);
  world.miner.mineMany(3);
  for (let i = 0; i < count; i++) await world.sequencer.build(await transfer(users[0]!, i));
  return world;
}

async function derived({ miner, verifier }: World): Promise<number> {
  miner.mine();
  await verifier.derive();
  return Number(verifier.safe.ref.number);
}

const reasons = ({ verifier }: World) => verifier.notes.map(({ reason }) => reason);
const frame = (batch: SingularBatch, id: number) => frames(zlibChannel(batch), 1, id)[0]!;
const granite = forksUpTo("granite");

describe("batches before Holocene", () => {
  it("may come in any order, and a block takes the first that fits", async () => {
    const world = await worldOf(granite, 3);
    const [one, two, three] = [1, 2, 3].map((number) => singularBatch(world, number));
    world.miner.include(frames(zlibChannel(three!, two!))[0]!);
    expect(await derived(world)).toBe(0);
    world.miner.include(frame({ ...one!, epochHash: two!.parentHash }, 1));
    expect(await derived(world)).toBe(0);
    world.miner.include(frame({ ...one!, transactions: [] }, 2));
    world.miner.include(frame(one!, 3));
    // The empty block is another one than the sequencer's: what was built on that does not fit.
    expect(await derived(world)).toBe(1);
    expect(world.verifier.at(1)!.block.transactions).toHaveLength(1);
    expect(reasons(world)).toContain("its parent is not the safe head");
  });

  it("that waited become blocks at once when the one before them is there", async () => {
    const world = await worldOf(granite, 4);
    const batches = [1, 2, 3, 4].map((number) => singularBatch(world, number));
    for (const [index, batch] of batches.slice(1).reverse().entries()) {
      world.miner.include(frame(batch, index));
      expect(await derived(world)).toBe(0);
    }
    world.miner.include(frame(batches[0]!, 9));
    expect(await derived(world)).toBe(4);
    expect(world.verifier.safe.ref.hash).toBe(world.sequencer.unsafe.hash);
  });

  it("leave no trace of a span of which one block is invalid, nor a block of deposits", async () => {
    const world = await worldOf(granite, 2);
    // A nonce that is not the next: the third block of the sequencer can't be built by anybody.
    const bad = { ...singularBatch(world, 2), transactions: [await transfer(users[0]!, 7)] };
    await world.sequencer.build(await transfer(users[0]!, 2));
    const last = { ...singularBatch(world, 3) };
    const span = spanOf(world, [singularBatch(world, 1), bad, last]);
    world.miner.include(frames(zlibOf(span))[0]!);
    expect(await derived(world)).toBe(0);
    expect(world.verifier.abandoned).toBe(1);
    world.miner.include(frames(zlibOf(await world.span(1, 3)))[0]!);
    expect(await derived(world)).toBe(3);
    expect(world.verifier.safe.ref.hash).toBe(world.sequencer.unsafe.hash);
    expect(world.verifier.safe.depositsOnly).toBe(false);
  });

  it("with an invalid block are passed over alone, up to the end of the window", async () => {
    const world = await worldOf(granite, 2, 10n);
    const bad = { ...singularBatch(world, 1), transactions: [await transfer(users[0]!, 7)] };
    world.miner.include(frame(bad, 1));
    expect(await derived(world)).toBe(0);
    expect(world.verifier.abandoned).toBe(1);
    world.miner.include(frame(singularBatch(world, 1), 2));
    expect(await derived(world)).toBe(1);
    world.miner.mineMany(8);
    expect(await derived(world)).toBeGreaterThan(1);
    expect(world.verifier.at(2)!.block.transactions).toHaveLength(1);
  });

  it("of a span that overlaps count where the safe blocks are the same", async () => {
    const world = await worldOf(granite, 4);
    world.miner.include(frames(zlibOf(await world.span(1, 2)), 1, 1)[0]!);
    expect(await derived(world)).toBe(2);
    const changed = { ...singularBatch(world, 2), transactions: [] };
    const other = spanOf(world, [singularBatch(world, 1), changed, singularBatch(world, 3)]);
    world.miner.include(frames(zlibOf(other), 1, 2)[0]!);
    expect(await derived(world)).toBe(2);
    expect(reasons(world)).toContain("a safe block that it overlaps has other transactions");
    world.miner.include(frames(zlibOf(await world.span(1, 4)), 1, 3)[0]!);
    expect(await derived(world)).toBe(4);
  });

  it("that wait are forgotten when Holocene comes, and spans are no batches before Delta", async () => {
    const holocene = GENESIS_TIME + 6n * L1_BLOCK_TIME;
    const world = await worldOf({ ...granite, holocene }, 3);
    const [one, two, three] = [1, 2, 3].map((number) => singularBatch(world, number));
    world.miner.include(frames(zlibChannel(three!, two!))[0]!);
    expect(await derived(world)).toBe(0);
    world.miner.mineMany(3);
    world.miner.include(frame(one!, 1));
    expect(await derived(world)).toBe(1);
    world.miner.include(frames(zlibChannel(two!, three!), 1, 2)[0]!);
    expect(await derived(world)).toBe(3);

    const canyon = await worldOf(forksUpTo("canyon"), 1);
    canyon.miner.include(frames(zlibOf(await canyon.span(1, 1)))[0]!);
    expect(await derived(canyon)).toBe(0);
    expect(reasons(canyon)).toEqual(["a span batch before Delta"]);
  });

  it("in brotli count from Fjord on", async () => {
    const ecotone = await worldOf(forksUpTo("ecotone"), 1);
    ecotone.miner.include((await ecotone.channel(1, 1))[0]!);
    expect(await derived(ecotone)).toBe(0);
    expect(reasons(ecotone)).toEqual(["Channel: brotli before Fjord."]);
    const fjord = await worldOf(forksUpTo("fjord"), 1);
    fjord.miner.include((await fjord.channel(1, 1))[0]!);
    expect(await derived(fjord)).toBe(1);
  });
});

describe("channels before Holocene", () => {
  it("are open beside each other, and take their frames in any order", async () => {
    const world = await worldOf(granite, 2);
    const [one, two] = [1, 2].map((number) => frames(zlibChannel(singularBatch(world, number)), 3, number));
    for (const data of [two![2]!, one![1]!, one![2]!, two![0]!, two![1]!]) world.miner.include(data);
    expect(await derived(world)).toBe(0);
    world.miner.include(one![0]!);
    world.miner.include(one![0]!);
    expect(await derived(world)).toBe(2);
  });

  it("are read in the order in which they were opened, from Canyon on as they are complete", async () => {
    for (const [fork, first] of [
      ["regolith", 0],
      ["canyon", 1],
    ] as const) {
      const world = await worldOf(forksUpTo(fork), 2);
      const second = frames(zlibChannel(singularBatch(world, 2)), 2, 2);
      world.miner.include(second[0]!);
      world.miner.include(frame(singularBatch(world, 1), 1));
      expect(await derived(world)).toBe(first);
      world.miner.include(second[1]!);
      expect(await derived(world)).toBe(2);
    }
  });

  it("go when their time is over: Granite's from its first L1 block on", async () => {
    for (const [forks, lost] of [
      [forksUpTo("fjord"), false],
      [{ ...forksUpTo("fjord"), granite: GENESIS_TIME + 20n * L1_BLOCK_TIME }, true],
    ] as const) {
      const world = await worldOf(forks, 1, 400n);
      const [begin, end] = frames(zlibChannel(singularBatch(world, 1)), 2);
      world.miner.include(begin!);
      expect(await derived(world)).toBe(0);
      world.miner.mineMany(60);
      world.miner.include(end!);
      expect(await derived(world)).toBe(lost ? 0 : 1);
    }
  });
});
