import { CodedError, isCodedError } from "../../node/base/errors.ts";
import { channelTimeout } from "../../node/chain/rules/chain-spec.ts";
import { l2BlockRefFromBlock, systemConfigFromBlock } from "../../node/chain/system-config.ts";
import type { Block, Receipt } from "../../node/chain/types/block.ts";
import type { L1Block } from "../../node/chain/types/l1.ts";
import type { BlockId, Hash } from "../../node/chain/types/primitives.ts";
import type {
  L1ChainConfig,
  L2BlockRef,
  PayloadAttributes,
  RollupConfig,
} from "../../node/chain/types/rollup.ts";
import { createDerivationPipeline } from "../../node/rollup/derivation/pipeline.ts";
import type {
  DerivationNote,
  DerivationPipeline,
  DerivedAttributes,
} from "../../node/rollup/derivation/types.ts";

/** A block with what its execution made. */
export interface BuiltBlock {
  block: Block;
  receipts: readonly Receipt[];
}

/** @throws CodedError `PAYLOAD_INVALID` when the attributes hold a transaction that can't be included. */
export type BuildBlock = (parent: Block, attributes: PayloadAttributes) => Promise<BuiltBlock>;

export interface VerifierOptions {
  rollup: RollupConfig;
  l1Chain: L1ChainConfig;
  genesis: Block;
  build: BuildBlock;
  /** L1 as it is now. */
  l1: (number: bigint) => L1Block | undefined;
  /** L1's blobs by versioned hash. */
  blobs?: ReadonlyMap<Hash, Uint8Array>;
}

/** A block that was derived. */
export interface SafeBlock extends BuiltBlock {
  ref: L2BlockRef;
  derivedFrom: BlockId;
  /** True when its batch was invalid and it holds deposits only. */
  depositsOnly: boolean;
  /** False while the rest of its span is still to come: then it may go again. */
  concluding: boolean;
}

/** A node that knows nothing but L1, stepped by hand: the real pipeline, blocks in memory. */
export class Verifier {
  private readonly options: VerifierOptions;
  private readonly chain: SafeBlock[];
  readonly notes: DerivationNote[] = [];
  private pipeline: DerivationPipeline;
  resets = 0;
  /** Batches dropped before Holocene because one of their blocks was invalid. */
  abandoned = 0;

  constructor(options: VerifierOptions) {
    const { genesis, rollup } = options;
    this.options = options;
    const ref = l2BlockRefFromBlock(genesis, rollup);
    const derivedFrom = rollup.genesis.l1;
    this.chain = [{ block: genesis, receipts: [], ref, derivedFrom, depositsOnly: false, concluding: true }];
    this.pipeline = this.start();
  }

  get safe(): SafeBlock {
    return this.chain.at(-1)!;
  }

  /** The safe block of that number. */
  at(number: bigint | number): SafeBlock | undefined {
    return this.chain[Number(number)];
  }

  /** The safe head when everything up to that L1 block was derived. */
  safeAfter(l1Number: bigint): SafeBlock {
    return this.chain.findLast(({ derivedFrom }) => derivedFrom.number <= l1Number) ?? this.chain[0]!;
  }

  /** The L1 block read last. */
  get origin(): BlockId {
    return this.pipeline.origin;
  }

  /** Derives all that L1 holds, up to block `until`. @throws CodedError when derivation can't go on. */
  async derive(until?: bigint): Promise<void> {
    for (;;) {
      const { ref, block } = this.safe;
      const safeHead = { ref, systemConfig: systemConfigFromBlock(block, this.options.rollup) };
      const step = this.pipeline.step(safeHead, {
        refByNumber: (number) => this.at(number)?.ref,
        blockByNumber: (number) => this.at(number)?.block,
      });
      if (step.kind === "critical") throw step.error;
      if (step.kind === "reset") this.reset();
      else if (step.kind === "attributes") await this.apply(step.derived);
      else if (step.kind === "needBlobs") this.pipeline.pushBlobs(step.hashes.map((hash) => this.blob(hash)));
      else {
        const next = until === undefined || step.number <= until ? this.options.l1(step.number) : undefined;
        if (next === undefined) return;
        this.pipeline.pushL1(next);
      }
    }
  }

  private blob(hash: Hash): Uint8Array {
    const blob = this.options.blobs?.get(hash);
    if (blob === undefined)
      throw new CodedError("TEST_BLOB_MISSING", "input", { message: `No blob ${hash}.` });
    return blob;
  }

  private async apply(derived: DerivedAttributes): Promise<void> {
    const parent = this.safe.block;
    let depositsOnly = false;
    let built: BuiltBlock;
    try {
      built = await this.options.build(parent, derived.attributes);
    } catch (error) {
      if (!isCodedError(error, "PAYLOAD_INVALID")) throw error;
      const retry = this.pipeline.rejectPayload();
      if (retry === undefined) return this.abandonSpan();
      depositsOnly = true;
      built = await this.options.build(parent, retry.attributes);
    }
    const ref = l2BlockRefFromBlock(built.block, this.options.rollup);
    const { derivedFrom, concluding } = derived;
    this.chain.push({ ...built, ref, derivedFrom, depositsOnly, concluding });
  }

  /** Takes away what was built of a span that holds an invalid block. */
  private abandonSpan(): void {
    this.abandoned++;
    while (!this.safe.concluding) this.chain.pop();
  }

  /** Goes back to the newest block that follows from L1 blocks which are still there. */
  reset(): void {
    this.resets++;
    const isCanonical = ({ number, hash }: BlockId) => this.options.l1(number)?.hash === hash;
    while (!isCanonical(this.safe.derivedFrom)) {
      if (this.chain.length === 1)
        throw new CodedError("TEST_L1_REPLACED", "input", { message: "L1 lost its genesis." });
      this.chain.pop();
    }
    this.pipeline = this.start();
  }

  /** Forgets the blocks above `number`, as a crash does that loses the newest heads. */
  rewindTo(number: bigint): void {
    this.chain.length = Number(number) + 1;
    this.pipeline = this.start();
  }

  /** A pipeline that begins a channel timeout before the safe head's origin. */
  private start(): DerivationPipeline {
    const { rollup, l1Chain } = this.options;
    const isEarlyEnough = ({ ref: { l1Origin } }: SafeBlock) => {
      const timeout = channelTimeout(rollup, this.options.l1(l1Origin.number)?.timestamp ?? 0n);
      return l1Origin.number + timeout <= this.safe.ref.l1Origin.number;
    };
    const first = this.chain.findLast(isEarlyEnough) ?? this.chain[0]!;
    return createDerivationPipeline({
      rollup,
      l1Chain,
      start: { origin: first.ref.l1Origin, systemConfig: systemConfigFromBlock(first.block, rollup) },
      observe: (note) => this.notes.push(note),
    });
  }
}
