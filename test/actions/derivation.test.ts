import { brotliCompressSync } from "node:zlib";
import { RLP } from "@ethereumjs/rlp";
import { bytesToHex, concatBytes } from "@ethereumjs/util";
import { describe, expect, it } from "vitest";
import { encodeChannel } from "../../node/chain/codec/channel.ts";
import { decodeBatcherData, encodeBatcherData, type Frame } from "../../node/chain/codec/frame.ts";
import { encodeSpanBatch, joinSpanBatch, parseSpanBatch } from "../../node/chain/codec/span-batch.ts";
import { encodeTransaction, parseEnvelope } from "../../node/chain/codec/transaction-fields.ts";
import { channelTimeout } from "../../node/chain/rules/chain-spec.ts";
import { BROKEN_META_BLOCK, storedBrotli } from "../support/stored-brotli.ts";
import { BATCHER, PORTAL, transfer, users } from "./chain-fixture.ts";
import { configLog, depositLog } from "./miner.ts";
import { createWorld, type World } from "./world.ts";

/** Mines what was included and lets the verifier read it. */
async function mineAndDerive({ miner, verifier }: World): Promise<number> {
  miner.mine();
  await verifier.derive();
  return Number(verifier.safe.ref.number);
}

function oneFrame(channel: Uint8Array, id = 1): Uint8Array {
  return encodeBatcherData([{ channelId: channelId(id), number: 0, data: channel, isLast: true }]);
}

function channelId(id: number): Frame["channelId"] {
  return `0x${id.toString(16).padStart(32, "0")}`;
}

describe("verifier", () => {
  it("follows the sequencer block for block, with transactions and deposits, over several epochs", async () => {
    const world = createWorld();
    const { miner, sequencer, verifier, batcher } = world;
    let nonce = 0;
    for (let epoch = 0; epoch < 6; epoch++) {
      miner.log(depositLog(BATCHER, PORTAL, 5n));
      miner.mine();
      for (let i = 0; i < 3; i++) await sequencer.build(await transfer(users[0]!, nonce++));
      await batcher.step();
    }
    while (verifier.safe.ref.number < 18n) {
      miner.mine();
      await batcher.step();
      await verifier.derive();
    }
    expect(verifier.safe.ref.hash).toBe(sequencer.unsafe.hash);
    expect(verifier.notes).toEqual([]);
    const deposits = Array.from({ length: 19 }, (_, i) => verifier.at(i)!.block.transactions.length - 1);
    expect(deposits.filter((count) => count === 2).length).toBeGreaterThan(3);
  });

  it("ignores garbage and strangers beside the batcher's frames", async () => {
    const world = createWorld();
    const { miner, sequencer, verifier } = world;
    miner.mine();
    await sequencer.buildMany(3);
    const [good] = await world.channel(1, 3);
    miner.include(Uint8Array.of());
    miner.include(Uint8Array.of(1, 2, 3));
    miner.include(good!.subarray(0, good!.length - 1));
    miner.include(concatBytes(good!, Uint8Array.of(0)));
    miner.include(good!, PORTAL);
    miner.include(good!, BATCHER, 4);
    miner.include(oneFrame(Uint8Array.of()));
    miner.include(oneFrame(Uint8Array.of(0x78, 0x9c, 1)));
    miner.include(oneFrame(concatBytes(Uint8Array.of(1), BROKEN_META_BLOCK)));
    expect(await mineAndDerive(world)).toBe(0);
    const kinds = new Set(verifier.notes.map(({ stage }) => stage));
    expect(kinds).toEqual(new Set(["frame-queue", "channel-reader"]));
    miner.include(good!);
    expect(await mineAndDerive(world)).toBe(3);
    expect(verifier.safe.ref.hash).toBe(sequencer.at(3)!.hash);
  });

  it("counts a reverted batcher transaction, as every one of these is", async () => {
    const world = createWorld();
    world.miner.mine();
    await world.sequencer.buildMany(2);
    world.miner.include((await world.channel(1, 2))[0]!);
    expect(world.miner.mine().receipts[0]!.status).toBe(0);
    await world.verifier.derive();
    expect(world.verifier.safe.ref.number).toBe(2n);
  });

  it("keeps the batches before a corrupt tail, piece by piece", async () => {
    const world = createWorld();
    await world.sequencer.buildMany(4);
    const first = RLP.encode(await world.span(1, 2));
    const filler = RLP.encode(new Uint8Array(5_000).fill(0xff));
    // The first batch ends in the first piece; the error lies in the second.
    const content = concatBytes(first, filler);
    const channel = concatBytes(
      Uint8Array.of(1),
      storedBrotli(content),
      BROKEN_META_BLOCK,
      new Uint8Array(9),
    );
    world.miner.include(oneFrame(channel));
    expect(await mineAndDerive(world)).toBe(2);
    // Now the error lies in the same piece as the batch: nothing of it counts.
    const second = RLP.encode(await world.span(3, 4));
    const early = concatBytes(Uint8Array.of(1), storedBrotli(second), BROKEN_META_BLOCK, new Uint8Array(9));
    world.miner.include(oneFrame(early, 2));
    expect(await mineAndDerive(world)).toBe(2);
    world.miner.include(oneFrame(concatBytes(Uint8Array.of(1), storedBrotli(second)), 3));
    expect(await mineAndDerive(world)).toBe(4);
  });

  it("drops the rest of a channel at an unknown batch type, and only the batch at a blob transaction's data", async () => {
    const world = createWorld();
    await world.sequencer.buildMany(3);
    const unknown = Uint8Array.of(2, 0xc0);
    const channel = async (...batches: Uint8Array[]) => oneFrame(await encodeChannel(batches));
    world.miner.include(await channel(await world.span(1, 1), unknown, await world.span(2, 2)));
    expect(await mineAndDerive(world)).toBe(1);
    const head = concatBytes(Uint8Array.of(1, 2, 0), new Uint8Array(40), Uint8Array.of(1, 1, 1, 0, 0));
    const blobData = concatBytes(Uint8Array.of(3), RLP.encode([1, 2, 3]));
    const blobs = concatBytes(head, new Uint8Array(84), blobData, Uint8Array.of(1, 1));
    world.miner.include(await channel(blobs, await world.span(2, 2)));
    expect(await mineAndDerive(world)).toBe(2);
  });

  it("drops a channel that takes longer than the timeout, and takes one that just makes it", async () => {
    const world = createWorld(500n);
    const { miner, sequencer } = world;
    await sequencer.build(await transfer(users[0]!, 0));
    const frames = await world.channel(1, 1, 100);
    expect(frames.length).toBeGreaterThan(1);
    const send = async (between: number) => {
      for (const frame of frames.slice(0, -1)) miner.include(frame);
      miner.mineMany(between);
      miner.include(frames.at(-1)!);
      return mineAndDerive(world);
    };
    const timeout = Number(channelTimeout(world.rollup, 0n));
    expect(await send(timeout + 1)).toBe(0);
    expect(world.verifier.notes.map(({ reason }) => reason)).toContain("a channel timed out");
    expect(await send(timeout)).toBe(1);
  });

  it("wants a channel's frames in order; a first frame starts again", async () => {
    const world = createWorld();
    await world.sequencer.build(await transfer(users[0]!, 0));
    const [first, second, ...rest] = await world.channel(1, 1, 100);
    for (const frame of [second!, first!, ...rest]) world.miner.include(frame);
    expect(await mineAndDerive(world)).toBe(0);
    // A skipped frame does not end the open channel.
    for (const frame of [first!, ...rest, second!, ...rest]) world.miner.include(frame);
    expect(await mineAndDerive(world)).toBe(1);
  });

  it("prunes frames within one transaction", async () => {
    const world = createWorld();
    await world.sequencer.build(await transfer(users[0]!, 0));
    const frames = (await world.channel(1, 1, 100)).flatMap((data) => decodeBatcherData(data));
    const stranger: Frame = { channelId: channelId(9), number: 0, data: Uint8Array.of(1), isLast: false };
    world.miner.include(
      encodeBatcherData([{ ...stranger, number: 3 }, stranger, ...frames, { ...stranger, number: 7 }]),
    );
    expect(await mineAndDerive(world)).toBe(1);
  });

  it("makes empty blocks with the deposits when the sequencing window has passed", async () => {
    const world = createWorld(10n);
    const { miner, sequencer, verifier } = world;
    miner.log(depositLog(BATCHER, PORTAL, 5n));
    miner.mineMany(2);
    await sequencer.buildMany(6);
    miner.mineMany(7);
    await verifier.derive();
    expect(verifier.safe.ref.number).toBe(0n);
    expect(await mineAndDerive(world)).toBeGreaterThan(0);
    miner.mineMany(4);
    await verifier.derive();
    const blocks = Array.from({ length: 6 }, (_, i) => verifier.at(i + 1)!.block);
    // The sequencer's own empty blocks look the same: forced inclusion follows the same rules.
    expect(blocks.map(({ hash }) => hash)).toEqual(blocks.map((_, i) => sequencer.at(i + 1)!.hash));
    expect(blocks.some(({ transactions }) => transactions.length === 2)).toBe(true);
    // Too late: the span's first epoch lies outside the window.
    const before = verifier.safe.ref.number;
    await sequencer.buildMany(40);
    miner.include((await world.channel(1, 40))[0]!);
    await mineAndDerive(world);
    expect(verifier.notes.at(-1)).toMatchObject({ reason: "the sequencing window has expired" });
    expect(verifier.safe.ref.number).toBeGreaterThanOrEqual(before);
  });

  it("obeys a new batcher from the very L1 block of the change", async () => {
    const world = createWorld();
    const { miner, sequencer } = world;
    await sequencer.buildMany(2);
    miner.log(configLog(0, PORTAL));
    miner.include((await world.channel(1, 1))[0]!, BATCHER);
    expect(await mineAndDerive(world)).toBe(0);
    miner.include((await world.channel(1, 1))[0]!, BATCHER);
    expect(await mineAndDerive(world)).toBe(0);
    miner.include((await world.channel(1, 2))[0]!, PORTAL);
    expect(await mineAndDerive(world)).toBe(2);
  });

  it("takes a gas limit and a minimum base fee over at the next epoch", async () => {
    const world = createWorld();
    const { miner, sequencer, verifier, batcher } = world;
    miner.log(configLog(2, 25_000_000n));
    miner.log(configLog(6, 3_000_000_000n));
    miner.mine();
    await sequencer.buildMany(5);
    // The batcher waits until its node has read L1.
    for (let i = 0; i < 2; i++) {
      miner.mineMany(3);
      await verifier.derive();
      await batcher.step();
    }
    await verifier.derive();
    const limits = Array.from({ length: 5 }, (_, i) => verifier.at(i + 1)!.block.header.gasLimit);
    expect(limits).toEqual([30_000_000n, 30_000_000n, 25_000_000n, 25_000_000n, 25_000_000n]);
    expect(verifier.at(4)!.block.header.baseFeePerGas).toBe(3_000_000_000n);
    expect(verifier.safe.ref.hash).toBe(sequencer.unsafe.hash);
  });

  it.each(["a nonce too high", "bytes that are no transaction"])(
    "replaces a block with %s by its deposits and drops the rest of the channel",
    async (kind) => {
      const world = createWorld();
      const { miner, sequencer, verifier, rollup } = world;
      const raw = await transfer(users[0]!, 7);
      const fields = parseEnvelope(raw);
      const isBroken = kind.startsWith("bytes");
      const s = isBroken ? (1n << 256n) - 1n : fields.s;
      const bad = { ...fields, s, raw: encodeTransaction({ ...fields, s }) };
      await sequencer.build();
      const honest = await sequencer.build();
      await sequencer.build();
      // The sequencer's executor refuses such a block, so the batch is made from the honest ones by hand.
      const rules = {
        genesisTime: rollup.genesis.l2Time,
        blockTime: rollup.blockTime,
        chainId: rollup.l2ChainId,
      };
      const span = joinSpanBatch(parseSpanBatch(await world.span(1, 3)), rules);
      const elements = span.elements.map((element, i) => ({
        ...element,
        transactions:
          i === 1 ? [bad] : element.transactions.map((own) => ({ ...parseEnvelope(own), raw: own })),
      }));
      const tampered = encodeSpanBatch({ ...span, elements, opensEpoch: false }, rules);
      miner.include(oneFrame(await encodeChannel([tampered, await world.span(1, 3)])));
      expect(await mineAndDerive(world)).toBe(2);
      expect(verifier.at(2)).toMatchObject({ depositsOnly: true });
      expect(verifier.safe.ref.hash).toBe(honest.hash);
      miner.include((await world.channel(1, 3))[0]!);
      expect(await mineAndDerive(world)).toBe(3);
    },
  );

  it("passes over what it has, and goes on with a span that overlaps the safe chain", async () => {
    const world = createWorld();
    const { miner, sequencer, verifier } = world;
    miner.mine();
    for (let i = 0; i < 5; i++) await sequencer.build(await transfer(users[0]!, i));
    miner.include((await world.channel(1, 2))[0]!);
    expect(await mineAndDerive(world)).toBe(2);
    miner.include((await world.channel(1, 2))[0]!);
    expect(await mineAndDerive(world)).toBe(2);
    miner.include((await world.channel(4, 5))[0]!);
    expect(await mineAndDerive(world)).toBe(2);
    miner.include((await world.channel(2, 5))[0]!);
    expect(await mineAndDerive(world)).toBe(5);
    expect(verifier.safe.ref.hash).toBe(sequencer.unsafe.hash);
    expect(verifier.notes.map(({ facts }) => facts.verdict)).toEqual(["past", "drop"]);
  });

  it("resets at an L1 reorganisation and derives the other chain", async () => {
    const world = createWorld();
    const { miner, sequencer, verifier } = world;
    miner.mineMany(2);
    for (let i = 0; i < 8; i++) await sequencer.build(await transfer(users[0]!, i));
    miner.include((await world.channel(1, 3))[0]!);
    expect(await mineAndDerive(world)).toBe(3);
    miner.include((await world.channel(4, 8))[0]!);
    expect(await mineAndDerive(world)).toBe(8);
    const kept = verifier.at(3)!.ref.hash;
    miner.reorgTo(3n);
    miner.mineMany(3);
    await verifier.derive();
    expect(verifier.resets).toBe(1);
    expect(verifier.safe.ref).toMatchObject({ number: 3n, hash: kept });
    miner.include((await world.channel(4, 8))[0]!);
    expect(await mineAndDerive(world)).toBe(8);
  });

  it("resets below blocks whose L1 origin is gone", async () => {
    const world = createWorld();
    const { miner, sequencer, verifier } = world;
    miner.mineMany(2);
    await sequencer.buildMany(7);
    miner.include((await world.channel(1, 7))[0]!);
    expect(await mineAndDerive(world)).toBe(7);
    const old = verifier.safe.ref;
    expect(old.l1Origin.number).toBe(2n);
    miner.reorgTo(1n);
    miner.mineMany(4);
    await verifier.derive();
    expect(verifier.safe.ref.number).toBe(0n);
    sequencer.adopt([sequencer.at(0)!]);
    await sequencer.buildMany(7);
    expect(sequencer.at(7)!.hash).not.toBe(old.hash);
    miner.include((await world.channel(1, 7))[0]!);
    expect(await mineAndDerive(world)).toBe(7);
    expect(verifier.safe.ref.hash).toBe(sequencer.at(7)!.hash);
  });

  it("stops loudly at a deposit log that no portal makes", async () => {
    const deposit = createWorld();
    const log = depositLog(BATCHER, PORTAL, 5n);
    deposit.miner.log({ ...log, data: log.data.subarray(0, 96) });
    deposit.miner.mine();
    deposit.miner.mineMany(100);
    await expect(deposit.verifier.derive()).rejects.toMatchObject({ code: "DEPOSIT_LOG_INVALID" });
  });

  it("gives the same chain when it begins again in the middle of a span", async () => {
    const world = createWorld();
    const { miner, sequencer, verifier } = world;
    miner.mineMany(3);
    for (let i = 0; i < 9; i++) await sequencer.build(await transfer(users[i % 2]!, i >> 1));
    miner.include(
      oneFrame(concatBytes(Uint8Array.of(1), brotliCompressSync(RLP.encode(await world.span(1, 9))))),
    );
    expect(await mineAndDerive(world)).toBe(9);
    verifier.rewindTo(4n);
    await verifier.derive();
    expect(verifier.safe.ref.hash).toBe(sequencer.unsafe.hash);
    expect(bytesToHex(verifier.safe.block.transactions[1]!.raw)).toBe(
      bytesToHex(sequencer.unsafe.transactions[1]!.raw),
    );
  });
});
