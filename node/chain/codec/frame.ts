import { bytesToHex, hexToBytes, joinBytes } from "../../base/bytes.ts";
import type { CodedError } from "../../base/errors.ts";
import { chainError } from "../errors.ts";
import { MAX_FRAME_BYTES } from "../rules/chain-spec.ts";
import type { Hex } from "../types/primitives.ts";

/** A piece of a channel. Spec: derivation, "Frame Format". */
export interface Frame {
  /** 16 bytes. */
  channelId: Hex;
  /** 0 to 65,535, counted within the channel. */
  number: number;
  data: Uint8Array;
  isLast: boolean;
}

/** Bytes around a frame's data: id 16, number 2, length 4, last-frame flag 1. */
export const FRAME_FIXED_BYTES = 23;
/** First byte of batcher data that holds frames. */
export const DERIVATION_VERSION_0 = 0x00;

const CHANNEL_ID_BYTES = 16;

function invalid(reason: string, facts: Record<string, unknown> = {}): CodedError {
  return chainError("FRAMES_INVALID", { message: `Batcher data: ${reason}.`, facts });
}

/** `channel_id ++ frame_number ++ frame_data_length ++ frame_data ++ is_last`. @throws CodedError `FRAMES_INVALID`. */
export function encodeFrame(frame: Frame): Uint8Array {
  const { channelId, number, data, isLast } = frame;
  if (data.length > MAX_FRAME_BYTES) throw invalid("a frame is too long", { length: data.length });
  if (!Number.isInteger(number) || number < 0 || number > 0xffff)
    throw invalid("a frame number needs 16 bits", { number });
  const id = hexToBytes(channelId);
  if (id.length !== CHANNEL_ID_BYTES) throw invalid("a channel id has 16 bytes", { channelId });
  const bytes = new Uint8Array(FRAME_FIXED_BYTES + data.length);
  const view = new DataView(bytes.buffer);
  bytes.set(id, 0);
  view.setUint16(16, number);
  view.setUint32(18, data.length);
  bytes.set(data, 22);
  bytes[22 + data.length] = isLast ? 1 : 0;
  return bytes;
}

/** Calldata of one batcher transaction: `0x00 ++ frame+`. @throws CodedError `FRAMES_INVALID`. */
export function encodeBatcherData(frames: readonly Frame[]): Uint8Array {
  return joinBytes([Uint8Array.of(DERIVATION_VERSION_0), ...frames.map(encodeFrame)]);
}

/**
 * The frames of one batcher transaction, all or none: one bad frame or a left-over byte loses the whole transaction.
 * Spec: derivation, "Batcher Transaction Format". @throws CodedError `FRAMES_INVALID`.
 */
export function decodeBatcherData(data: Uint8Array): Frame[] {
  if (data.length === 0) throw invalid("no bytes");
  if (data[0] !== DERIVATION_VERSION_0) throw invalid("unknown version", { version: data[0] });
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const frames: Frame[] = [];
  let offset = 1;
  while (offset < data.length) {
    if (data.length - offset < FRAME_FIXED_BYTES) throw invalid("a frame is cut off", { offset });
    const length = view.getUint32(offset + 18);
    if (length > MAX_FRAME_BYTES) throw invalid("a frame is too long", { offset, length });
    const end = offset + 22 + length;
    const last = data[end];
    if (last === undefined) throw invalid("a frame is cut off", { offset, length });
    if (last > 1) throw invalid("the last-frame flag is not 0 or 1", { offset, last });
    frames.push({
      channelId: bytesToHex(data.subarray(offset, offset + CHANNEL_ID_BYTES)),
      number: view.getUint16(offset + 16),
      data: data.subarray(offset + 22, end),
      isLast: last === 1,
    });
    offset = end + 1;
  }
  if (frames.length === 0) throw invalid("no frames");
  return frames;
}
