import { concatBytes, hexToBytes } from "../../base/bytes.ts";
import { encodeUvarint } from "../../chain/codec/batch-reader.ts";
import { MAX_BLOB_DATA_BYTES } from "../../chain/codec/blob.ts";
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
  /** L1 head when the channel is closed; makes the id of a channel that is sent again another one. */
  l1Number: bigint;
}

/** A channel that takes no more blocks. */
export interface OutgoingChannel {
  /** 16 bytes. */
  id: Hex;
  first: BlockId;
  last: BlockId;
  /** Compressed. */
  data: Uint8Array;
}

/** The way a channel goes to L1. */
export type DataKind = "calldata" | "blobs";

/** Most data of one blob, with the byte that says that it is frames. */
export const BLOB_ROOM = MAX_BLOB_DATA_BYTES;
/** Blobs in one transaction. Blocks take more, but EIP-7594 leaves a transaction six. */
export const MAX_BLOBS_PER_TRANSACTION = 6;

/** The signed transactions of a block, in bytes: a cheap upper estimate of what it adds to a channel. */
export function batchBytesOf(block: Block): number {
  return block.transactions.reduce((sum, { kind, raw }) => sum + (kind === "signed" ? raw.length : 0), 8);
}

/** Span batch to brotli channel. The same input gives the same bytes. @throws CodedError `BATCH_BLOCKS_INVALID`. */
export async function buildChannel({ span, l1Number }: ChannelInput): Promise<OutgoingChannel> {
  const { first, last } = span;
  if (first === undefined || last === undefined) throw blocksInvalid("there are none");
  const data = await encodeChannel([span.bytes()]);
  const seed = concatBytes(hexToBytes(first.hash), hexToBytes(last.hash), encodeUvarint(l1Number));
  return { id: keccakHash(seed).slice(0, 34) as Hex, first, last, data };
}

/**
 * The channel's frames, in order, each as batcher data of at most `maxBytes`.
 * @throws CodedError `BATCH_BLOCKS_INVALID` when the channel needs more frames than there are numbers.
 */
export function framesOf({ id, data }: OutgoingChannel, maxBytes: number): Uint8Array[] {
  const room = Math.min(maxBytes - 1 - FRAME_FIXED_BYTES, MAX_FRAME_BYTES);
  if (room < 1 || data.length > room * MAX_FRAMES_PER_CHANNEL)
    throw blocksInvalid("they do not fit into frames");
  const count = Math.ceil(data.length / room);
  return Array.from({ length: count }, (_, number) => {
    const frame: Frame = {
      channelId: id,
      number,
      data: data.subarray(number * room, (number + 1) * room),
      isLast: number === count - 1,
    };
    return encodeBatcherData([frame]);
  });
}
