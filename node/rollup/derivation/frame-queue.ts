import { isCodedError } from "../../base/errors.ts";
import { decodeBatcherData, type Frame } from "../../chain/codec/frame.ts";
import { isActive } from "../../chain/rules/forks.ts";
import type { RollupConfig } from "../../chain/types/rollup.ts";
import { AGAIN, type DerivationObserver, type L1Position, type Pull } from "./types.ts";

export interface BatcherDataSource {
  next(): Pull<Uint8Array>;
}

/**
 * Takes batcher transactions apart into frames; from Holocene on it keeps those that can be in order. Clock: the L1 block that
 * is read. Spec: Holocene, "Frame Queue".
 */
export class FrameQueue {
  private readonly source: BatcherDataSource;
  private readonly rollup: RollupConfig;
  private readonly observe: DerivationObserver;
  private frames: Frame[] = [];

  constructor(source: BatcherDataSource, rollup: RollupConfig, observe: DerivationObserver) {
    this.source = source;
    this.rollup = rollup;
    this.observe = observe;
  }

  next(l1: L1Position): Pull<Frame> {
    if (this.frames.length === 0) {
      const data = this.source.next();
      if (data.kind !== "item") return data;
      const frames = this.decode(data.item);
      this.frames = isActive(this.rollup, "holocene", l1.timestamp) ? pruneFrames(frames) : frames;
    }
    const frame = this.frames.shift();
    return frame === undefined ? AGAIN : { kind: "item", item: frame };
  }

  private decode(data: Uint8Array): Frame[] {
    try {
      return decodeBatcherData(data);
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
