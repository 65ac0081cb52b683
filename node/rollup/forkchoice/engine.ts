import type { CodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { createMutex } from "../../base/mutex.ts";
import { l2BlockRefFromBlock, systemConfigFromBlock } from "../../chain/system-config.ts";
import type { Block } from "../../chain/types/block.ts";
import type { BlockId, Hash } from "../../chain/types/primitives.ts";
import type { L2BlockRef, PayloadAttributes, RollupConfig } from "../../chain/types/rollup.ts";
import type {
  BlockExecutor,
  BuildBudget,
  CandidateSource,
  ExecutedBlock,
} from "../../execution/evm/executor.ts";
import { orphansOf } from "../../execution/mempool/change.ts";
import type { ChainStore, ChainUpdate } from "../../store/chain-store.ts";
import type { ChainHeads, SafeHeadEntry } from "../../store/types.ts";
import type { DerivedAttributes, SafeHead } from "../derivation/types.ts";
import { rollupError } from "../errors.ts";
import { attributesMismatch } from "./attributes-match.ts";

/** Blocks that one change may take away from the chain. */
const MAX_ORPHANS = 256n;

/** The three heads; derivation goes on at the safe one. */
export interface EngineHeads {
  unsafe: L2BlockRef;
  safe: L2BlockRef;
  finalized: L2BlockRef;
}

/** A change that is already on disk; both lists oldest first. */
export interface EngineEvent {
  removed: readonly Block[];
  added: readonly Block[];
  /** With `keepOrphans`: journal numbers of the removed blocks' transactions, written with the change. */
  journalled: ReadonlyMap<Hash, number>;
}

/** Where the chain goes back to. */
export interface ResetTarget {
  unsafe: L2BlockRef;
  safe: L2BlockRef;
  finalized: L2BlockRef;
  /** Safe heads of L1 blocks above this number are forgotten. */
  l1Number: bigint;
}

/** Fork choice and import: every change of the chain goes through here, one at a time. */
export interface Engine {
  heads(): EngineHeads;
  /** The block on which derivation goes on, with its SystemConfig: the safe head, or what of a span is built on it. */
  derivationHead(): SafeHead;
  /** Calls `listener` after each change of the unsafe chain. Gives the function that stops it. */
  subscribe(listener: (event: EngineEvent) => void): () => void;
  /**
   * Builds and imports a block on the unsafe head, unless that head is not `parent` any more: then undefined.
   * @throws CodedError `PAYLOAD_INVALID` when a forced transaction can't be included.
   */
  sequence(
    parent: L2BlockRef,
    attributes: PayloadAttributes,
    pool: CandidateSource,
    budget?: BuildBudget,
  ): Promise<Block | undefined>;
  /**
   * Makes the next safe block: takes the unsafe block over when it is the same, else builds it and drops the unsafe ones. What
   * does not conclude its span stays unsafe until the block that does.
   * @throws CodedError `PAYLOAD_INVALID`; nothing has changed then.
   */
  derive(derived: DerivedAttributes): Promise<void>;
  /** Derivation goes on at the safe head: the span on it does not come to an end. Its blocks stay unsafe. */
  abandonSpan(): Promise<void>;
  /** Moves the finalized head to a recorded safe head, never back. False when that is not recorded, or not on the safe chain, any more. */
  finalize(record: SafeHeadEntry): Promise<boolean>;
  /** @throws CodedError `RESET_BELOW_FINALIZED`: what is final stays. */
  reset(target: ResetTarget): Promise<void>;
}

export interface EngineOptions {
  store: ChainStore;
  executor: BlockExecutor;
  rollup: RollupConfig;
  logger: Logger;
  /** Removed blocks' transactions go back to the mempool's journal with the change: a crash between loses none. */
  keepOrphans?: boolean;
}

/** The engine over a store that has its genesis. */
export function createEngine(options: EngineOptions): Engine {
  return new ChainEngine(options);
}

class ChainEngine implements Engine {
  private readonly options: EngineOptions;
  private readonly mutex = createMutex();
  private readonly listeners = new Set<(event: EngineEvent) => void>();
  private current: EngineHeads;
  /** The last derived block: above the safe head while its span has not come to an end. Source: op-node's pending safe head. */
  private pending: L2BlockRef;

  constructor(options: EngineOptions) {
    this.options = options;
    this.current = storedHeads(options.store);
    this.pending = this.current.safe;
  }

  heads(): EngineHeads {
    return this.current;
  }

  derivationHead(): SafeHead {
    const ref = this.pending;
    return { ref, systemConfig: systemConfigFromBlock(this.block(ref), this.options.rollup) };
  }

  subscribe(listener: (event: EngineEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  sequence(
    parent: L2BlockRef,
    attributes: PayloadAttributes,
    pool: CandidateSource,
    budget?: BuildBudget,
  ): Promise<Block | undefined> {
    return this.mutex.run(async () => {
      if (this.current.unsafe.hash !== parent.hash) return undefined;
      const { executor } = this.options;
      const built = await executor.build(this.block(parent).header, attributes, pool, budget);
      const heads = { ...this.current, unsafe: this.refOf(built) };
      await this.commit({ blocks: [built], durable: true }, heads);
      return built.block;
    });
  }

  derive(derived: DerivedAttributes): Promise<void> {
    return this.mutex.run(async () => {
      const { store, rollup } = this.options;
      if (derived.parent.hash !== this.pending.hash) throw outOfOrder(derived, this.pending);
      const hash = store.canonicalHash(derived.parent.number + 1n);
      const candidate = hash === undefined ? undefined : store.block(hash);
      const why = candidate && attributesMismatch(derived.attributes, candidate, rollup);
      if (candidate === undefined || why !== undefined) return this.importDerived(derived, why);
      await this.promote(derived, l2BlockRefFromBlock(candidate, rollup));
    });
  }

  abandonSpan(): Promise<void> {
    return this.mutex.run(async () => {
      this.pending = this.current.safe;
    });
  }

  finalize({ l1, l2 }: SafeHeadEntry): Promise<boolean> {
    return this.mutex.run(async () => {
      const { store } = this.options;
      const { safe, finalized } = this.current;
      if (l2.number > safe.number || store.canonicalHash(l2.number) !== l2.hash) return false;
      if (!(await isRecorded(store, l1))) return false;
      if (l2.number > finalized.number) {
        await this.commit({}, { ...this.current, finalized: store.ref(l2.hash) ?? missing(l2) });
      }
      return true;
    });
  }

  reset(target: ResetTarget): Promise<void> {
    return this.mutex.run(async () => {
      const { unsafe, safe, finalized, l1Number } = target;
      if (safe.number < this.current.finalized.number) throw belowFinalized(target, this.current);
      await this.shorten(unsafe.number);
      const orphaned = this.canonicalAbove(unsafe.number);
      await this.commit({ orphaned, forgetSafeHeadsAbove: l1Number }, { unsafe, safe, finalized });
      this.pending = safe;
    });
  }

  /** Drops all but the last few unsafe blocks above `number`, in pieces: no change holds more blocks than memory should. */
  private async shorten(number: bigint): Promise<void> {
    const floor = number > this.current.safe.number ? number : this.current.safe.number;
    while (this.current.unsafe.number - floor > MAX_ORPHANS) {
      const next = this.current.unsafe.number - MAX_ORPHANS;
      const hash =
        this.options.store.canonicalHash(next) ?? missing({ hash: this.current.unsafe.hash, number: next });
      const unsafe = this.options.store.ref(hash) ?? missing({ hash, number: next });
      await this.commit({ orphaned: this.canonicalAbove(next) }, { ...this.current, unsafe });
    }
  }

  private async importDerived(derived: DerivedAttributes, why: string | undefined): Promise<void> {
    const { executor, logger } = this.options;
    const parent = this.pending;
    const attributes = { ...derived.attributes, noTxPool: true };
    const budget = derived.ahead && { ahead: derived.ahead };
    const built = await executor.build(this.block(parent).header, attributes, undefined, budget);
    const blocks = this.current.unsafe.number - parent.number;
    if (blocks > 0n) {
      const facts = { from: parent.number + 1n, blocks, why };
      logger.warn(facts, "Unsafe blocks are not what L1 says, they are replaced");
    }
    await this.shorten(parent.number);
    const orphaned = this.canonicalAbove(parent.number);
    const ref = this.refOf(built);
    const heads = { ...this.current, unsafe: ref };
    await this.commitDerived({ blocks: [built], orphaned }, heads, derived, ref);
  }

  private async promote(derived: DerivedAttributes, ref: L2BlockRef): Promise<void> {
    if (derived.concluding) await this.commitDerived({}, this.current, derived, ref);
    else this.pending = ref;
  }

  private async commitDerived(
    update: Omit<ChainUpdate, "heads">,
    heads: EngineHeads,
    derived: DerivedAttributes,
    ref: L2BlockRef,
  ): Promise<void> {
    if (derived.concluding)
      await this.commit({ ...update, ...safeHeadOf(derived, ref) }, { ...heads, safe: ref });
    else await this.commit(update, heads);
    this.pending = ref;
  }

  private async commit(update: Omit<ChainUpdate, "heads">, heads: EngineHeads): Promise<void> {
    const { unsafe, safe, finalized } = heads;
    const { store, keepOrphans } = this.options;
    const removed = update.orphaned ?? [];
    const added = (update.blocks ?? []).map(({ block }) => block);
    const orphans = keepOrphans ? orphansOf({ removed, added }) : [];
    // Before the chain loses them: what the chain holds still, a start takes out of the journal again.
    const arrivals = store.mempool.append(orphans.map(({ raw }) => raw));
    if (arrivals.length > 0) await store.mempool.sync();
    await store.commit({
      ...update,
      heads: { unsafe: unsafe.hash, safe: safe.hash, finalized: finalized.hash },
    });
    this.current = heads;
    if (removed.length + added.length === 0) return;
    const journalled = new Map(orphans.map(({ hash }, index) => [hash, arrivals[index]!]));
    for (const listener of this.listeners) this.tell(listener, { removed, added, journalled });
  }

  /** The block is stored: a listener's fault is not the fault of whoever made it. */
  private tell(listener: (event: EngineEvent) => void, event: EngineEvent): void {
    try {
      listener(event);
    } catch (error) {
      this.options.logger.error({ error }, "A listener did not take a change of the chain");
    }
  }

  private block(id: BlockId): Block {
    return this.options.store.block(id.hash) ?? missing(id);
  }

  private refOf(built: ExecutedBlock): L2BlockRef {
    return l2BlockRefFromBlock(built.block, this.options.rollup);
  }

  private canonicalAbove(number: bigint): Block[] {
    const found: Block[] = [];
    for (let next = number + 1n; next <= this.current.unsafe.number; next++) {
      const hash = this.options.store.canonicalHash(next);
      if (hash !== undefined) found.push(this.block({ hash, number: next }));
    }
    return found;
  }
}

function storedHeads(store: ChainStore): EngineHeads {
  const hashes = store.heads();
  if (hashes === undefined) throw new Error("the engine needs a store with a genesis block");
  const ref = (hash: ChainHeads["safe"]) => store.ref(hash) ?? missing({ hash, number: 0n });
  return { unsafe: ref(hashes.unsafe), safe: ref(hashes.safe), finalized: ref(hashes.finalized) };
}

/** True while L1 block `l1` is one that a safe head is recorded for. */
async function isRecorded(store: ChainStore, l1: BlockId): Promise<boolean> {
  for await (const record of store.safeHeads(l1.number)) return record.l1.hash === l1.hash;
  return false;
}

function belowFinalized({ safe }: ResetTarget, { finalized }: EngineHeads): CodedError {
  return rollupError("RESET_BELOW_FINALIZED", {
    message: `Block ${safe.number} was to become the safe head, but block ${finalized.number} is final.`,
    fix: "Check that --l1-url is the right chain; what is final is never taken back.",
    facts: { safe: safe.hash, finalized: finalized.hash },
  });
}

function safeHeadOf(derived: DerivedAttributes, ref: L2BlockRef): Pick<ChainUpdate, "safeHead"> {
  return { safeHead: { l1: derived.derivedFrom, l2: { hash: ref.hash, number: ref.number } } };
}

function missing(id: BlockId): never {
  throw rollupError("STORE_CORRUPT", {
    message: `Block ${id.number} (${id.hash}) is not in the database.`,
    fix: "Restore the data folder from a copy, or start with --reset.",
    facts: { ...id },
  });
}

function outOfOrder(derived: DerivedAttributes, head: L2BlockRef): CodedError {
  return rollupError("DERIVATION_OUT_OF_ORDER", {
    message: `Derived attributes build on block ${derived.parent.number}, but derivation is at block ${head.number}.`,
    fix: "Derivation starts again by itself.",
    facts: { parent: derived.parent.hash, head: head.hash },
  });
}
