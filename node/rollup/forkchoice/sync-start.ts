import type { CodedError } from "../../base/errors.ts";
import { channelTimeout } from "../../chain/rules/chain-spec.ts";
import { l1BlockInfoOf, systemConfigFromBlock } from "../../chain/system-config.ts";
import type { Block } from "../../chain/types/block.ts";
import type { BlockId } from "../../chain/types/primitives.ts";
import type { L2BlockRef, RollupConfig, SystemConfig } from "../../chain/types/rollup.ts";
import type { ChainStore } from "../../store/chain-store.ts";
import { rollupError } from "../errors.ts";
import type { L1Reader } from "../l1/reader.ts";
import type { EngineHeads, ResetTarget } from "./engine.ts";

/** From where derivation reads L1, and the SystemConfig as of that L1 block. */
export interface PipelineStart {
  origin: BlockId;
  systemConfig: SystemConfig;
}

export interface SyncStart {
  target: ResetTarget;
  pipeline: PipelineStart;
  /** The L1 block that the safe head came from, where L1 does not show one of its number yet: to be compared when it does. */
  unconfirmedL1: bigint | undefined;
}

export interface SyncStartOptions {
  store: ChainStore;
  l1: Pick<L1Reader, "refByNumber" | "label">;
  rollup: RollupConfig;
}

/** op-node goes back no further: `MaxReorgSeqWindows`. */
const MAX_REORG_WINDOWS = 5n;

/** What L1 says of a block: it has it, it has another one of that number, or it has none (yet, or any more). */
type View = "canonical" | "replaced" | "unknown";

interface L1View {
  head: bigint;
  of(id: BlockId): Promise<View>;
}

/**
 * What of the stored chain L1 does not contradict. The safe head is the newest one that was recorded for an L1 block that is
 * still canonical, or that lies above L1's head: an L1 that lags replaces nothing. The unsafe head keeps the blocks whose origin
 * is canonical or above L1's head. What is final stays, whatever L1 says. `trustUnknown` false: only what L1 shows counts for the
 * safe head, since what it shows led elsewhere. Source: op-node `FindL2Heads`, with its database of safe heads.
 * @throws CodedError `L1_GENESIS_MISSING` (L1 is not that far, try again), `L1_OTHER_CHAIN`, `L1_FINALITY_BROKEN`,
 * `L1_REORG_TOO_DEEP`, and L1's read errors.
 */
export async function findSyncStart(
  options: SyncStartOptions,
  heads: EngineHeads,
  trustUnknown = true,
): Promise<SyncStart> {
  await checkGenesis(options);
  const view = await l1View(options.l1);
  const { safe, l1Number, isConfirmed } = await supportedSafeHead(options, heads, view, trustUnknown);
  const unsafe = await supportedUnsafeHead(options, heads.unsafe, safe, view);
  return {
    target: { unsafe, safe, finalized: heads.finalized, l1Number },
    pipeline: pipelineStart(options, safe),
    unconfirmedL1: isConfirmed ? undefined : l1Number,
  };
}

/** Answers are kept: many L2 blocks share an origin. */
async function l1View(l1: SyncStartOptions["l1"]): Promise<L1View> {
  const head = (await l1.label("latest"))?.number ?? 0n;
  const known = new Map<string, View>();
  return {
    head,
    async of({ hash, number }) {
      if (number > head) return "unknown";
      const seen = known.get(hash);
      if (seen !== undefined) return seen;
      const found = await l1.refByNumber(number);
      const view = found === undefined ? "unknown" : found.hash === hash ? "canonical" : "replaced";
      known.set(hash, view);
      return view;
    },
  };
}

async function checkGenesis({ l1, rollup }: SyncStartOptions): Promise<void> {
  const { hash, number } = rollup.genesis.l1;
  const found = await l1.refByNumber(number);
  if (found === undefined) {
    throw rollupError("L1_GENESIS_MISSING", {
      message: `L1 does not have block ${number} yet, from which this rollup starts.`,
      fix: "Wait until the L1 node is synchronised; this node tries again by itself.",
      facts: { number, hash },
    });
  }
  if (found.hash === hash) return;
  throw rollupError("L1_OTHER_CHAIN", {
    message: `L1 block ${number} is ${found.hash}, the rollup starts from ${hash}.`,
    fix: "Point --l1-url at the L1 of rollup.json; a devnet whose L1 was lost starts anew with --reset.",
    facts: { number, expected: hash, found: found.hash },
  });
}

interface SupportedSafeHead {
  safe: L2BlockRef;
  l1Number: bigint;
  isConfirmed: boolean;
}

async function supportedSafeHead(
  { store, rollup }: SyncStartOptions,
  heads: EngineHeads,
  view: L1View,
  trustUnknown: boolean,
): Promise<SupportedSafeHead> {
  const { finalized } = heads;
  const deepest = heads.unsafe.l1Origin.number - MAX_REORG_WINDOWS * rollup.seqWindowSize;
  let plausible: SupportedSafeHead | undefined;
  for await (const { l1, l2 } of store.safeHeads()) {
    const ref = store.canonicalHash(l2.number) === l2.hash ? store.ref(l2.hash) : undefined;
    if (ref === undefined) continue;
    const seen = await view.of(l1);
    if (seen === "replaced") {
      if (isFinal(ref, finalized, rollup)) throw finalityBroken(l1, finalized);
      if (l1.number < deepest) throw tooDeep(l1, heads.unsafe);
      plausible = undefined;
      continue;
    }
    const isConfirmed = seen === "canonical";
    if (isConfirmed || trustUnknown) plausible ??= { safe: ref, l1Number: l1.number, isConfirmed };
    // Below this nothing is asked about any more.
    if (isConfirmed || isFinal(ref, finalized, rollup)) {
      const found = plausible ?? { safe: ref, l1Number: l1.number, isConfirmed };
      return found.safe.number < finalized.number ? { ...found, safe: finalized } : found;
    }
  }
  return plausible ?? { safe: finalized, l1Number: rollup.genesis.l1.number, isConfirmed: true };
}

function isFinal(ref: L2BlockRef, finalized: L2BlockRef, rollup: RollupConfig): boolean {
  return finalized.number > rollup.genesis.l2.number && ref.number <= finalized.number;
}

function finalityBroken(l1: BlockId, finalized: L2BlockRef): CodedError {
  return rollupError("L1_FINALITY_BROKEN", {
    message: `L1 has another block ${l1.number} than the one that made L2 block ${finalized.number} final.`,
    fix: "Check that --l1-url is the right chain and an honest node; what is final is never taken back.",
    facts: { l1: l1.hash, l1Number: l1.number, finalized: finalized.hash },
  });
}

function tooDeep(l1: BlockId, unsafe: L2BlockRef): CodedError {
  return rollupError("L1_REORG_TOO_DEEP", {
    message: `L1 was reorganised below block ${l1.number}, more than ${MAX_REORG_WINDOWS} sequencing windows deep.`,
    fix: "Check that --l1-url is the right chain; if it is, start anew with --reset.",
    facts: { l1: l1.hash, l1Number: l1.number, unsafe: unsafe.hash },
  });
}

async function supportedUnsafeHead(
  { store }: SyncStartOptions,
  unsafe: L2BlockRef,
  safe: L2BlockRef,
  view: L1View,
): Promise<L2BlockRef> {
  const visible = await lastNumber(safe.number, unsafe.number, async (number) => {
    const ref = refAt(store, number);
    return ref !== undefined && ref.l1Origin.number <= view.head;
  });
  const supported = await lastNumber(safe.number, visible, async (number) => {
    const ref = refAt(store, number);
    return ref !== undefined && (await view.of(ref.l1Origin)) !== "replaced";
  });
  // What lies above L1's head stands on blocks that L1 supports, or falls with them.
  const head = supported === visible ? unsafe : refAt(store, supported);
  return head !== undefined && head.number > safe.number ? head : safe;
}

/** The greatest number from `first` to `last` that holds, where all up to some number hold and `first` does. */
async function lastNumber(
  first: bigint,
  last: bigint,
  holds: (number: bigint) => Promise<boolean>,
): Promise<bigint> {
  if (last <= first || (await holds(last))) return last > first ? last : first;
  let [good, bad] = [first, last];
  while (bad - good > 1n) {
    const middle = (good + bad) / 2n;
    if (await holds(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

function refAt(store: ChainStore, number: bigint): L2BlockRef | undefined {
  const hash = store.canonicalHash(number);
  return hash && store.ref(hash);
}

/**
 * Source: op-node `initialReset`: the newest L2 block whose origin is a channel timeout before the safe head's, by the timeout
 * of that origin's time. Where Granite shortened it meanwhile an older one may be taken, from which the same follows.
 */
function pipelineStart({ store, rollup }: SyncStartOptions, safe: L2BlockRef): PipelineStart {
  const { genesis } = rollup;
  const isEarlyEnough = (block: Block) => {
    const { number, timestamp } = l1BlockInfoOf(block);
    return number <= genesis.l1.number || number + channelTimeout(rollup, timestamp) <= safe.l1Origin.number;
  };
  let [good, bad] = [genesis.l2.number, safe.number + 1n];
  while (bad - good > 1n) {
    const middle = (good + bad) / 2n;
    const hash = store.canonicalHash(middle);
    const block = hash && store.block(hash);
    if (block !== undefined && isEarlyEnough(block)) good = middle;
    else bad = middle;
  }
  const hash = store.canonicalHash(good);
  const block = hash && store.block(hash);
  const start = hash && store.ref(hash);
  if (block === undefined || start === undefined) throw new Error(`block ${good} is not in the store`);
  return { origin: start.l1Origin, systemConfig: systemConfigFromBlock(block, rollup) };
}
