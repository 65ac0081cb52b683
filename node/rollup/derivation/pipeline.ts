import { isCodedError } from "../../base/errors.ts";
import { DEPOSIT_TYPE } from "../../chain/codec/deposit.ts";
import { isActive } from "../../chain/rules/forks.ts";
import type { L1Block, L1Receipt } from "../../chain/types/l1.ts";
import type { BlockId } from "../../chain/types/primitives.ts";
import type { L1ChainConfig, RollupConfig, SystemConfig } from "../../chain/types/rollup.ts";
import { rollupError } from "../errors.ts";
import { buildAttributes } from "./attributes.ts";
import { BatchProvider } from "./batch-provider.ts";
import { ChannelProvider } from "./channel-provider.ts";
import { BatchDecoder } from "./channel-reader.ts";
import { FrameQueue } from "./frame-queue.ts";
import { L1Retrieval } from "./l1-retrieval.ts";
import type {
  DerivationObserver,
  DerivationPipeline,
  DerivationStep,
  DerivedAttributes,
  NextBlock,
  SafeChain,
  SafeHead,
} from "./types.ts";

export interface PipelineOptions {
  rollup: RollupConfig;
  l1Chain: L1ChainConfig;
  start: {
    /**
     * The first L1 block to read: an L1 origin of the safe chain, a channel timeout before the safe head's origin or the
     * genesis one. Frames in blocks before it are not seen.
     */
    origin: BlockId;
    /** As of that block. */
    systemConfig: SystemConfig;
  };
  observe?: DerivationObserver;
}

/**
 * L1 blocks in, payload attributes out; no I/O, no clock. Stages from L1 inwards: retrieval, frame queue, channel bank or from
 * Holocene on channel assembler, channel reader, batch queue or from Holocene on batch stage, attributes.
 */
export function createDerivationPipeline(options: PipelineOptions): DerivationPipeline {
  return new Pipeline(options);
}

class Pipeline implements DerivationPipeline {
  private readonly options: PipelineOptions;
  private readonly retrieval: L1Retrieval;
  private readonly batches: BatchProvider;
  /** The L1 block being read, without what only retrieval needs. */
  private block: L1Block | undefined;
  /** False while the block still has data to give: the next one would take its place. */
  private wantsL1 = true;
  private resetReason: string | undefined;
  private last: { derived: DerivedAttributes; rejected: boolean; isHolocene: boolean } | undefined;

  constructor(options: PipelineOptions) {
    const { rollup, start, observe = () => undefined } = options;
    this.options = options;
    this.retrieval = new L1Retrieval(rollup, start.systemConfig, observe);
    const frames = new FrameQueue(this.retrieval, rollup, observe);
    const channels = new ChannelProvider(frames, rollup, observe);
    const decoder = new BatchDecoder(channels, rollup, observe);
    this.batches = new BatchProvider(decoder, rollup, observe);
  }

  get origin(): BlockId {
    const { hash, number } = this.block ?? this.options.start.origin;
    return { hash, number };
  }

  private get nextNumber(): bigint {
    return this.block === undefined ? this.options.start.origin.number : this.block.number + 1n;
  }

  pushL1(block: L1Block): void {
    if (block.number !== this.nextNumber || !this.wantsL1) {
      throw rollupError("L1_BLOCK_UNEXPECTED", {
        message: `Derivation did not ask for L1 block ${block.number}; its next one is ${this.nextNumber}.`,
        fix: "Step the pipeline until it needs L1.",
        facts: { hash: block.hash },
      });
    }
    this.wantsL1 = false;
    const isStart = this.block === undefined;
    const continues = isStart ? block.hash === this.options.start.origin.hash : this.retrieval.enter(block);
    if (!continues) {
      this.resetReason = `L1 block ${block.number} (${block.hash}) does not continue ${this.origin.hash}`;
      return;
    }
    if (isStart) this.retrieval.enter(block);
    this.block = trimmed(block, this.options.rollup);
  }

  pushBlobs(blobs: readonly Uint8Array[]): void {
    if (this.retrieval.supply(blobs)) return;
    throw rollupError("L1_BLOCK_UNEXPECTED", {
      message: `Derivation did not ask for ${blobs.length} blobs.`,
      fix: "Step the pipeline until it needs blobs, and push as many as it names.",
      facts: { block: this.block?.hash },
    });
  }

  step(safeHead: SafeHead, chain: SafeChain): DerivationStep {
    if (this.last !== undefined) {
      const { derived } = this.last;
      if (derived.parent.hash === safeHead.ref.hash) return { kind: "attributes", derived };
      this.last = undefined;
    }
    for (;;) {
      if (this.resetReason !== undefined) return { kind: "reset", reason: this.resetReason };
      if (this.block === undefined) return this.needL1();
      const next = this.batches.next(this.block, safeHead.ref, chain);
      if (next.kind === "item") return this.attributes(next.item, safeHead, this.block);
      if (next.kind === "drained") return this.needL1();
      if (next.kind === "blobs") return { kind: "needBlobs", block: this.block, hashes: next.hashes };
      if (next.kind !== "again") return next;
    }
  }

  private needL1(): DerivationStep {
    this.wantsL1 = true;
    return { kind: "needL1", number: this.nextNumber };
  }

  private attributes(
    { batch, origin, concluding, ahead }: NextBlock,
    parent: SafeHead,
    block: L1Block,
  ): DerivationStep {
    const { rollup, l1Chain } = this.options;
    try {
      const required = buildAttributes({ rollup, l1Chain, parent, origin });
      const attributes = { ...required, transactions: [...required.transactions, ...batch.transactions] };
      const derivedFrom = { hash: block.hash, number: block.number };
      const derived = { attributes, parent: parent.ref, derivedFrom, concluding, ...(ahead && { ahead }) };
      const isHolocene = isActive(rollup, "holocene", block.timestamp);
      this.last = { derived, rejected: false, isHolocene };
      return { kind: "attributes", derived };
    } catch (error) {
      if (!isCodedError(error)) throw error;
      return error.severity === "reset"
        ? { kind: "reset", reason: error.message }
        : { kind: "critical", error };
    }
  }

  rejectPayload(): DerivedAttributes | undefined {
    const { last } = this;
    const transactions = last?.derived.attributes.transactions ?? [];
    const deposits = transactions.filter((raw) => raw[0] === DEPOSIT_TYPE);
    const isHopeless =
      last?.rejected === true || (!last?.isHolocene && deposits.length === transactions.length);
    if (last === undefined || isHopeless) {
      throw rollupError("DEPOSITS_ONLY_INVALID", {
        message: "The engine refused a block of deposits only, or one that was never derived.",
        fix: "Compare rollup.json and genesis.json with the other nodes; report the block if they agree.",
        facts: { parent: last?.derived.parent.hash },
      });
    }
    if (!last.isHolocene) {
      this.last = undefined;
      return undefined;
    }
    this.batches.flush();
    const { derived } = last;
    const retry = { ...derived, attributes: { ...derived.attributes, transactions: deposits } };
    this.last = { ...last, derived: retry, rejected: true };
    return retry;
  }
}

/** The block with the receipts that attributes need; a sequencing window of them stays in memory. */
function trimmed(block: L1Block, rollup: RollupConfig): L1Block {
  const contracts = [rollup.depositContractAddress, rollup.l1SystemConfigAddress];
  const receipts: L1Receipt[] = [];
  for (const { status, logs } of block.receipts) {
    const relevant = logs.filter((log) => contracts.includes(log.address));
    if (status === 1 && relevant.length > 0) receipts.push({ status, logs: relevant });
  }
  return { ...block, transactions: [], receipts };
}
