import { isCodedError } from "../../base/errors.ts";
import { ChannelReader } from "../../chain/codec/channel.ts";
import {
  parseSingularBatch,
  SINGULAR_BATCH_TYPE,
  type SingularBatch,
} from "../../chain/codec/singular-batch.ts";
import {
  joinSpanBatch,
  type ParsedSpanBatch,
  parseSpanBatch,
  type SpanBatch,
} from "../../chain/codec/span-batch.ts";
import { maxRlpBytesPerChannel } from "../../chain/rules/chain-spec.ts";
import { isActive } from "../../chain/rules/forks.ts";
import type { RollupConfig } from "../../chain/types/rollup.ts";
import { AGAIN, type Batch, type DerivationObserver, type L1Position, type Pull } from "./types.ts";

export interface ChannelSource {
  next(l1: L1Position): Pull<Uint8Array>;
  flush(): void;
}

/**
 * Reads batches out of channels. What does not parse ends its channel; a batch whose transactions do not come out is
 * skipped alone. Spec: derivation, "Channel Reader (Batch Decoding)".
 */
export class BatchDecoder {
  private readonly channels: ChannelSource;
  private readonly rollup: RollupConfig;
  private readonly observe: DerivationObserver;
  private reader: ChannelReader | undefined;

  constructor(channels: ChannelSource, rollup: RollupConfig, observe: DerivationObserver) {
    this.channels = channels;
    this.rollup = rollup;
    this.observe = observe;
  }

  /** Drops the rest of the channel that is being read, and the one being put together. */
  flush(): void {
    this.reader = undefined;
    this.channels.flush();
  }

  next(l1: L1Position): Pull<Batch> {
    if (this.reader === undefined) {
      const channel = this.channels.next(l1);
      if (channel.kind !== "item") return channel;
      this.reader = this.open(channel.item, l1);
      if (this.reader === undefined) return AGAIN;
    }
    const data = this.reader.next();
    const parsed = data && this.parse(data);
    if (parsed === undefined) {
      this.reader = undefined;
      return AGAIN;
    }
    if ("timestamp" in parsed) return { kind: "item", item: { kind: "singular", batch: parsed } };
    if (!isActive(this.rollup, "delta", l1.timestamp)) {
      this.observe({ stage: "channel-reader", reason: "a span batch before Delta", facts: {} });
      return AGAIN;
    }
    const span = this.join(parsed);
    return span === undefined ? AGAIN : { kind: "item", item: { kind: "span", span } };
  }

  private open(channel: Uint8Array, l1: L1Position): ChannelReader | undefined {
    const limits = {
      maxBytes: maxRlpBytesPerChannel(this.rollup, l1.timestamp),
      brotli: isActive(this.rollup, "fjord", l1.timestamp),
    };
    return this.noting("CHANNEL_INVALID", () => new ChannelReader(channel, limits));
  }

  private parse(data: Uint8Array): SingularBatch | ParsedSpanBatch | undefined {
    const parse = data[0] === SINGULAR_BATCH_TYPE ? parseSingularBatch : parseSpanBatch;
    return this.noting("BATCH_INVALID", () => parse(data));
  }

  private join(parsed: ParsedSpanBatch): SpanBatch | undefined {
    const { genesis, blockTime, l2ChainId } = this.rollup;
    const rules = { genesisTime: genesis.l2Time, blockTime, chainId: l2ChainId };
    return this.noting("BATCH_TRANSACTION_INVALID", () => joinSpanBatch(parsed, rules));
  }

  /** The result, or undefined and a note when `read` throws that error. */
  private noting<T>(code: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!isCodedError(error, code)) throw error;
      this.observe({ stage: "channel-reader", reason: error.message, facts: error.facts });
      return undefined;
    }
  }
}
