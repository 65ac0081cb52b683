import { isCodedError } from "../../base/errors.ts";
import { decodeBatcherData, type Frame } from "../../chain/codec/frame.ts";
import { AGAIN, type DerivationObserver, type Pull } from "./types.ts";

export interface BatcherDataSource {
  next(): Pull<Uint8Array>;
}

/** Takes batcher transactions apart into frames and keeps those that can be in order. Spec: Holocene, "Frame Queue". */
export class FrameQueue {
  private readonly source: BatcherDataSource;
  private readonly observe: DerivationObserver;
  private frames: Frame[] = [];

  constructor(source: BatcherDataSource, observe: DerivationObserver) {
    this.source = source;
    this.observe = observe;
  }

  next(): Pull<Frame> {
    if (this.frames.length === 0) {
      const data = this.source.next();
      if (data.kind !== "item") return data;
      this.frames = this.decode(data.item);
    }
    const frame = this.frames.shift();
    return frame === undefined ? AGAIN : { kind: "item", item: frame };
  }

  private decode(data: Uint8Array): Frame[] {
    try {
      return pruneFrames(decodeBatcherData(data));
    } catch (error) {
      if (!isCodedError(error, "FRAMES_INVALID")) throw error;
      this.observe({ stage: "frame-queue", reason: error.message, facts: error.facts });
      return [];
    }
  }
}

/**
 * Drops frames that can't belong to an orderly channel: one after the last of its channel, one out of order, a first-less
 * channel, and a channel's frames that another channel's first frame cuts off. Source: op-node `pruneFrameQueue`.
 */
export function pruneFrames(frames: readonly Frame[]): Frame[] {
  const kept: Frame[] = [];
  for (const next of frames) {
    let current = kept.at(-1);
    if (current !== undefined && current.channelId !== next.channelId && next.number === 0) {
      while (current !== undefined && !current.isLast && current.channelId !== next.channelId) {
        kept.pop();
        current = kept.at(-1);
      }
    }
    if (current === undefined || follows(current, next)) kept.push(next);
  }
  return kept;
}

function follows(current: Frame, next: Frame): boolean {
  if (current.channelId !== next.channelId) return next.number === 0;
  return !current.isLast && next.number === current.number + 1;
}
