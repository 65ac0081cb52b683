import { bytesToHex, concatBytes, hexToBytes } from "../../base/bytes.ts";
import type { CodedError } from "../../base/errors.ts";
import { encodeSpanBatch } from "../../chain/codec/batch.ts";
import { encodeUvarint } from "../../chain/codec/batch-reader.ts";
import { encodeChannel } from "../../chain/codec/channel.ts";
import { encodeBatcherData, FRAME_FIXED_BYTES, type Frame } from "../../chain/codec/frame.ts";
import { keccakHash } from "../../chain/crypto.ts";
import { MAX_FRAME_BYTES, MAX_FRAMES_PER_CHANNEL } from "../../chain/rules/chain-spec.ts";
import { l1BlockInfoOf } from "../../chain/system-config.ts";
import type { Block } from "../../chain/types/block.ts";
import type { BlockId, Hash, Hex } from "../../chain/types/primitives.ts";
import type { RollupConfig } from "../../chain/types/rollup.ts";
import { rollupError } from "../errors.ts";

export interface ChannelInput {
  /** Consecutive L2 blocks, at least one. */
  blocks: readonly Block[];
  rollup: RollupConfig;
  /** Longest calldata of one L1 transaction, in bytes. */
  maxL1TxBytes: number;
  /** L1 head when the channel is closed; makes the id of a channel that is sent again another one. */
  l1Number: bigint;
}

/** A channel ready to be sent, one L1 transaction a frame, in order. */
export interface OutgoingChannel {
  /** 16 bytes. */
  id: Hex;
  first: BlockId;
  last: BlockId;
  /** Span batch, uncompressed, in bytes. */
  batchBytes: number;
  calldata: Uint8Array[];
}

/** The signed transactions of a block, in bytes: a cheap upper estimate of what it adds to a channel. */
export function batchBytesOf(block: Block): number {
  return block.transactions.reduce((sum, { kind, raw }) => sum + (kind === "signed" ? raw.length : 0), 8);
}

/**
 * One span batch over the blocks. @throws CodedError `BATCH_BLOCKS_INVALID` unless they follow each other,
 * `BATCH_TRANSACTION_INVALID` for a transaction that derivation would not get back.
 */
export function spanOf(blocks: readonly Block[], rollup: RollupConfig): Uint8Array {
  const infos = blocks.map(l1BlockInfoOf);
  const [first] = blocks;
  const lastOrigin = infos.at(-1);
  if (first === undefined || lastOrigin === undefined) throw invalid("there are none");
  const elements = blocks.map(({ header, transactions }, i) => {
    if (i > 0 && header.parentHash !== blocks[i - 1]!.hash) throw invalid("they do not follow each other");
    const signed = transactions.filter((transaction) => transaction.kind === "signed");
    return { epochNumber: infos[i]!.number, timestamp: header.timestamp, transactions: signed };
  });
  const check = (hash: Hash): Hex => bytesToHex(hexToBytes(hash).subarray(0, 20));
  return encodeSpanBatch(
    {
      parentCheck: check(first.header.parentHash),
      originCheck: check(lastOrigin.hash),
      elements,
      opensEpoch: infos[0]!.sequenceNumber === 0n,
    },
    { genesisTime: rollup.genesis.l2Time, blockTime: rollup.blockTime, chainId: rollup.l2ChainId },
  );
}

function invalid(reason: string): CodedError {
  return rollupError("BATCH_BLOCKS_INVALID", { message: `Blocks of a batch: ${reason}.` });
}

/**
 * Blocks to span batch to brotli channel to frames to calldata. The same input gives the same bytes.
 * @throws CodedError `BATCH_BLOCKS_INVALID`, also when the channel needs more frames than there are numbers.
 */
export function buildChannel({ blocks, rollup, maxL1TxBytes, l1Number }: ChannelInput): OutgoingChannel {
  const batch = spanOf(blocks, rollup);
  const data = encodeChannel([batch]);
  const first = blocks[0]!;
  const last = blocks.at(-1)!;
  const seed = concatBytes(hexToBytes(first.hash), hexToBytes(last.hash), encodeUvarint(l1Number));
  const id = keccakHash(seed).slice(0, 34) as Hex;
  const room = Math.min(maxL1TxBytes - 1 - FRAME_FIXED_BYTES, MAX_FRAME_BYTES);
  if (room < 1 || data.length > room * MAX_FRAMES_PER_CHANNEL) throw invalid("they do not fit into frames");
  const count = Math.ceil(data.length / room);
  const calldata = Array.from({ length: count }, (_, number) => {
    const frame: Frame = {
      channelId: id,
      number,
      data: data.subarray(number * room, (number + 1) * room),
      isLast: number === count - 1,
    };
    return encodeBatcherData([frame]);
  });
  const idOf = ({ hash, header }: Block): BlockId => ({ hash, number: header.number });
  return { id, first: idOf(first), last: idOf(last), batchBytes: batch.length, calldata };
}
