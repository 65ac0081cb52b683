import { channelTimeout } from "../../chain/rules/chain-spec.ts";
import { systemConfigFromBlock } from "../../chain/system-config.ts";
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
}

export interface SyncStartOptions {
  store: ChainStore;
  l1: Pick<L1Reader, "refByNumber">;
  rollup: RollupConfig;
}

/**
 * What of the stored chain L1 still supports. The safe head is the newest one that was recorded for an L1 block that is
 * still canonical: it follows from L1 up to that block alone. The unsafe head keeps the blocks whose origin is canonical.
 * @throws CodedError `L1_GENESIS_MISSING` (L1 is not that far, try again), `L1_OTHER_CHAIN`, and L1's read errors.
 */
export async function findSyncStart(options: SyncStartOptions, heads: EngineHeads): Promise<SyncStart> {
  const isCanonical = canonicalCheck(options.l1);
  await checkGenesis(options);
  const { safe, l1Number } = await supportedSafeHead(options, isCanonical);
  const unsafe = await supportedUnsafeHead(options, heads.unsafe, safe, isCanonical);
  const finalized = heads.finalized.number <= safe.number ? heads.finalized : safe;
  return { target: { unsafe, safe, finalized, l1Number }, pipeline: pipelineStart(options, safe) };
}

type CanonicalCheck = (id: BlockId) => Promise<boolean>;

/** Answers are kept: many L2 blocks share an origin. */
function canonicalCheck(l1: SyncStartOptions["l1"]): CanonicalCheck {
  const known = new Map<string, boolean>();
  return async ({ hash, number }) => {
    const answer = known.get(hash) ?? (await l1.refByNumber(number))?.hash === hash;
    known.set(hash, answer);
    return answer;
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

async function supportedSafeHead(
  { store, rollup }: SyncStartOptions,
  isCanonical: CanonicalCheck,
): Promise<{ safe: L2BlockRef; l1Number: bigint }> {
  for await (const { l1, l2 } of store.safeHeads()) {
    const ref = store.canonicalHash(l2.number) === l2.hash ? store.ref(l2.hash) : undefined;
    if (ref !== undefined && (await isCanonical(l1))) return { safe: ref, l1Number: l1.number };
  }
  const genesis = store.ref(rollup.genesis.l2.hash);
  if (genesis === undefined) throw new Error("the store has no genesis block");
  return { safe: genesis, l1Number: rollup.genesis.l1.number };
}

async function supportedUnsafeHead(
  { store }: SyncStartOptions,
  unsafe: L2BlockRef,
  safe: L2BlockRef,
  isCanonical: CanonicalCheck,
): Promise<L2BlockRef> {
  let head = unsafe;
  while (head.number > safe.number && !(await isCanonical(head.l1Origin))) {
    const parent = store.ref(head.parentHash);
    if (parent === undefined) return safe;
    head = parent;
  }
  return head.number > safe.number ? head : safe;
}

/** Source: op-node `initialReset`: the L2 block whose origin is a channel timeout before the safe head's. */
function pipelineStart({ store, rollup }: SyncStartOptions, safe: L2BlockRef): PipelineStart {
  let start = safe;
  while (
    start.number > rollup.genesis.l2.number &&
    start.l1Origin.number > rollup.genesis.l1.number &&
    start.l1Origin.number + channelTimeout(rollup, start.timestamp) > safe.l1Origin.number
  ) {
    const parent = store.ref(start.parentHash);
    if (parent === undefined) break;
    start = parent;
  }
  const block = store.block(start.hash);
  if (block === undefined) throw new Error(`block ${start.number} vanished from the store`);
  return { origin: start.l1Origin, systemConfig: systemConfigFromBlock(block, rollup) };
}
