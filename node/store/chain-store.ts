import { join } from "node:path";
import { writeHex } from "../base/bytes.ts";
import type { CodedError } from "../base/errors.ts";
import { createMutex } from "../base/mutex.ts";
import { inTurns } from "../base/steps.ts";
import { l2BlockRefFromBlock } from "../chain/system-config.ts";
import type { Block, BlockHeader, Receipt } from "../chain/types/block.ts";
import type { Hash } from "../chain/types/primitives.ts";
import type { L2BlockRef, RollupConfig } from "../chain/types/rollup.ts";
import { type AddressIndex, createAddressIndex } from "./address-index.ts";
import {
  attributesOf,
  type BlockHead,
  decodeBlockHead,
  decodeStoredBlock,
  encodeBlockBody,
  encodeBlockHead,
} from "./block-codec.ts";
import { storeError } from "./errors.ts";
import { FlatTable } from "./flat-table.ts";
import {
  BUCKET,
  type Bucket,
  bucketEnd,
  bucketKey,
  hashKey,
  hashOfKey,
  numberHashKey,
  numberKey,
  numberOfKey,
  toHash,
} from "./keys.ts";
import { type KeyValueReader, type KeyValueStore, openLevel, type Write } from "./level.ts";
import { createLogIndex, type LogIndex } from "./log-index.ts";
import { createLru } from "./lru.ts";
import { type MempoolJournal, openMempoolJournal } from "./mempool-journal.ts";
import { decodeStoredReceipts, encodeStoredReceipts } from "./receipt-codec.ts";
import {
  decodeHeads,
  decodeMeta,
  decodeSafeHead,
  decodeTransactionLocation,
  encodeHeads,
  encodeMeta,
  encodeSafeHead,
  encodeTransactionLocation,
  SCHEMA_VERSION,
} from "./records.ts";
import { createSweeper, type SweepPlan, type SweepResult } from "./sweep.ts";
import type { ChainHeads, FlatDiff, SafeHeadEntry, StateWrite, TransactionLocation } from "./types.ts";

/** A block and what its execution made. */
export interface NewBlock {
  block: Block;
  receipts: readonly Receipt[];
  /** The state that it leads to; without `flat` the flat table is dropped. */
  state: { writes: readonly StateWrite[]; flat?: FlatDiff };
}

/** One step of the chain, written whole or not at all. */
export interface ChainUpdate {
  /** Ascending; they become canonical. */
  blocks?: readonly NewBlock[];
  /** Blocks that leave the canonical chain, ascending; all of them above the new ones' parent. */
  orphaned?: readonly Block[];
  heads: ChainHeads;
  /** The safe head as of an L1 block; later entries are dropped with it. */
  safeHead?: SafeHeadEntry;
  /** Drops entries of L1 blocks above this number. */
  forgetSafeHeadsAbove?: bigint;
  /** True: survives a power cut once resolved. */
  durable?: boolean;
}

/** The chain on disk. Reads are of committed data only. */
export interface ChainStore {
  /** Trie nodes and code. */
  readonly state: KeyValueReader;
  /** The unsafe head's accounts and slots, read without a trie. */
  readonly flat: FlatTable;
  readonly mempool: MempoolJournal;
  readonly logIndex: LogIndex;
  readonly addressIndex: AddressIndex;
  /** The heads, or undefined while the store has no genesis. */
  heads(): ChainHeads | undefined;
  block(hash: Hash): Block | undefined;
  /** A block's header, without a look at its transactions. */
  header(hash: Hash): BlockHeader | undefined;
  ref(hash: Hash): L2BlockRef | undefined;
  /** Hash of the canonical block with this number. */
  canonicalHash(number: bigint): Hash | undefined;
  receipts(blockHash: Hash): readonly Receipt[] | undefined;
  /** Where a transaction of the canonical chain is. */
  transaction(hash: Hash): TransactionLocation | undefined;
  /** Entries of L1 blocks up to `l1Number`, newest first. */
  safeHeads(l1Number?: bigint): AsyncIterableIterator<SafeHeadEntry>;
  /** Number of the oldest canonical block whose state is kept; that of later ones is. */
  oldestState(): bigint;
  /** Deletes the state that `plan` does not keep. Commits may go on meanwhile. */
  sweepState(plan: SweepPlan): Promise<SweepResult>;
  /** Bytes on disk of each table, about: what was written last is not counted. */
  sizes(): Promise<Record<keyof typeof BUCKET, number>>;
  /** Takes in state from elsewhere, that of block `oldest` or later ones; named by its hashes, so it changes nothing that is there. */
  adoptState(oldest: bigint, writes: readonly StateWrite[]): Promise<void>;
  adoptSafeHead(entry: SafeHeadEntry): Promise<void>;
  commit(update: ChainUpdate): Promise<void>;
  close(): Promise<void>;
}

const NOTHING = new Uint8Array(0);
/** Beside the database's own files, which it tells by their names. */
const MEMPOOL_FOLDER = "mempool";
const CACHED_BLOCKS = 256;
const CACHED_HEADS = 2_048;

/**
 * Opens the chain of `rollup` in `folder`.
 * @throws CodedError `STORE_LOCKED`, `STORE_CORRUPT`, `STORE_UNAVAILABLE`, `STORE_SCHEMA` (another version's data),
 * `STORE_OTHER_CHAIN` (another genesis).
 */
export async function openChainStore(folder: string, rollup: RollupConfig): Promise<ChainStore> {
  const level = await openLevel(folder);
  try {
    await checkMeta(level, folder, rollup);
    return chainStore(level, folder, rollup, openMempoolJournal(join(folder, MEMPOOL_FOLDER)));
  } catch (error) {
    await level.close();
    throw error;
  }
}

async function checkMeta(level: KeyValueStore, folder: string, rollup: RollupConfig): Promise<void> {
  const key = bucketKey(BUCKET.meta);
  const stored = level.get(key);
  if (stored === undefined) {
    const meta = { schema: SCHEMA_VERSION, genesis: rollup.genesis.l2.hash };
    return level.write([{ key, value: encodeMeta(meta) }], true);
  }
  const meta = decodeMeta(stored);
  if (meta.schema !== SCHEMA_VERSION) {
    throw storeError("STORE_SCHEMA", {
      message: `The data in ${folder} has format ${meta.schema}; this version reads format ${SCHEMA_VERSION}.`,
      fix: "Use the version that wrote it, or start with --reset.",
      facts: { folder, found: meta.schema, expected: SCHEMA_VERSION },
    });
  }
  if (meta.genesis !== rollup.genesis.l2.hash) {
    throw storeError("STORE_OTHER_CHAIN", {
      message: `The data in ${folder} belongs to the chain with genesis ${meta.genesis}, not ${rollup.genesis.l2.hash}.`,
      fix: "Give another --data-dir, or start with --reset.",
      facts: { folder, found: meta.genesis, expected: rollup.genesis.l2.hash },
    });
  }
}

function chainStore(
  level: KeyValueStore,
  folder: string,
  rollup: RollupConfig,
  mempool: MempoolJournal,
): ChainStore {
  const blocks = createLru<Hash, Block>(CACHED_BLOCKS);
  const blockHeads = createLru<Hash, BlockHead>(CACHED_HEADS);
  const receiptLists = createLru<Hash, readonly Receipt[]>(CACHED_BLOCKS);
  const storedHeads = level.get(bucketKey(BUCKET.heads));
  let heads = storedHeads === undefined ? undefined : decodeHeads(storedHeads);

  const head = (hash: Hash) =>
    blockHeads.getOrMake(hash, () => {
      const record = level.get(hashKey(BUCKET.block, hash));
      return record === undefined ? undefined : decodeBlockHead(record);
    });
  const block = (hash: Hash) =>
    blocks.getOrMake(hash, () => {
      const found = head(hash);
      const body = found && level.get(hashKey(BUCKET.body, hash));
      return found && body && decodeStoredBlock(hash, found, body);
    });
  const read = {
    block,
    header: (hash: Hash) => head(hash)?.header,
    canonicalHash(number: bigint) {
      const found = level.get(numberKey(BUCKET.canonical, number));
      return found === undefined ? undefined : toHash(found);
    },
    receipts: (hash: Hash) =>
      receiptLists.getOrMake(hash, () => {
        const stored = level.get(hashKey(BUCKET.receipts, hash));
        return stored === undefined ? undefined : decodeStoredReceipts(stored);
      }),
  };
  const writing = createMutex();
  const sweeper = createSweeper(level, writing);
  const flat = new FlatTable(level, heads && head(heads.unsafe)?.header, writing);
  for (const hash of heads === undefined ? [] : [heads.unsafe, heads.safe, heads.finalized]) {
    if (block(hash) === undefined) throw missingBlock(folder, hash);
  }

  return {
    state: { get: (key) => level.get(bucketKey(BUCKET.state, key)) },
    flat,
    mempool,
    logIndex: createLogIndex(level),
    addressIndex: createAddressIndex(level, read),
    heads: () => heads,
    ref(hash) {
      const found = head(hash);
      if (found === undefined) return undefined;
      const { header, attributes } = found;
      const transactions = attributes === undefined ? [] : [attributes];
      return l2BlockRefFromBlock({ hash, header, transactions }, rollup);
    },
    ...read,
    transaction(hash) {
      const found = level.get(hashKey(BUCKET.transaction, hash));
      return found === undefined ? undefined : decodeTransactionLocation(found);
    },
    safeHeads: (l1Number) => safeHeads(level, l1Number),
    oldestState: () => sweeper.oldest(),
    sweepState: (plan) => sweeper.sweep(plan),
    async sizes() {
      const of = async ([name, bucket]: [string, Bucket]) =>
        [name, await level.size(bucketKey(bucket), bucketEnd(bucket))] as const;
      const all = await Promise.all(Object.entries(BUCKET).map(of));
      return Object.fromEntries(all) as Record<keyof typeof BUCKET, number>;
    },
    async adoptState(oldest, writes) {
      await sweeper.setOldest(oldest);
      await level.write(
        writes.map(({ key, value }) => ({ key: bucketKey(BUCKET.state, key), value })),
        false,
      );
    },
    async adoptSafeHead(entry) {
      await level.write([safeHeadWrite(entry)], false);
    },
    async commit(update) {
      const added: EncodedBlock[] = [];
      await writing.run(async () => {
        for (const made of update.blocks ?? []) {
          const record = await inTurns(encodeStoredReceipts(made.receipts));
          added.push({ ...made, body: encodeBlockBody(made.block), record });
        }
        const finalized = finalizedNumber(update, added, heads, (hash) => head(hash)?.header.number);
        const gone = [
          ...(await staleSafeHeads(level, update)),
          ...(await finishedOrphans(level, finalized, added)),
        ];
        for (const { state } of added) sweeper.wrote(state.writes);
        const writes = gone.concat(updateWrites(update, added));
        await flat.follow(update, (more) => level.write(writes.concat(more), update.durable ?? false));
        heads = update.heads;
      });
      for (const { block, receipts, body } of added) {
        // As it would be read: what executing it has left in its transactions need not be kept.
        const head = { header: block.header, attributes: attributesOf(block) };
        const known = head.attributes === undefined ? block.transactions : block.transactions.slice(1);
        blockHeads.set(block.hash, head);
        blocks.set(block.hash, decodeStoredBlock(block.hash, head, body, known));
        receiptLists.set(block.hash, receipts);
      }
    },
    close() {
      mempool.close();
      return level.close();
    },
  };
}

async function* safeHeads(level: KeyValueStore, l1Number?: bigint): AsyncIterableIterator<SafeHeadEntry> {
  const from = bucketKey(BUCKET.safeHead);
  const to = l1Number === undefined ? bucketEnd(BUCKET.safeHead) : numberKey(BUCKET.safeHead, l1Number + 1n);
  for await (const [key, value] of level.entries(from, to, true))
    yield decodeSafeHead(numberOfKey(key), value);
}

async function staleSafeHeads(level: KeyValueStore, update: ChainUpdate): Promise<Write[]> {
  const above = update.safeHead?.l1.number ?? update.forgetSafeHeadsAbove;
  if (above === undefined) return [];
  const writes: Write[] = [];
  const from = numberKey(BUCKET.safeHead, above + 1n);
  for await (const [key] of level.entries(from, bucketEnd(BUCKET.safeHead))) {
    writes.push({ key: key.slice(), value: undefined });
  }
  return writes;
}

function safeHeadWrite(entry: SafeHeadEntry): Write {
  return { key: numberKey(BUCKET.safeHead, entry.l1.number), value: encodeSafeHead(entry) };
}

/** The number of the finalized head, if the update moves it. */
function finalizedNumber(
  { heads }: ChainUpdate,
  added: readonly EncodedBlock[],
  before: ChainHeads | undefined,
  stored: (hash: Hash) => bigint | undefined,
): bigint | undefined {
  if (heads.finalized === before?.finalized) return undefined;
  return (
    added.find(({ block }) => block.hash === heads.finalized)?.block.header.number ?? stored(heads.finalized)
  );
}

/** Deletes blocks that left the chain, up to the finalized one: nothing leads back to them. */
async function finishedOrphans(
  level: KeyValueStore,
  finalized: bigint | undefined,
  added: readonly EncodedBlock[],
): Promise<Write[]> {
  if (finalized === undefined) return [];
  const writes: Write[] = [];
  const to = numberKey(BUCKET.orphan, finalized + 1n);
  for await (const [key] of level.entries(bucketKey(BUCKET.orphan), to)) {
    const hash = hashOfKey(key);
    writes.push({ key: key.slice(), value: undefined });
    const canonical = level.get(numberKey(BUCKET.canonical, numberOfKey(key)));
    // It may have come back since.
    if (canonical !== undefined && toHash(canonical) === hash) continue;
    if (added.some(({ block }) => block.hash === hash)) continue;
    for (const bucket of [BUCKET.block, BUCKET.body, BUCKET.receipts]) {
      writes.push({ key: hashKey(bucket, hash), value: undefined });
    }
  }
  return writes;
}

/** Removals come first: a transaction of an orphaned block may be in a new one too. */
function updateWrites(update: ChainUpdate, blocks: readonly EncodedBlock[]): Write[] {
  const writes: Write[] = [];
  for (const block of update.orphaned ?? []) {
    const { hash, header } = block;
    writes.push({ key: numberKey(BUCKET.canonical, header.number), value: undefined });
    writes.push({ key: numberHashKey(BUCKET.orphan, header.number, hash), value: NOTHING });
    for (const { hash } of block.transactions) {
      writes.push({ key: hashKey(BUCKET.transaction, hash), value: undefined });
    }
  }
  for (const added of blocks) writes.push(...blockWrites(added));
  if (update.safeHead) {
    writes.push(safeHeadWrite(update.safeHead));
  }
  writes.push({ key: bucketKey(BUCKET.heads), value: encodeHeads(update.heads) });
  return writes;
}

type EncodedBlock = NewBlock & { body: Uint8Array; record: Uint8Array };

function blockWrites({ block, state, body, record }: EncodedBlock): Write[] {
  const { hash, header, transactions } = block;
  return [
    ...state.writes.map(({ key, value }) => ({ key: bucketKey(BUCKET.state, key), value })),
    { key: hashKey(BUCKET.block, hash), value: encodeBlockHead(block) },
    { key: hashKey(BUCKET.body, hash), value: body },
    { key: hashKey(BUCKET.receipts, hash), value: record },
    { key: numberKey(BUCKET.canonical, header.number), value: hashKey(BUCKET.block, hash).subarray(1) },
    ...locationWrites(
      hash,
      transactions.map((transaction) => transaction.hash),
    ),
  ];
}

/** Where a block's transactions are; all of them in one piece of memory. */
function locationWrites(blockHash: Hash, hashes: readonly Hash[]): Write[] {
  const location = encodeTransactionLocation({ blockHash, index: 0 });
  const keyBytes = 1 + 32;
  const rowBytes = keyBytes + location.length;
  const rows = new Uint8Array(rowBytes * hashes.length);
  const view = new DataView(rows.buffer);
  return hashes.map((hash, index) => {
    const at = index * rowBytes;
    rows[at] = BUCKET.transaction;
    writeHex(hash, rows, at + 1);
    rows.set(location, at + keyBytes);
    view.setUint32(at + rowBytes - 4, index);
    return { key: rows.subarray(at, at + keyBytes), value: rows.subarray(at + keyBytes, at + rowBytes) };
  });
}

function missingBlock(folder: string, hash: Hash): CodedError {
  return storeError("STORE_CORRUPT", {
    message: `The database in ${folder} names ${hash} as a head but does not have that block.`,
    fix: "Restore it from a copy, or start with --reset; a node without sequencer derives the chain again from L1.",
    facts: { folder, hash },
  });
}
