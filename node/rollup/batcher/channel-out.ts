import { concatBytes, hexToBytes } from "../../base/bytes.ts";
import { encodeUvarint } from "../../chain/codec/batch-reader.ts";
import { encodeChannel } from "../../chain/codec/channel.ts";
import { encodeBatcherData, FRAME_FIXED_BYTES, type Frame } from "../../chain/codec/frame.ts";
import { keccakHash } from "../../chain/crypto.ts";
import { MAX_FRAME_BYTES, MAX_FRAMES_PER_CHANNEL } from "../../chain/rules/chain-spec.ts";
import type { Block } from "../../chain/types/block.ts";
import type { BlockId, Hex } from "../../chain/types/primitives.ts";
import { blocksInvalid, type SpanBuilder } from "./span-builder.ts";

export interface ChannelInput {
  /** At least one block. */
  span: SpanBuilder;
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
 * Span batch to brotli channel to frames to calldata. The same input gives the same bytes.
 * @throws CodedError `BATCH_BLOCKS_INVALID`, also when the channel needs more frames than there are numbers.
 */
export async function buildChannel({ span, maxL1TxBytes, l1Number }: ChannelInput): Promise<OutgoingChannel> {
  const { first, last } = span;
  if (first === undefined || last === undefined) throw blocksInvalid("there are none");
  const batch = span.bytes();
  const data = await encodeChannel([batch]);
  const seed = concatBytes(hexToBytes(first.hash), hexToBytes(last.hash), encodeUvarint(l1Number));
  const id = keccakHash(seed).slice(0, 34) as Hex;
  const room = Math.min(maxL1TxBytes - 1 - FRAME_FIXED_BYTES, MAX_FRAME_BYTES);
  if (room < 1 || data.length > room * MAX_FRAMES_PER_CHANNEL)
    throw blocksInvalid("they do not fit into frames");
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
  return { id, first, last, batchBytes: batch.length, calldata };
}
