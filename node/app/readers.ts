import { EMPTY_ROOT, L2_TO_L1_MESSAGE_PASSER } from "../chain/constants.ts";
import { outputRoot } from "../chain/output-root.ts";
import { isActive } from "../chain/rules/forks.ts";
import type { Block, BlockHeader } from "../chain/types/block.ts";
import type { L1BlockRef } from "../chain/types/l1.ts";
import type { BlockId, Hash } from "../chain/types/primitives.ts";
import type { RollupConfig } from "../chain/types/rollup.ts";
import type { StateReader } from "../execution/evm/executor.ts";
import type { DerivationDriver } from "../rollup/forkchoice/derivation-driver.ts";
import type { Engine } from "../rollup/forkchoice/engine.ts";
import type { L1Reader } from "../rollup/l1/reader.ts";
import type { L1Watcher } from "../rollup/l1/watcher.ts";
import type {
  AddressReader,
  ChainReader,
  HeadKind,
  OutputAtBlock,
  RollupReader,
  SyncStatus,
} from "../rpc/types.ts";
import type { ChainStore } from "../store/chain-store.ts";
import { appError } from "./errors.ts";

/** What RPC reads of the chain, over store and engine. */
export function createChainReader(
  store: ChainStore,
  engine: { heads(): Record<HeadKind, BlockId>; subscribe: ChainReader["onHead"] },
  hasAddresses = false,
): ChainReader {
  const byNumber = (number: bigint): Block | undefined => {
    const hash = store.canonicalHash(number);
    return hash === undefined ? undefined : store.block(hash);
  };
  return {
    head(kind) {
      const { hash, number } = engine.heads()[kind];
      return { hash, number };
    },
    async headerByNumber(number) {
      const hash = store.canonicalHash(number);
      const header = hash && store.header(hash);
      return header && { hash, header };
    },
    headerByHash: async (hash) => store.header(hash),
    blockByNumber: async (number) => byNumber(number),
    blockByHash: async (hash) => store.block(hash),
    candidates: (query, from, to) => store.logIndex.candidates(query, from, to),
    receipts: async (hash) => store.receipts(hash),
    ...(hasAddresses && {
      addresses: {
        builtTo: () => store.addressIndex.builtTo()?.number ?? -1n,
        find: (...of) => store.addressIndex.find(...of),
      } satisfies AddressReader,
    }),
    oldestState: () => store.oldestState(),
    async locate(transactionHash) {
      const location = store.transaction(transactionHash);
      const header = location && store.header(location.blockHash);
      return header && { ...location, blockNumber: header.number };
    },
    onHead: (listener) => engine.subscribe(listener),
  };
}

/** What output roots are read from. */
export interface OutputParts {
  store: Pick<ChainStore, "canonicalHash" | "header" | "ref" | "oldestState">;
  state: StateReader;
  rollup: RollupConfig;
}

export interface RollupReaderParts extends OutputParts {
  store: ChainStore;
  engine: Engine;
  driver: DerivationDriver;
  watcher: L1Watcher;
  l1: L1Reader;
}

/** What `optimism_*` and the proposer read. */
export function createRollupReader(parts: RollupReaderParts): RollupReader {
  const { store, l1 } = parts;
  return {
    syncStatus: async () => syncStatus(parts),
    outputAtBlock: (number) => outputAtBlock(parts, number),
    async safeHeadAtL1Block(l1Number) {
      for await (const record of store.safeHeads(l1Number)) {
        return { l1Block: record.l1, safeHead: record.l2 };
      }
      // Before the first batch genesis is safe, from L1's own first block on: op-node's answer.
      const l1Block = await l1.refByNumber(0n);
      const safeHead = store.canonicalHash(0n);
      if (l1Block !== undefined && safeHead !== undefined) {
        return { l1Block, safeHead: { hash: safeHead, number: 0n } };
      }
      throw appError("SAFE_HEAD_NOT_FOUND", {
        message: `No L2 block was safe yet at L1 block ${l1Number}, and the L1 node has no first block.`,
        fix: "Ask for an L1 block after the first batch, or give the node an L1 that keeps its history.",
        facts: { l1Number },
      });
    },
  };
}

/** From memory, as op-node: an L1 that hangs delays no answer. */
function syncStatus({ engine, driver, watcher }: RollupReaderParts): SyncStatus {
  const heads = watcher.heads();
  const { unsafe, safe, finalized } = engine.heads();
  return {
    currentL1: driver.lastReadL1() ?? NO_BLOCK,
    headL1: heads?.latest ?? NO_BLOCK,
    safeL1: heads?.safe ?? NO_BLOCK,
    finalizedL1: heads?.finalized ?? NO_BLOCK,
    unsafeL2: unsafe,
    safeL2: safe,
    finalizedL2: finalized,
  };
}

const ZERO: Hash = `0x${"00".repeat(32)}`;
/** op-node answers zeros for what it does not know yet. */
const NO_BLOCK: L1BlockRef = { hash: ZERO, number: 0n, parentHash: ZERO, timestamp: 0n };

/**
 * Output root of a canonical block; its header holds all of it from Isthmus on. Before, its state must still be there.
 * @throws CodedError `BLOCK_NOT_FOUND`, `STATE_PRUNED`.
 */
export async function outputAtBlock(parts: OutputParts, number: bigint): Promise<OutputAtBlock> {
  const { store } = parts;
  const hash = store.canonicalHash(number);
  const header = hash && store.header(hash);
  const blockRef = hash && store.ref(hash);
  if (header === undefined || blockRef === undefined) {
    throw appError("BLOCK_NOT_FOUND", {
      message: `There is no block ${number} on this node.`,
      fix: "Ask for a block up to the head; optimism_syncStatus names it.",
      facts: { number },
    });
  }
  const { stateRoot } = header;
  const withdrawals = await messagePasserRoot(parts, header);
  return {
    outputRoot: outputRoot(stateRoot, withdrawals, blockRef.hash),
    blockRef,
    withdrawalStorageRoot: withdrawals,
    stateRoot,
  };
}

/** Storage root of L2ToL1MessagePasser after the block: the header's withdrawals root is another thing before Isthmus. */
async function messagePasserRoot(
  { store, state, rollup }: OutputParts,
  { number, stateRoot, timestamp, withdrawalsRoot }: BlockHeader,
): Promise<Hash> {
  if (isActive(rollup, "isthmus", timestamp) && withdrawalsRoot !== undefined) return withdrawalsRoot;
  const oldest = store.oldestState();
  if (number < oldest) {
    throw appError("STATE_PRUNED", {
      message: `The output root of block ${number} is not available: this node keeps states from block ${oldest} on.`,
      fix: "Ask a node that keeps all states, one that runs without --state-history.",
      facts: { number, oldest },
    });
  }
  return (await state.account(stateRoot, L2_TO_L1_MESSAGE_PASSER))?.storageRoot ?? EMPTY_ROOT;
}
