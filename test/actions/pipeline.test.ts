import { describe, expect, it } from "vitest";
import { l2BlockRefFromBlock, systemConfigFromBlock } from "../../node/chain/system-config.ts";
import { makeGenesis } from "../../node/execution/state/genesis-state.ts";
import { createDerivationPipeline } from "../../node/rollup/derivation/pipeline.ts";
import { l1Chain, testGenesis, testRollup, transfer, users } from "./chain-fixture.ts";
import { Miner } from "./miner.ts";
import { createWorld } from "./world.ts";

function setUp() {
  const miner = new Miner();
  const { block } = makeGenesis(testGenesis());
  const rollup = testRollup(miner.genesis, block.hash, 2n);
  const systemConfig = systemConfigFromBlock(block, rollup);
  const start = { origin: miner.genesis, systemConfig };
  const safeHead = { ref: l2BlockRefFromBlock(block, rollup), systemConfig };
  const chain = { refByNumber: () => safeHead.ref, blockByNumber: () => block };
  return { miner, rollup, start, safeHead, chain };
}

describe("derivation pipeline", () => {
  it("asks for L1 blocks one by one, from its start", () => {
    const { miner, rollup, start, safeHead, chain } = setUp();
    const pipeline = createDerivationPipeline({ rollup, l1Chain, start });
    expect(pipeline.origin).toEqual(start.origin);
    expect(pipeline.step(safeHead, chain)).toEqual({ kind: "needL1", number: 0n });
    pipeline.pushL1(miner.at(0n)!);
    expect(pipeline.step(safeHead, chain)).toEqual({ kind: "needL1", number: 1n });
    expect(pipeline.step(safeHead, chain)).toEqual({ kind: "needL1", number: 1n });
    const block = miner.mine();
    const unexpected = expect.objectContaining({ code: "L1_BLOCK_UNEXPECTED" });
    expect(() => pipeline.pushL1(miner.mine())).toThrowError(unexpected);
    pipeline.pushL1(block);
    expect(() => pipeline.pushL1(miner.at(2n)!)).toThrowError(unexpected);
    expect(pipeline.origin).toEqual({ number: 1n, hash: block.hash });
  });

  it("tells what the next block of a span will bring, in the same arrays", async () => {
    const { miner, sequencer, rollup, channel } = createWorld();
    miner.mine();
    const blocks = [
      await sequencer.build(await transfer(users[0]!, 0)),
      await sequencer.build(await transfer(users[0]!, 1)),
    ];
    for (const frame of await channel(1, 2)) miner.include(frame);
    miner.mineMany(2);
    const systemConfig = systemConfigFromBlock(sequencer.at(0)!, rollup);
    const pipeline = createDerivationPipeline({
      rollup,
      l1Chain,
      start: { origin: miner.genesis, systemConfig },
    });
    const derive = (parent: number) => {
      const head = { ref: l2BlockRefFromBlock(sequencer.at(parent)!, rollup), systemConfig };
      for (;;) {
        const step = pipeline.step(head, { refByNumber: () => head.ref, blockByNumber: sequencer.at });
        if (step.kind === "attributes") return step.derived;
        if (step.kind !== "needL1") throw new Error(step.kind);
        pipeline.pushL1(miner.at(step.number)!);
      }
    };
    const first = derive(0);
    expect(first.ahead).toEqual([blocks[1]!.transactions[1]!.raw]);
    const second = derive(1);
    expect(second.attributes.transactions.at(-1)).toBe(first.ahead?.[0]);
    expect(second.ahead).toBeUndefined();
  });

  it("wants a reset when L1 does not continue what it has read, or starts elsewhere", () => {
    const { miner, rollup, start, safeHead, chain } = setUp();
    const pipeline = createDerivationPipeline({ rollup, l1Chain, start });
    pipeline.pushL1(miner.at(0n)!);
    pipeline.step(safeHead, chain);
    pipeline.pushL1(miner.mine());
    miner.reorgTo(0n);
    miner.mine();
    pipeline.step(safeHead, chain);
    pipeline.pushL1(miner.mine());
    expect(pipeline.step(safeHead, chain)).toMatchObject({ kind: "reset" });
    const elsewhere = createDerivationPipeline({
      rollup,
      l1Chain,
      start: { ...start, origin: { number: 0n, hash: miner.head.hash } },
    });
    elsewhere.pushL1(miner.at(0n)!);
    expect(elsewhere.step(safeHead, chain)).toMatchObject({ kind: "reset" });
  });

  it("wants a reset when the safe head's origin is not on its L1 chain", () => {
    const { miner, rollup, start, safeHead, chain } = setUp();
    const pipeline = createDerivationPipeline({ rollup, l1Chain, start });
    const l1Origin = { number: 0n, hash: `0x${"99".repeat(32)}` as const };
    const stranger = { ...safeHead, ref: { ...safeHead.ref, l1Origin } };
    pipeline.pushL1(miner.at(0n)!);
    expect(pipeline.step(stranger, chain).kind).toBe("needL1");
    pipeline.pushL1(miner.mine());
    expect(pipeline.step(stranger, chain)).toMatchObject({ kind: "reset" });
  });

  it("repeats its attributes until they are built, and gives up when deposits alone are refused", () => {
    const { miner, rollup, start, safeHead, chain } = setUp();
    const pipeline = createDerivationPipeline({ rollup, l1Chain, start });
    for (let number = 0n; number < 3n; number++) {
      pipeline.pushL1(miner.at(number) ?? miner.mine());
      if (number < 2n) expect(pipeline.step(safeHead, chain).kind).toBe("needL1");
    }
    const step = pipeline.step(safeHead, chain);
    expect(step).toMatchObject({ kind: "attributes", derived: { derivedFrom: { number: 2n } } });
    expect(pipeline.step(safeHead, chain)).toEqual(step);
    const depositsOnly = pipeline.rejectPayload()!;
    expect(depositsOnly.attributes.transactions).toHaveLength(1);
    expect(pipeline.step(safeHead, chain)).toEqual({ kind: "attributes", derived: depositsOnly });
    expect(() => pipeline.rejectPayload()).toThrowError(
      expect.objectContaining({ code: "DEPOSITS_ONLY_INVALID" }),
    );
  });
});
