import { isCodedError, isTemporary } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { retry } from "../../base/retry.ts";
import type { L1Block, L1BlockRef } from "../../chain/types/l1.ts";
import type { BlockId, Hash } from "../../chain/types/primitives.ts";
import type { RollupConfig } from "../../chain/types/rollup.ts";
import type { ChainStore } from "../../store/chain-store.ts";
import type { DerivationPipeline, DerivedAttributes, SafeChain } from "../derivation/types.ts";
import { rollupError } from "../errors.ts";
import type { BlobReader } from "../l1/blobs.ts";
import { createPrefetcher, type L1Prefetcher } from "../l1/prefetch.ts";
import type { L1Reader } from "../l1/reader.ts";
import type { L1Watcher } from "../l1/watcher.ts";
import type { Engine } from "./engine.ts";
import { findSyncStart, type PipelineStart } from "./sync-start.ts";

export interface DerivationDriverOptions {
  engine: Engine;
  store: ChainStore;
  l1: Pick<L1Reader, "label" | "refByNumber" | "blockByNumber">;
  blobs: BlobReader;
  watcher: L1Watcher;
  rollup: RollupConfig;
  createPipeline(start: PipelineStart): DerivationPipeline;
  logger: Logger;
  signal: AbortSignal;
}

/** Derives the safe chain from L1 for ever. */
export interface DerivationDriver {
  /** True once the stored chain was checked against L1: only then may a sequencer build on it. */
  isReady(): boolean;
  /** The L1 block that derivation has read last. */
  currentL1(): BlockId | undefined;
  /** The L1 block that was read last, before a reset too; what a reader of the node's state is told at once. */
  lastReadL1(): L1BlockRef | undefined;
  /** Checks the chain against L1 again, e.g. because the sequencer saw its origin reorganised away. */
  requestReset(reason: string): void;
  /** Resolves when the signal aborts. @throws CodedError when derivation can't go on, e.g. `DERIVATION_STOPPED`, `L1_OTHER_CHAIN`. */
  run(): Promise<void>;
}

export function createDerivationDriver(options: DerivationDriverOptions): DerivationDriver {
  return new Driver(options);
}

class Driver implements DerivationDriver {
  private readonly options: DerivationDriverOptions;
  private readonly chain: SafeChain;
  private pipeline: DerivationPipeline | undefined;
  private readonly l1: L1Prefetcher;
  private lastRead: L1BlockRef | undefined;
  private resetReason: string | undefined;
  private wake: () => void = () => undefined;
  /** See {@link SyncStart.unconfirmedL1}. */
  private unconfirmedL1: bigint | undefined;
  /** False once what L1 shows has led elsewhere than to the safe head. */
  private trustsUnknown = true;

  constructor(options: DerivationDriverOptions) {
    this.options = options;
    this.l1 = createPrefetcher(options.l1);
    const { store } = options;
    this.chain = {
      refByNumber: (number) => {
        const hash = store.canonicalHash(number);
        return hash === undefined ? undefined : store.ref(hash);
      },
      blockByNumber: (number) => {
        const hash = store.canonicalHash(number);
        return hash === undefined ? undefined : store.block(hash);
      },
    };
  }

  isReady(): boolean {
    return this.pipeline !== undefined && this.resetReason === undefined;
  }

  currentL1(): BlockId | undefined {
    return this.pipeline?.origin;
  }

  lastReadL1(): L1BlockRef | undefined {
    return this.lastRead;
  }

  requestReset(reason: string): void {
    this.resetReason ??= reason;
    this.wake();
  }

  async run(): Promise<void> {
    const { logger, signal, watcher } = this.options;
    const unsubscribe = watcher.subscribe(() => this.wake());
    try {
      while (!signal.aborted) {
        const task = "Reading L1 for derivation";
        await retry({ task, logger, signal, isTemporary, maxDelayMs: 3_000 }, () => this.advance());
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      unsubscribe();
    }
  }

  /** One step: a reset, a look at L1, or the next attributes. */
  private async advance(): Promise<void> {
    const { engine } = this.options;
    if (this.pipeline === undefined || this.resetReason !== undefined) return this.reset();
    const step = this.pipeline.step(engine.derivationHead(), this.chain);
    if (step.kind === "needL1") await this.readL1(this.pipeline, step.number);
    else if (step.kind === "needBlobs") await this.readBlobs(this.pipeline, step.block, step.hashes);
    else if (step.kind === "attributes") await this.apply(this.pipeline, step.derived);
    else if (step.kind === "reset") this.requestReset(step.reason);
    else throw step.error;
  }

  private async reset(): Promise<void> {
    const { engine, logger } = this.options;
    const before = engine.heads();
    const reason = this.resetReason;
    this.l1.clear();
    const { target, pipeline, unconfirmedL1 } = await findSyncStart(this.options, before, this.trustsUnknown);
    await engine.reset(target);
    this.pipeline = this.options.createPipeline(pipeline);
    this.unconfirmedL1 = unconfirmedL1;
    this.trustsUnknown = true;
    if (this.resetReason === reason) this.resetReason = undefined;
    const facts = { unsafe: target.unsafe.number, safe: target.safe.number, l1: pipeline.origin.number };
    if (reason === undefined) logger.info(facts, "Derivation starts");
    else logger.warn({ reason, before: before.unsafe.number, ...facts }, "Derivation starts again");
  }

  private async readL1(pipeline: DerivationPipeline, number: bigint): Promise<void> {
    const head = this.options.watcher.heads()?.latest.number;
    const block = head !== undefined && head >= number ? await this.l1.block(number, head) : undefined;
    if (block !== undefined) {
      if (await this.contradicts(block)) {
        return this.requestReset(`L1 block ${number} is not the one that safe blocks came from`);
      }
      pipeline.pushL1(block);
      const { hash, parentHash, timestamp } = block;
      this.lastRead = { hash, number, parentHash, timestamp };
      return;
    }
    await this.nextHead();
    await this.checkOrigin(pipeline.origin);
  }

  /** Blobs that nobody has may belong to a block that is not on L1 any more. */
  private async readBlobs(
    pipeline: DerivationPipeline,
    block: L1Block,
    hashes: readonly Hash[],
  ): Promise<void> {
    try {
      pipeline.pushBlobs(await this.options.blobs.blobs(block, hashes));
    } catch (error) {
      if (isCodedError(error, "BLOBS_UNAVAILABLE")) await this.checkOrigin(pipeline.origin);
      throw error;
    }
  }

  /** Waits for the next change of L1's head or a request; looks anyway from time to time. */
  private nextHead(): Promise<void> {
    const { signal } = this.options;
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        this.wake = () => undefined;
        resolve();
      };
      const timer = setTimeout(done, 2_000);
      signal.addEventListener("abort", done, { once: true });
      this.wake = done;
    });
  }

  /** True when a safe head that was kept while L1 did not reach so far came from another block of this number. */
  private async contradicts({ number, hash }: L1Block): Promise<boolean> {
    if (this.unconfirmedL1 === undefined) return false;
    if (number >= this.unconfirmedL1) this.unconfirmedL1 = undefined;
    for await (const { l1 } of this.options.store.safeHeads(number)) {
      return l1.number === number && l1.hash !== hash;
    }
    return false;
  }

  /**
   * op-node notices a reorganisation when L1 grows past the block it read last; this also sees one that has not grown so far.
   * A block that L1 does not have (yet, or any more) says nothing: L1 may lag behind for as long as it likes.
   */
  private async checkOrigin(origin: BlockId): Promise<void> {
    const found = await this.options.l1.refByNumber(origin.number);
    if (found !== undefined && found.hash !== origin.hash) {
      this.requestReset(`L1 block ${origin.number} was reorganised`);
    }
  }

  private async apply(pipeline: DerivationPipeline, derived: DerivedAttributes): Promise<void> {
    const { engine, logger } = this.options;
    if (this.unconfirmedL1 !== undefined && derived.derivedFrom.number < this.unconfirmedL1) {
      // Nothing can follow the safe head before the L1 block that it came from: that one is not on this L1.
      this.trustsUnknown = false;
      return this.requestReset(`L1 block ${derived.derivedFrom.number} leads to other blocks than before`);
    }
    try {
      await engine.derive(derived);
    } catch (error) {
      if (isCodedError(error) && error.severity === "reset") return this.requestReset(error.message);
      if (!isCodedError(error, "PAYLOAD_INVALID")) throw error;
      const facts = { number: derived.parent.number + 1n, error };
      const depositsOnly = pipeline.rejectPayload();
      if (depositsOnly === undefined) {
        logger.warn(facts, "A batch holds an invalid transaction, it is dropped with all its blocks");
        return engine.abandonSpan();
      }
      logger.warn(facts, "A batch holds an invalid transaction, its block gets deposits only");
      await this.applyDepositsOnly(depositsOnly);
    }
    this.logSafe(derived);
  }

  private async applyDepositsOnly(derived: DerivedAttributes): Promise<void> {
    try {
      await this.options.engine.derive(derived);
    } catch (cause) {
      if (!isCodedError(cause, "PAYLOAD_INVALID")) throw cause;
      throw rollupError("DERIVATION_STOPPED", {
        message: `Block ${derived.parent.number + 1n} is invalid even with deposits only; no node can go on from here.`,
        fix: "Compare rollup.json and genesis.json with the other nodes; report the block if they agree.",
        facts: { parent: derived.parent.hash, derivedFrom: derived.derivedFrom.number },
        cause,
      });
    }
  }

  private logSafe(derived: DerivedAttributes): void {
    const { safe } = this.options.engine.heads();
    this.options.logger.debug(
      { number: safe.number, hash: safe.hash, l1: derived.derivedFrom.number },
      "Safe head",
    );
  }
}
