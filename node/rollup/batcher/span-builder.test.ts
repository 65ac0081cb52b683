import { bytesToHex, hexToBytes } from "@ethereumjs/util";
import { describe, expect, it } from "vitest";
import { transfer, users } from "../../../test/actions/chain-fixture.ts";
import { createWorld } from "../../../test/actions/world.ts";
import { encodeSpanBatch } from "../../chain/codec/span-batch.ts";
import { decodeTransaction } from "../../chain/codec/transaction.ts";
import { l1BlockInfoOf } from "../../chain/system-config.ts";
import type { Block } from "../../chain/types/block.ts";
import { buildChannel } from "./channel-out.ts";
import { SpanBuilder } from "./span-builder.ts";

async function someBlocks() {
  const world = createWorld();
  const { miner, sequencer } = world;
  for (let i = 0; i < 8; i++) {
    if (i % 3 === 0) miner.mine();
    if (i === 4) await sequencer.build();
    else await sequencer.build(await transfer(users[0]!, i < 4 ? i : i - 1));
  }
  const blocks = Array.from({ length: 9 }, (_, i) => sequencer.at(i + 1)!).filter(Boolean);
  return { rollup: world.rollup, blocks };
}

describe("span builder", () => {
  it("makes block by block what the encoder makes of all at once", async () => {
    const { rollup, blocks } = await someBlocks();
    const span = new SpanBuilder(rollup);
    const rules = {
      genesisTime: rollup.genesis.l2Time,
      blockTime: rollup.blockTime,
      chainId: rollup.l2ChainId,
    };
    const infos = blocks.map((block) => l1BlockInfoOf(block));
    const check = (hash: `0x${string}`) => bytesToHex(hexToBytes(hash).subarray(0, 20));
    for (const [index, block] of blocks.entries()) {
      await span.add(block);
      const whole = encodeSpanBatch(
        {
          parentCheck: check(blocks[0]!.header.parentHash),
          originCheck: check(infos[index]!.hash),
          opensEpoch: infos[0]!.sequenceNumber === 0n,
          elements: blocks.slice(0, index + 1).map(({ header, transactions }, i) => ({
            epochNumber: infos[i]!.number,
            timestamp: header.timestamp,
            transactions: transactions.filter((transaction) => transaction.kind === "signed"),
          })),
        },
        rules,
      );
      expect(span.bytes()).toEqual(whole);
      expect(span.last).toEqual({ hash: block.hash, number: block.header.number });
      expect(span.blocks).toBe(index + 1);
    }
    const input = { span, maxL1TxBytes: 300, l1Number: 7n };
    expect(await buildChannel(input)).toEqual(await buildChannel(input));
  });

  it("refuses blocks that do not follow each other, and none at all", async () => {
    const { rollup, blocks } = await someBlocks();
    const span = new SpanBuilder(rollup);
    expect(() => span.bytes()).toThrowError(expect.objectContaining({ code: "BATCH_BLOCKS_INVALID" }));
    await span.add(blocks[0]!);
    await expect(span.add(blocks[2]!)).rejects.toMatchObject({ code: "BATCH_BLOCKS_INVALID" });
  });

  it("gives others their turn while it takes a full block in", async () => {
    const { rollup, blocks } = await someBlocks();
    const [deposit] = blocks[0]!.transactions;
    const signed = decodeTransaction(await transfer(users[0]!, 0), rollup);
    const full: Block = { ...blocks[0]!, transactions: [deposit!, ...Array(6_000).fill(signed)] };
    let turns = 0;
    let isDone = false;
    const turn = () => {
      turns++;
      if (!isDone) setImmediate(turn);
    };
    setImmediate(turn);
    await new SpanBuilder(rollup).add(full);
    isDone = true;
    expect(turns).toBeGreaterThan(3);
  });
});
