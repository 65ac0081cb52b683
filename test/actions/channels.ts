import { deflateSync } from "node:zlib";
import { concatBytes } from "../../node/base/bytes.ts";
import { encodeBatcherData } from "../../node/chain/codec/frame.ts";
import { encodeRlp } from "../../node/chain/codec/rlp.ts";
import { encodeSingularBatch, type SingularBatch } from "../../node/chain/codec/singular-batch.ts";
import { encodeSpanBatch } from "../../node/chain/codec/span-batch.ts";
import { decodeTransaction } from "../../node/chain/codec/transaction.ts";
import { l2BlockRefFromBlock } from "../../node/chain/system-config.ts";
import type { Hash, Hex } from "../../node/chain/types/primitives.ts";
import type { SignedTransaction } from "../../node/chain/types/transaction.ts";
import { GENESIS_TIME } from "./chain-fixture.ts";
import { L1_BLOCK_TIME } from "./miner.ts";
import type { World } from "./world.ts";

/** op-batcher's default: singular batches of the sequencer's blocks in one zlib channel. */
export function singularBatch({ sequencer, rollup }: World, number: number): SingularBatch {
  const block = sequencer.at(number)!;
  const { l1Origin, parentHash, timestamp } = l2BlockRefFromBlock(block, rollup);
  const transactions = block.transactions.filter(({ kind }) => kind === "signed").map(({ raw }) => raw);
  return { parentHash, epochNumber: l1Origin.number, epochHash: l1Origin.hash, timestamp, transactions };
}

/** A zlib channel of these batches. */
export function zlibChannel(...batches: SingularBatch[]): Uint8Array {
  return zlibOf(...batches.map((batch) => encodeSingularBatch(batch)));
}

/** A zlib channel of encoded batches. */
export function zlibOf(...batches: Uint8Array[]): Uint8Array {
  const content = concatBytes(...batches.map((batch) => encodeRlp(batch)));
  return Uint8Array.from(deflateSync(content));
}

/** Calldata of a channel in so many frames, one each. */
export function frames(channel: Uint8Array, pieces = 1, id = 0x5e): Uint8Array[] {
  const size = Math.ceil(channel.length / pieces);
  return Array.from({ length: pieces }, (_, number) =>
    encodeBatcherData([
      {
        channelId: `0x${id.toString(16).padStart(2, "0").repeat(16)}`,
        number,
        data: channel.subarray(number * size, (number + 1) * size),
        isLast: number === pieces - 1,
      },
    ]),
  );
}

/** A span of these batches, which follow each other, encoded. */
export function spanOf({ rollup }: World, batches: readonly SingularBatch[]): Uint8Array {
  const [first, last] = [batches[0]!, batches.at(-1)!];
  const elements = batches.map(({ epochNumber, timestamp, transactions }) => ({
    epochNumber,
    timestamp,
    transactions: transactions.map((raw) => decodeTransaction(raw, rollup) as SignedTransaction),
  }));
  const check = (hash: Hash): Hex => `0x${hash.slice(2, 42)}`;
  const opensEpoch =
    first.epochNumber > 0n && first.timestamp % L1_BLOCK_TIME === GENESIS_TIME % L1_BLOCK_TIME;
  return encodeSpanBatch(
    { parentCheck: check(first.parentHash), originCheck: check(last.epochHash), elements, opensEpoch },
    { genesisTime: rollup.genesis.l2Time, blockTime: rollup.blockTime, chainId: rollup.l2ChainId },
  );
}
