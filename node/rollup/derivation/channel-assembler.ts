import { joinBytes } from "../../chain/codec/batch-bytes.ts";
import { MAX_RLP_BYTES_PER_CHANNEL } from "../../chain/codec/channel.ts";
import { FRAME_OVERHEAD, type Frame } from "../../chain/codec/frame.ts";
import type { Hex } from "../../chain/types/primitives.ts";
import type { DerivationObserver, Pull } from "./types.ts";

/** A channel times out when it is not complete within this many L1 blocks (Granite). */
export const CHANNEL_TIMEOUT = 50n;

export interface FrameSource {
  next(): Pull<Frame>;
}

interface StagingChannel {
  id: Hex;
  /** L1 block of its first frame. */
  openedAt: bigint;
  frames: Uint8Array[];
  /** Data and overhead of its frames, in bytes. */
  size: number;
}

/** Puts the one channel that is open together. Spec: Holocene, "Channel Bank" becomes the channel assembler. */
export class ChannelAssembler {
  private readonly frames: FrameSource;
  private readonly observe: DerivationObserver;
  private readonly maxSize: number;
  private channel: StagingChannel | undefined;

  constructor(frames: FrameSource, observe: DerivationObserver, maxSize = MAX_RLP_BYTES_PER_CHANNEL) {
    this.frames = frames;
    this.observe = observe;
    this.maxSize = maxSize;
  }

  /** Drops the channel that is open. */
  flush(): void {
    this.channel = undefined;
  }

  /** The next complete channel, compressed. `l1Number` is the L1 block that is being read. */
  next(l1Number: bigint): Pull<Uint8Array> {
    this.dropIfTimedOut(l1Number);
    for (;;) {
      const frame = this.frames.next();
      if (frame.kind !== "item") return frame;
      const complete = this.add(frame.item, l1Number);
      if (complete !== undefined) return { kind: "item", item: complete };
    }
  }

  private dropIfTimedOut(l1Number: bigint): void {
    const channel = this.channel;
    if (channel === undefined || channel.openedAt + CHANNEL_TIMEOUT >= l1Number) return;
    this.note("a channel timed out", { channel: channel.id, openedAt: channel.openedAt, l1Number });
    this.channel = undefined;
  }

  /** Takes a frame in. The channel's data when it is the last one. */
  private add(frame: Frame, l1Number: bigint): Uint8Array | undefined {
    if (frame.number === 0) {
      if (this.channel) this.note("a new channel replaces an unfinished one", { channel: this.channel.id });
      this.channel = { id: frame.channelId, openedAt: l1Number, frames: [], size: 0 };
    }
    const channel = this.channel;
    if (channel?.id !== frame.channelId || channel.frames.length !== frame.number) {
      this.note("a frame does not continue the open channel", {
        channel: frame.channelId,
        frame: frame.number,
      });
      return undefined;
    }
    channel.frames.push(frame.data);
    channel.size += frame.data.length + FRAME_OVERHEAD;
    if (channel.size > this.maxSize) {
      this.note("a channel is too large", { channel: channel.id, size: channel.size });
      this.channel = undefined;
      return undefined;
    }
    if (!frame.isLast) return undefined;
    this.channel = undefined;
    return joinBytes(channel.frames);
  }

  private note(reason: string, facts: Record<string, unknown>): void {
    this.observe({ stage: "channel-assembler", reason, facts });
  }
}
