import { sleep } from "../../base/clock.ts";
import { isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { channelTimeout, sequencerWindowEnd } from "../../chain/rules/chain-spec.ts";
import { l1BlockInfoOf } from "../../chain/system-config.ts";
import type { Block } from "../../chain/types/block.ts";
import type { BlockId, Hash } from "../../chain/types/primitives.ts";
import type { RollupConfig } from "../../chain/types/rollup.ts";
import type { ProofForm } from "../l1/blob-transaction.ts";
import type { L1Prices } from "../l1/fees.ts";
import type { L1SendRequest } from "../l1/sender.ts";
import { batchBytesOf, buildChannel, type DataKind, type OutgoingChannel } from "./channel-out.ts";
import { channelRequests } from "./channel-requests.ts";
import { cheaperKind } from "./data-price.ts";
import { SpanBuilder } from "./span-builder.ts";

/** What the batcher reads of its own node. */
export interface BatcherL2 {
  heads(): { safe: BlockId; unsafe: BlockId } | Promise<{ safe: BlockId; unsafe: BlockId }>;
  /** The canonical block; undefined above the unsafe head. */
  blockByNumber(number: bigint): Block | undefined | Promise<Block | undefined>;
  /** How far derivation is; `currentL1` is the L1 block that it read last: all before it is derived. */
  derivation(): { isReady: boolean; currentL1: bigint | undefined };
}

/** L1 as the batcher uses it; the sender holds the key. */
export interface BatcherL1 {
  blockNumber(): Promise<bigint>;
  /** Sends all with consecutive nonces, and resolves when the last one is in an L1 block. */
  sendAll(requests: readonly L1SendRequest[]): Promise<{ hash: Hash; blockNumber: bigint }[]>;
  /** What L1's pool wants of blobs now. */
  proofForm(): Promise<ProofForm>;
  /** For a batcher that takes the cheaper way. */
  prices(): Promise<L1Prices>;
}

export interface BatcherOptions {
  rollup: RollupConfig;
  l2: BatcherL2;
  l1: BatcherL1;
  logger: Logger;
  signal: AbortSignal;
  /** How channels go to L1; `auto`: as is cheaper at the time. */
  data?: DataKind | "auto";
  /** Longest calldata of one L1 transaction, in bytes. */
  maxL1TxBytes?: number;
  /** L1 blocks for which a channel collects L2 blocks. */
  maxChannelDuration?: bigint;
  /** A channel closes when its signed transactions have this many bytes. */
  maxChannelBytes?: number;
  /** L1 blocks before the end of the sequencing window at which a channel closes at the latest. */
  subSafetyMargin?: bigint;
  pollMs?: number;
  /** Called with each channel that L1 took. */
  onSent?: (sent: { kind: DataKind; bytes: number; transactions: number; blocks: number }) => void;
}

/** A channel that L1 has taken in. */
export interface Submission {
  first: BlockId;
  last: BlockId;
  l1Transactions: Hash[];
  /** L1 block of its last frame. */
  l1Number: bigint;
}

export interface Batcher {
  /** One look; the channel that was sent, if it was time for one. */
  step(): Promise<Submission | undefined>;
  /** Steps until the signal aborts. */
  run(): Promise<void>;
}

interface OpenChannel {
  span: SpanBuilder;
  /** L1 origin of the first block; its time in seconds. */
  firstOrigin: { number: bigint; timestamp: bigint };
  bytes: number;
  /** L1 head when its first block was seen. */
  openedAt: bigint;
  /** What is sent, once it takes no more blocks; waits here while L1 is too dear. */
  closed: OutgoingChannel | undefined;
  /** Its transactions, in the way that was chosen last. */
  requests?: { kind: DataKind; form: ProofForm; all: readonly L1SendRequest[] };
}

const MAX_BLOCKS_PER_CHANNEL = 20_000;
/** Pause after a failure, in ms. */
const FAILURE_PAUSE_MS = 2_000;

/**
 * Sends unsafe blocks to L1. It keeps nothing that a restart would miss: whatever is in doubt, it waits until derivation has
 * passed what L1 holds, then begins again after the safe head; what L1 gets twice derivation passes over. Source: op-batcher.
 */
export function createBatcher(options: BatcherOptions): Batcher {
  return new ChannelBatcher(options);
}

class ChannelBatcher implements Batcher {
  private readonly options: Required<BatcherOptions>;
  private open: OpenChannel | undefined;
  private submitted: { last: BlockId; l1Number: bigint } | undefined;
  private lastSafe: BlockId | undefined;
  /** Nothing is sent until derivation has passed this L1 block; "head": the one that is the head at the next look. */
  private waitFor: bigint | "head" | undefined = "head";

  constructor(options: BatcherOptions) {
    this.options = {
      data: "calldata",
      maxL1TxBytes: 120_000,
      maxChannelDuration: 2n,
      maxChannelBytes: 1_000_000,
      subSafetyMargin: 10n,
      pollMs: 500,
      onSent: () => undefined,
      ...options,
    };
  }

  async run(): Promise<void> {
    const { signal, logger, pollMs } = this.options;
    while (!signal.aborted) {
      let pause = pollMs;
      try {
        if (await this.step()) continue;
      } catch (error) {
        if (signal.aborted) return;
        if (!isCodedError(error)) throw error;
        pause = Math.min(FAILURE_PAUSE_MS, pollMs * 4);
        logger.warn({ error }, "Batching failed, trying again");
      }
      await sleep(pause, signal).catch(() => undefined);
    }
  }

  async step(): Promise<Submission | undefined> {
    const { l1, l2 } = this.options;
    const l1Number = await l1.blockNumber();
    const { isReady, currentL1 } = l2.derivation();
    if (!isReady || currentL1 === undefined) return undefined;
    const { safe, unsafe } = await l2.heads();
    await this.verify(safe, unsafe, currentL1);
    if (!this.mayGoOn(currentL1, l1Number)) return undefined;
    await this.collect(safe, unsafe, l1Number);
    const open = this.open;
    if (open === undefined || !this.shouldClose(open, l1Number)) return undefined;
    return this.submit(open, l1Number);
  }

  /** False while L1 may hold blocks of ours that derivation has not come to yet. */
  private mayGoOn(currentL1: bigint, l1Number: bigint): boolean {
    if (this.waitFor === "head") this.waitFor = l1Number;
    if (this.waitFor !== undefined && currentL1 <= this.waitFor) return false;
    this.waitFor = undefined;
    return true;
  }

  /** Forgets what is no longer true. */
  private async verify(safe: BlockId, unsafe: BlockId, currentL1: bigint): Promise<void> {
    const { logger } = this.options;
    if (this.lastSafe !== undefined && safe.number < this.lastSafe.number) {
      this.restart("the safe head went back");
      this.waitFor = "head";
    }
    this.lastSafe = safe;
    const submitted = this.submitted;
    if (submitted !== undefined && safe.number >= submitted.last.number) this.submitted = undefined;
    else if (submitted !== undefined && currentL1 > submitted.l1Number) {
      const facts = { last: submitted.last.number, safe: safe.number, l1Number: submitted.l1Number };
      logger.warn(facts, "Sent blocks did not become safe, they are sent again");
      this.restart("sent blocks did not become safe");
    }
    const first = this.open?.span.first;
    if (first !== undefined && first.number <= safe.number)
      this.restart("the safe head passed the open channel");
    const tip = this.tip();
    if (tip === undefined) return;
    const canonical =
      tip.number <= unsafe.number && (await this.options.l2.blockByNumber(tip.number))?.hash === tip.hash;
    if (!canonical) this.restart("the unsafe chain was reorganised");
  }

  private restart(reason: string): void {
    if (this.open !== undefined || this.submitted !== undefined)
      this.options.logger.debug({ reason }, "Batching begins again after the safe head");
    this.open = undefined;
    this.submitted = undefined;
  }

  /** The last block taken in or sent. */
  private tip(): BlockId | undefined {
    return this.open?.span.last ?? this.submitted?.last;
  }

  private async collect(safe: BlockId, unsafe: BlockId, l1Number: bigint): Promise<void> {
    let parent = this.tip() ?? safe;
    while (parent.number < unsafe.number && !this.isFull()) {
      const block = await this.options.l2.blockByNumber(parent.number + 1n);
      // The chain changed between two reads: the next step sees it whole.
      if (block === undefined || block.header.parentHash !== parent.hash) return;
      this.open ??= {
        span: new SpanBuilder(this.options.rollup),
        firstOrigin: l1BlockInfoOf(block),
        bytes: 0,
        openedAt: l1Number,
        closed: undefined,
      };
      await this.open.span.add(block);
      this.open.bytes += batchBytesOf(block);
      parent = { hash: block.hash, number: block.header.number };
    }
  }

  private isFull(): boolean {
    const open = this.open;
    if (open === undefined) return false;
    const { maxChannelBytes } = this.options;
    return (
      open.closed !== undefined || open.bytes >= maxChannelBytes || open.span.blocks >= MAX_BLOCKS_PER_CHANNEL
    );
  }

  private shouldClose(open: OpenChannel, l1Number: bigint): boolean {
    const { maxChannelDuration, rollup, subSafetyMargin } = this.options;
    if (this.isFull() || l1Number >= open.openedAt + maxChannelDuration) return true;
    const windowEnd = sequencerWindowEnd(rollup, open.firstOrigin.number);
    return l1Number + subSafetyMargin >= windowEnd;
  }

  private async submit(open: OpenChannel, l1Number: bigint): Promise<Submission | undefined> {
    const { rollup, logger } = this.options;
    open.closed ??= await buildChannel({ span: open.span, l1Number });
    const channel = open.closed;
    const kind = await this.kindOf(channel);
    const sent = await this.send(await this.requestsOf(open, channel, kind));
    const firstL1 = sent[0]!.blockNumber;
    const lastL1 = sent.at(-1)!.blockNumber;
    const facts = {
      first: channel.first.number,
      last: channel.last.number,
      kind,
      transactions: sent.length,
      bytes: channel.data.length,
      l1Number: lastL1,
      l1Transaction: sent.at(-1)!.hash,
    };
    if (lastL1 > firstL1 + channelTimeout(rollup, open.firstOrigin.timestamp)) {
      logger.warn(facts, "A channel took too long to reach L1, it is sent again");
      this.restart("a channel timed out");
      this.waitFor = lastL1;
      return undefined;
    }
    logger.info(facts, "Blocks sent to L1");
    const blocks = Number(channel.last.number - channel.first.number) + 1;
    this.options.onSent({ kind, bytes: facts.bytes, transactions: sent.length, blocks });
    this.open = undefined;
    this.submitted = { last: channel.last, l1Number: lastL1 };
    const l1Transactions = sent.map(({ hash }) => hash);
    return { first: channel.first, last: channel.last, l1Transactions, l1Number: lastL1 };
  }

  private async kindOf({ data }: OutgoingChannel): Promise<DataKind> {
    const { data: kind, l1, maxL1TxBytes } = this.options;
    return kind === "auto" ? cheaperKind(data.length, maxL1TxBytes, await l1.prices()) : kind;
  }

  private async requestsOf(open: OpenChannel, channel: OutgoingChannel, kind: DataKind) {
    const { rollup, l1, maxL1TxBytes } = this.options;
    const form = kind === "blobs" ? await l1.proofForm() : "blob";
    if (open.requests?.kind !== kind || open.requests.form !== form) {
      const all = await channelRequests(channel, kind, rollup.batchInboxAddress, maxL1TxBytes, form);
      open.requests = { kind, form, all };
    }
    return open.requests.all;
  }

  /** All frames at once: Holocene reads them in order only, and the nonces keep it. */
  private async send(requests: readonly L1SendRequest[]): Promise<{ hash: Hash; blockNumber: bigint }[]> {
    const { l1, signal } = this.options;
    signal.throwIfAborted();
    try {
      return await l1.sendAll(requests);
    } catch (error) {
      // Nothing was sent: the channel waits as it is. Else some of it may be in L1 or on its way.
      if (!isCodedError(error, "L1_FEES_TOO_HIGH")) {
        this.restart("sending failed");
        this.waitFor = "head";
      }
      throw error;
    }
  }
}
