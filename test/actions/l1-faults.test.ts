import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import type { L1Block, L1BlockRef } from "../../node/chain/types/l1.ts";
import { createWholeNode, type WholeNode } from "./whole-node.ts";
import { createWorld, type World } from "./world.ts";

const nodes: WholeNode[] = [];
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stop();
});

async function nodeOver(world: World): Promise<WholeNode> {
  const node = await createWholeNode(world.miner, world.rollup);
  nodes.push(node);
  return node;
}

const ref = ({ hash, number, parentHash, timestamp }: L1Block): L1BlockRef => ({
  hash,
  number,
  parentHash,
  timestamp,
});

/** A node with blocks 1 to 4 safe, from L1 blocks 4 and 5, and 5 to `unsafe` above them. */
async function grown(unsafe = 9): Promise<{ world: World; node: WholeNode }> {
  const world = createWorld();
  const { miner, sequencer } = world;
  miner.mineMany(3);
  await sequencer.buildMany(4);
  miner.include((await world.channel(1, 2))[0]!);
  miner.mine();
  miner.include((await world.channel(3, 4))[0]!);
  miner.mine();
  const node = await nodeOver(world);
  await node.until(() => node.engine.heads().safe.number === 4n);
  expect(node.engine.heads().safe.hash).toBe(sequencer.unsafe.hash);
  await node.sequenceUntil(BigInt(unsafe));
  return { world, node };
}

describe("an L1 that lags", () => {
  test("takes nothing back, neither while the node runs nor when it starts again", async () => {
    const { node } = await grown();
    const { unsafe, safe } = node.engine.heads();
    node.sight.height = 1n;
    for (let i = 0; i < 20; i++) {
      node.look();
      await sleep(10);
    }
    expect(node.engine.heads()).toMatchObject({ unsafe, safe });
    await node.restart();
    await node.until(() => node.driver.isReady());
    expect(node.engine.heads()).toMatchObject({ unsafe, safe });
    node.sight.height = undefined;
    await node.until(() => node.driver.currentL1()?.number === 5n);
    expect(node.engine.heads()).toMatchObject({ unsafe, safe });
  });

  test("and comes back as another chain takes back what stood on the old one, as soon as it shows it", async () => {
    const { world, node } = await grown();
    const { miner } = world;
    const { safe } = node.engine.heads();
    node.sight.height = 3n;
    await node.restart();
    await node.until(() => node.driver.isReady());
    expect(node.engine.heads().safe).toEqual(safe);
    miner.reorgTo(3n);
    miner.mine();
    node.sight.height = undefined;
    // The batches are gone with L1 blocks 4 and 5.
    await node.until(() => node.driver.isReady() && node.engine.heads().safe.number === 0n);
    miner.include((await world.channel(1, 2))[0]!);
    miner.mine();
    await node.until(() => node.engine.heads().safe.number === 2n);
    expect(node.engine.heads().safe.hash).toBe(world.sequencer.at(2)!.hash);
  });

  test("that leads elsewhere before it shows the block that the safe head came from is believed", async () => {
    const { world, node } = await grown();
    const { miner, sequencer } = world;
    miner.reorgTo(3n);
    // Blocks 1 to 6 in the place of block 4; a block of number 5 is still to come.
    const other = sequencer.at(0)!;
    sequencer.adopt([other]);
    await sequencer.buildMany(6);
    miner.include((await world.channel(1, 6))[0]!);
    miner.mine();
    await node.restart();
    await node.until(() => node.engine.heads().safe.number === 6n);
    expect(node.engine.heads().safe.hash).toBe(sequencer.at(6)!.hash);
  });
});

describe("what is final", () => {
  test("comes from an L1 block that L1 repeats, never from a dead fork's", async () => {
    const { world, node } = await grown();
    const { miner } = world;
    const [four, five] = [ref(miner.at(4n)!), ref(miner.at(5n)!)];
    const dead = { ...four, hash: five.parentHash.replace(/.$/, "0") as L1BlockRef["hash"] };
    await node.finality.follow(dead);
    expect(node.engine.heads().finalized.number).toBe(0n);
    await node.finality.follow(four);
    expect(node.engine.heads().finalized.number).toBe(2n);
    miner.reorgTo(4n);
    miner.mineMany(2);
    // The record of the old block 5 is still there, the signal is of the new one.
    await node.finality.follow(ref(miner.at(5n)!));
    expect(node.engine.heads().finalized.number).toBe(2n);
  });

  test("is neither moved before the chain was checked, nor taken back by an L1 that breaks its word", async () => {
    const { world, node } = await grown();
    const { miner } = world;
    await node.finality.follow(ref(miner.at(5n)!));
    const { finalized } = node.engine.heads();
    expect(finalized.number).toBe(4n);
    miner.reorgTo(2n);
    miner.mineMany(6);
    await node.restart();
    for (let i = 0; i < 20; i++) {
      node.look();
      await sleep(10);
    }
    expect(node.driver.isReady()).toBe(false);
    expect(node.engine.heads().finalized).toEqual(finalized);
    await node.finality.follow(ref(miner.at(8n)!));
    expect(node.engine.heads().finalized).toEqual(finalized);
  });
});

describe("an L1 that is away", () => {
  test.each(["down", "hangs"] as const)("(%s) stops no block", async (mood) => {
    const { node } = await grown();
    const { unsafe } = node.engine.heads();
    node.sight.mood = mood;
    await node.sequenceUntil(unsafe.number + 60n);
    expect(node.engine.heads().unsafe.l1Origin.number).toBeLessThanOrEqual(5n);
    expect(node.driver.lastReadL1()?.number).toBe(5n);
    expect(node.driver.isReady()).toBe(true);
  });
});
