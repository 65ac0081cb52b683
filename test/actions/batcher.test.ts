import { hexToBytes } from "@ethereumjs/util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CodedError } from "../../node/base/errors.ts";
import { silentLogger } from "../../node/base/logger.ts";
import type { Submission } from "../../node/rollup/batcher/batcher.ts";
import { createBatcher } from "../../node/rollup/batcher/batcher.ts";
import { L2_CHAIN_ID, transfer, users } from "./chain-fixture.ts";
import { createWorld } from "./world.ts";

const span = (submission: Submission | undefined) =>
  submission && [Number(submission.first.number), Number(submission.last.number)];

describe("batcher", () => {
  it("collects for two L1 blocks, then sends what there is", async () => {
    const { miner, sequencer, batcher, verifier } = createWorld();
    await sequencer.buildMany(2);
    expect(await batcher.step()).toBeUndefined();
    miner.mine();
    await sequencer.build();
    expect(await batcher.step()).toBeUndefined();
    miner.mine();
    await sequencer.build();
    expect(span(await batcher.step())).toEqual([1, 4]);
    expect(await batcher.step()).toBeUndefined();
    await verifier.derive();
    expect(verifier.safe.ref.hash).toBe(sequencer.unsafe.hash);
    await sequencer.build();
    await batcher.step();
    miner.mineMany(2);
    expect(span(await batcher.step())).toEqual([5, 5]);
  });

  it("closes a full channel at once and splits it into frames", async () => {
    const world = createWorld(100n, { maxChannelBytes: 1_000, maxL1TxBytes: 300 });
    const { sequencer, batcher, verifier } = world;
    for (let i = 0; i < 20; i++) await sequencer.build(await transfer(users[0]!, i));
    const first = await batcher.step();
    expect(first!.l1Transactions.length).toBeGreaterThan(2);
    expect(first!.last.number).toBeLessThan(20n);
    const second = await batcher.step();
    expect(second!.first.number).toBe(first!.last.number + 1n);
    await verifier.derive();
    expect(verifier.safe.ref.number).toBe(second!.last.number);
  });

  it("closes before the sequencing window ends", async () => {
    const { miner, sequencer, batcher } = createWorld(12n, { maxChannelDuration: 50n, subSafetyMargin: 4n });
    await sequencer.build();
    expect(await batcher.step()).toBeUndefined();
    miner.mineMany(7);
    expect(await batcher.step()).toBeUndefined();
    miner.mine();
    expect(span(await batcher.step())).toEqual([1, 1]);
  });

  it("sends again what derivation has passed without making it safe, and not earlier", async () => {
    const lost: { data: string }[] = [];
    const { miner, sequencer, batcher, verifier } = createWorld(100n, {}, (requests) => {
      if (lost.length > 0) return false;
      lost.push(...requests);
      return true;
    });
    await sequencer.build();
    await batcher.step();
    miner.mineMany(2);
    expect(span(await batcher.step())).toEqual([1, 1]);
    expect(lost).toHaveLength(1);
    miner.mineMany(30);
    expect(await batcher.step()).toBeUndefined();
    miner.mineMany(2);
    expect(await batcher.step()).toBeUndefined();
    await verifier.derive();
    await batcher.step();
    miner.mineMany(2);
    expect(span(await batcher.step())).toEqual([1, 1]);
    await verifier.derive();
    expect(verifier.safe.ref.hash).toBe(sequencer.unsafe.hash);
  });

  it("waits after a start until derivation has passed what L1 holds already", async () => {
    const world = createWorld();
    const { miner, sequencer, verifier } = world;
    await sequencer.buildMany(3);
    await world.batcher.step();
    miner.mineMany(2);
    expect(span(await world.batcher.step())).toEqual([1, 3]);
    miner.mineMany(40);
    await sequencer.build();
    const restarted = world.restartBatcher();
    for (let look = 0; look < 30; look++) {
      expect(await restarted.step()).toBeUndefined();
      miner.mine();
    }
    await verifier.derive();
    expect(verifier.safe.ref.number).toBe(3n);
    await restarted.step();
    miner.mineMany(2);
    expect(span(await restarted.step())).toEqual([4, 4]);
  });

  it("sends nothing before derivation has checked the chain against L1", async () => {
    const world = createWorld();
    const { miner, sequencer } = world;
    world.derivation.isReady = false;
    await sequencer.build();
    await world.batcher.step();
    miner.mineMany(20);
    expect(await world.batcher.step()).toBeUndefined();
    world.derivation.isReady = true;
    await world.batcher.step();
    miner.mineMany(2);
    await world.verifier.derive();
    await world.batcher.step();
    miner.mineMany(2);
    expect(span(await world.batcher.step())).toEqual([1, 1]);
  });

  it("sends all frames of a channel as one group", async () => {
    const world = createWorld(100n, { maxChannelBytes: 1_000, maxL1TxBytes: 300 });
    const { sequencer, batcher, verifier } = world;
    for (let i = 0; i < 20; i++) await sequencer.build(await transfer(users[0]!, i));
    const first = await batcher.step();
    expect(first!.l1Transactions.length).toBeGreaterThan(2);
    expect(world.groups).toEqual([first!.l1Transactions.length]);
    await verifier.derive();
    expect(verifier.safe.ref.number).toBe(first!.last.number);
  });

  it("sends a channel in blobs, which derivation reads", async () => {
    const { miner, sequencer, batcher, verifier, groups } = createWorld(100n, { data: "blobs" });
    await sequencer.build(await transfer(users[0]!, 0));
    await sequencer.buildMany(2);
    await batcher.step();
    miner.mineMany(2);
    expect(span(await batcher.step())).toEqual([1, 3]);
    expect(groups).toEqual([1]);
    await verifier.derive();
    expect(verifier.safe.ref.hash).toBe(sequencer.unsafe.hash);
    expect(miner.blobs.size).toBe(1);
  });

  it("takes the cheaper way where it may choose", async () => {
    const { miner, sequencer, batcher, verifier, prices } = createWorld(100n, { data: "auto" });
    const blobsAfter = async (blobBaseFee: bigint) => {
      prices.blobBaseFee = blobBaseFee;
      await sequencer.build();
      await batcher.step();
      miner.mineMany(2);
      await batcher.step();
      await verifier.derive();
      await batcher.step();
      expect(verifier.safe.ref.hash).toBe(sequencer.unsafe.hash);
      return miner.blobs.size;
    };
    expect(await blobsAfter(1n)).toBe(1);
    expect(await blobsAfter(10n ** 10n)).toBe(1);
    expect(await blobsAfter(1n)).toBe(2);
  });

  it("begins again after a group of which L1 took only a part", async () => {
    let failures = 0;
    const world = createWorld(100n, { maxChannelBytes: 1_000, maxL1TxBytes: 300 }, (requests, take) => {
      if (failures++ > 0) return false;
      take(requests.slice(0, 2));
      throw new CodedError("L1_NONCE_MOVED", "temporary", { message: "Another program sent." });
    });
    const { miner, sequencer, batcher, verifier } = world;
    for (let i = 0; i < 20; i++) await sequencer.build(await transfer(users[0]!, i));
    await expect(batcher.step()).rejects.toMatchObject({ code: "L1_NONCE_MOVED" });
    const restarted = world.restartBatcher();
    for (let look = 0; look < 40 && verifier.safe.ref.number < 20n; look++) {
      await restarted.step();
      miner.mine();
      await verifier.derive();
    }
    expect(verifier.safe.ref.hash).toBe(sequencer.unsafe.hash);
  });

  it("sends again what an L1 reorganisation took away", async () => {
    const { miner, sequencer, batcher, verifier } = createWorld();
    miner.mineMany(2);
    await verifier.derive();
    await sequencer.buildMany(3);
    await batcher.step();
    miner.mineMany(2);
    await batcher.step();
    await verifier.derive();
    await batcher.step();
    expect(verifier.safe.ref.number).toBe(3n);
    miner.reorgTo(3n);
    miner.mineMany(4);
    await verifier.derive();
    expect(verifier.safe.ref.number).toBe(0n);
    await batcher.step();
    miner.mineMany(2);
    expect(span(await batcher.step())).toEqual([1, 3]);
    await verifier.derive();
    expect(verifier.safe.ref.hash).toBe(sequencer.unsafe.hash);
  });

  it("begins again when the unsafe chain is reorganised", async () => {
    const { miner, sequencer, batcher, verifier } = createWorld();
    await sequencer.buildMany(3);
    await batcher.step();
    sequencer.adopt([0, 1].map((number) => sequencer.at(number)!));
    await sequencer.build(await transfer(users[0]!, 0));
    await batcher.step();
    miner.mineMany(2);
    expect(span(await batcher.step())).toEqual([1, 2]);
    await verifier.derive();
    expect(verifier.safe.ref.hash).toBe(sequencer.unsafe.hash);
  });

  it("needs nothing but the safe head after a restart", async () => {
    const world = createWorld();
    const { miner, sequencer, verifier } = world;
    await sequencer.buildMany(2);
    await world.batcher.step();
    miner.mineMany(2);
    await world.batcher.step();
    await sequencer.buildMany(2);
    const restarted = world.restartBatcher();
    await restarted.step();
    await verifier.derive();
    await restarted.step();
    miner.mineMany(2);
    expect(span(await restarted.step())).toEqual([3, 4]);
    await verifier.derive();
    expect(verifier.safe.ref.hash).toBe(sequencer.unsafe.hash);
  });

  it("goes on after an error of L1 and stops on abort", async () => {
    const { rollup, miner, sequencer, verifier } = createWorld();
    await sequencer.buildMany(2);
    const stop = new AbortController();
    let attempts = 0;
    const batcher = createBatcher({
      rollup,
      l2: {
        heads: () => ({ safe: verifier.safe.ref, unsafe: { hash: sequencer.unsafe.hash, number: 2n } }),
        blockByNumber: (number) => sequencer.at(number),
        derivation: () => ({ isReady: true, currentL1: miner.head.number + 1n }),
      },
      l1: {
        blockNumber: async () => miner.mine().number,
        proofForm: async () => "blob",
        prices: async () => ({ baseFee: 1n, tip: 1n, blobBaseFee: 1n }),
        sendAll: async (requests) => {
          if (++attempts < 3) throw new CodedError("L1_SEND_FAILED", "input", { message: "L1 is away." });
          const hashes = requests.map(({ data }) => miner.include(hexToBytes(data)));
          stop.abort();
          const { number } = miner.mine();
          return hashes.map((hash) => ({ hash, blockNumber: number }));
        },
      },
      logger: silentLogger,
      signal: stop.signal,
      pollMs: 1,
    });
    await batcher.run();
    expect(attempts).toBe(3);
    await verifier.derive();
    expect(verifier.safe.ref.hash).toBe(sequencer.unsafe.hash);
  });

  it("brings any blocks back from L1 as they were", async () => {
    const kinds = ["legacy", "unprotected", "eip2930", "eip1559"] as const;
    const actions = fc.array(
      fc.oneof(fc.constant("mine" as const), fc.array(fc.constantFrom(...kinds), { maxLength: 3 })),
      { minLength: 1, maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(actions, fc.integer({ min: 60, max: 2_000 }), async (steps, maxL1TxBytes) => {
        const { miner, sequencer, batcher, verifier } = createWorld(1_000n, { maxL1TxBytes });
        let nonce = 0;
        for (const step of steps) {
          if (step === "mine") miner.mine();
          else await sequencer.build(...(await Promise.all(step.map((kind) => signed(kind, nonce++)))));
        }
        await verifier.derive();
        await batcher.step();
        miner.mineMany(2);
        await batcher.step();
        await verifier.derive();
        expect(verifier.safe.ref.hash).toBe(sequencer.unsafe.hash);
        expect(verifier.notes).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });
});

async function signed(
  kind: "legacy" | "unprotected" | "eip2930" | "eip1559",
  nonce: number,
): Promise<Uint8Array> {
  const base = { nonce, to: users[1]!.address, value: 3n, gas: 60_000n, data: "0x0102" } as const;
  const gasPrice = 10n ** 11n;
  if (kind === "eip1559") return transfer(users[0]!, nonce);
  if (kind === "unprotected")
    return hexToBytes(await users[0]!.signTransaction({ ...base, type: "legacy", gasPrice }));
  if (kind === "legacy")
    return hexToBytes(
      await users[0]!.signTransaction({ ...base, type: "legacy", gasPrice, chainId: L2_CHAIN_ID }),
    );
  const accessList = [{ address: users[2]!.address, storageKeys: [`0x${"01".repeat(32)}` as const] }];
  return hexToBytes(
    await users[0]!.signTransaction({ ...base, type: "eip2930", gasPrice, accessList, chainId: L2_CHAIN_ID }),
  );
}
