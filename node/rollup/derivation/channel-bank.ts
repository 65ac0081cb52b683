import { joinBytes } from "../../base/bytes.ts";
import type { Frame } from "../../chain/codec/frame.ts";
import { channelTimeout, FRAME_OVERHEAD, maxChannelBankSize } from "../../chain/rules/chain-spec.ts";
import { isActive } from "../../chain/rules/forks.ts";
import type { Hex } from "../../chain/types/primitives.ts";
import type { RollupConfig } from "../../chain/types/rollup.ts";
import type { FrameSource } from "./channel-assembler.ts";
import { AGAIN, type DerivationObserver, type L1Position, type Pull } from "./types.ts";

/** A channel whose frames come in any order. Source: op-node `Channel`. */
class BankedChannel {
  readonly id: Hex;
  /** L1 block of its first frame. */
  readonly openedAt: bigint;
  /** Data and overhead of its frames in bytes, as op-node counts them. */
  size = 0;
  private readonly frames = new Map<number, Uint8Array>();
  private highest = 0;
  /** Number of the last frame, once that is known. */
  private end: number | undefined;

  constructor(id: Hex, openedAt: bigint) {
    this.id = id;
    this.openedAt = openedAt;
  }

  /** Takes a frame in, or says why it can't be one of the channel's. */
  add({ number, data, isLast }: Frame): string | undefined {
    if (isLast && this.end !== undefined) return "a second last frame";
    if (this.frames.has(number)) return "a frame that is there already";
    if (this.end !== undefined && number >= this.end) return "a frame behind the last one";
    if (isLast) this.close(number);
    this.highest = Math.max(this.highest, number);
    this.frames.set(number, data);
    this.size += data.length + FRAME_OVERHEAD;
    return undefined;
  }

  private close(end: number): void {
    this.end = end;
    if (end >= this.highest) return;
    for (const number of this.frames.keys()) if (number >= end) this.frames.delete(number);
    // op-node takes off the size of every frame here, also of those that stay: what is pruned for size depends on it.
    this.size = 0;
    this.highest = end;
  }

  /** All of its data, if it is complete. */
  data(): Uint8Array | undefined {
    if (this.end === undefined || this.frames.size !== this.end + 1) return undefined;
    return joinBytes(Array.from({ length: this.end + 1 }, (_, number) => this.frames.get(number)!));
  }
}

/**
 * Collects channels before Holocene: several are open at a time, oldest first, and their frames come in any order. A complete
 * one is read when it is the oldest; from Canyon on whichever is complete. When all together are too large the oldest goes.
 * Clock: the L1 block that is read. Spec: derivation, "Channel Bank".
 */
export class ChannelBank {
  private readonly frames: FrameSource;
  private readonly rollup: RollupConfig;
  private readonly observe: DerivationObserver;
  /** In the order in which they were opened. */
  private readonly channels = new Map<Hex, BankedChannel>();

  constructor(frames: FrameSource, rollup: RollupConfig, observe: DerivationObserver) {
    this.frames = frames;
    this.rollup = rollup;
    this.observe = observe;
  }

  /** The next complete channel, compressed. Reads before it takes another frame in, since that may prune. */
  next(l1: L1Position): Pull<Uint8Array> {
    const [oldest] = this.channels.values();
    if (oldest !== undefined && this.isTimedOut(oldest, l1)) {
      this.note("a channel timed out", {
        channel: oldest.id,
        openedAt: oldest.openedAt,
        l1Number: l1.number,
      });
      this.channels.delete(oldest.id);
      return AGAIN;
    }
    const complete = this.read(l1);
    if (complete !== undefined) return { kind: "item", item: complete };
    const frame = this.frames.next(l1);
    if (frame.kind !== "item") return frame;
    this.add(frame.item, l1);
    return AGAIN;
  }

  private isTimedOut({ openedAt }: BankedChannel, { number, timestamp }: L1Position): boolean {
    return openedAt + channelTimeout(this.rollup, timestamp) < number;
  }

  private read(l1: L1Position): Uint8Array | undefined {
    const skips = isActive(this.rollup, "canyon", l1.timestamp);
    for (const channel of this.channels.values()) {
      const data = this.isTimedOut(channel, l1) ? undefined : channel.data();
      if (data !== undefined) {
        this.channels.delete(channel.id);
        return data;
      }
      if (!skips) return undefined;
    }
    return undefined;
  }

  private add(frame: Frame, l1: L1Position): void {
    const { channelId } = frame;
    const channel = this.channels.get(channelId) ?? new BankedChannel(channelId, l1.number);
    this.channels.set(channelId, channel);
    const refused = this.isTimedOut(channel, l1) ? "a frame of a channel that timed out" : channel.add(frame);
    if (refused === undefined) this.prune(l1);
    else this.note(refused, { channel: channelId, frame: frame.number });
  }

  private prune(l1: L1Position): void {
    let size = 0;
    for (const channel of this.channels.values()) size += channel.size;
    for (const channel of this.channels.values()) {
      if (size <= maxChannelBankSize(this.rollup, l1.timestamp)) return;
      this.note("the channels are too large together", { channel: channel.id, size });
      this.channels.delete(channel.id);
      size -= channel.size;
    }
  }

  private note(reason: string, facts: Record<string, unknown>): void {
    this.observe({ stage: "channel-bank", reason, facts });
  }
}
