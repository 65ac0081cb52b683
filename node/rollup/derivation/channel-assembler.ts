import { joinBytes } from "../../base/bytes.ts";
import type { Frame } from "../../chain/codec/frame.ts";
import { channelTimeout, FRAME_OVERHEAD, maxRlpBytesPerChannel } from "../../chain/rules/chain-spec.ts";
import type { Hex } from "../../chain/types/primitives.ts";
import type { RollupConfig } from "../../chain/types/rollup.ts";
import type { DerivationObserver, L1Position, Pull } from "./types.ts";

export interface FrameSource {
  next(l1: L1Position): Pull<Frame>;
}

interface StagingChannel {
  id: Hex;
  /** L1 block of its first frame. */
  openedAt: bigint;
  frames: Uint8Array[];
  /** Data and overhead of its frames, in bytes. */
  size: number;
}

/** Puts the one channel that is open together, from Holocene on. Spec: Holocene, "Channel Bank" becomes the channel assembler. */
export class ChannelAssembler {
  private readonly frames: FrameSource;
  private readonly rollup: RollupConfig;
  private readonly observe: DerivationObserver;
  private channel: StagingChannel | undefined;

  constructor(frames: FrameSource, rollup: RollupConfig, observe: DerivationObserver) {
    this.frames = frames;
    this.rollup = rollup;
    this.observe = observe;
  }

  /** Drops the channel that is open. */
  flush(): void {
    this.channel = undefined;
  }

  /** The next complete channel, compressed. `l1` is the L1 block that is being read. */
  next(l1: L1Position): Pull<Uint8Array> {
    this.dropIfTimedOut(l1);
    for (;;) {
      const frame = this.frames.next(l1);
      if (frame.kind !== "item") return frame;
      const complete = this.add(frame.item, l1);
      if (complete !== undefined) return { kind: "item", item: complete };
    }
  }

  private dropIfTimedOut({ number, timestamp }: L1Position): void {
    const channel = this.channel;
    if (channel === undefined || channel.openedAt + channelTimeout(this.rollup, timestamp) >= number) return;
    this.note("a channel timed out", { channel: channel.id, openedAt: channel.openedAt, l1Number: number });
    this.channel = undefined;
  }

  /** Takes a frame in. The channel's data when it is the last one. */
  private add(frame: Frame, l1: L1Position): Uint8Array | undefined {
    if (frame.number === 0) {
      if (this.channel) this.note("a new channel replaces an unfinished one", { channel: this.channel.id });
      this.channel = { id: frame.channelId, openedAt: l1.number, frames: [], size: 0 };
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
    if (channel.size > maxRlpBytesPerChannel(this.rollup, l1.timestamp)) {
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
