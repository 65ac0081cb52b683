import { rename, rm } from "node:fs/promises";
import { equalsBytes, hexToBytes } from "../../base/bytes.ts";
import { isCodedError } from "../../base/errors.ts";
import { hashHeader } from "../../chain/codec/header.ts";
import { encodeReceipt } from "../../chain/codec/receipt.ts";
import { decodeTransaction } from "../../chain/codec/transaction.ts";
import { keccak256 } from "../../chain/crypto.ts";
import { listRoot } from "../../chain/trie-root.ts";
import type { Block, Receipt } from "../../chain/types/block.ts";
import type { BlockId, Hash } from "../../chain/types/primitives.ts";
import type { RollupConfig } from "../../chain/types/rollup.ts";
import type { ChainTransaction } from "../../chain/types/transaction.ts";
import { creationAddress } from "../../execution/evm/block/outcome.ts";
import { prices } from "../../execution/evm/block/prices.ts";
import { ensureFlatTable } from "../../execution/state/build-flat.ts";
import { KeySet } from "../../execution/state/key-set.ts";
import { NodeStore } from "../../execution/state/node-store.ts";
import { walkState } from "../../execution/state/state-walk.ts";
import { codeWrite } from "../../execution/state/stored-code.ts";
import { decodeBlockHead, decodeStoredBlock, encodeBlockBody } from "../../store/block-codec.ts";
import { type ChainStore, type NewBlock, openChainStore } from "../../store/chain-store.ts";
import { decodeStoredReceipts } from "../../store/receipt-codec.ts";
import { decodeSafeHead } from "../../store/records.ts";
import type { StateWrite } from "../../store/types.ts";
import { RECORD, readSnapshot, type SnapshotHeader, type SnapshotRecord, snapshotInvalid } from "./format.ts";

export interface ImportOptions {
  file: string;
  /** Of the new database; must not exist yet. */
  folder: string;
  rollup: RollupConfig;
}

/** Entries and blocks that are written at once. */
const BATCH = 1_000;
const CACHED_NODES = 4_096;

/**
 * Makes a node's database from a snapshot. Blocks are checked by their hashes, roots and signatures, the state by its hashes
 * and by a walk through all of it; that its head is the chain's is for who names the file to know. What receipts tell of the L1
 * fee's parts is believed. The folder appears when all is well, not before.
 * @throws CodedError `CHAIN_SNAPSHOT_INVALID`; `STORE_*`.
 */
export async function importSnapshot({ file, folder, rollup }: ImportOptions): Promise<BlockId> {
  const { header, records } = await readSnapshot(file);
  if (header.genesis !== rollup.genesis.l2.hash) {
    const facts = { found: header.genesis, expected: rollup.genesis.l2.hash };
    throw snapshotInvalid("it is of another chain", facts);
  }
  const partial = `${folder}.importing`;
  await rm(partial, { recursive: true, force: true });
  const store = await openChainStore(partial, rollup);
  try {
    const importer = new Importer(store, rollup, header);
    for await (const record of records) await importer.take(record);
    await importer.finish();
    await ensureFlatTable(store);
  } catch (error) {
    await store.close();
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
  await store.close();
  await rename(partial, folder);
  return header.head;
}

class Importer {
  private readonly store: ChainStore;
  private readonly rollup: RollupConfig;
  private readonly header: SnapshotHeader;
  private state: StateWrite[] = [];
  private blocks: NewBlock[] = [];
  private last: BlockId | undefined;
  private readonly codes = new KeySet();

  constructor(store: ChainStore, rollup: RollupConfig, header: SnapshotHeader) {
    this.store = store;
    this.rollup = rollup;
    this.header = header;
  }

  async take({ kind, payload }: SnapshotRecord): Promise<void> {
    if (kind === RECORD.node) this.state.push({ key: keccak256(payload), value: payload });
    else if (kind === RECORD.code) this.code(payload);
    else if (kind === RECORD.block) this.block(payload);
    else if (kind === RECORD.safeHead) await this.safeHead(payload);
    if (this.state.length >= BATCH) await this.writeState();
    if (this.blocks.length >= BATCH) await this.writeBlocks();
  }

  async finish(): Promise<void> {
    await this.writeState();
    await this.writeBlocks();
    const { hash, number } = this.header.head;
    if (this.last?.hash !== hash || this.last.number !== number) {
      throw snapshotInvalid("its last block is not the one that it names", {
        named: hash,
        last: this.last?.hash,
      });
    }
    await this.checkState(hash);
  }

  /** Walks through the head's whole state. */
  private async checkState(head: Hash): Promise<void> {
    const root = hexToBytes(this.store.header(head)!.stateRoot);
    const code = (key: Uint8Array) => {
      if (!this.codes.has(key)) throw snapshotInvalid("code is missing in its state");
    };
    try {
      const nodes = new NodeStore(this.store.state, CACHED_NODES);
      for await (const _ of walkState(nodes, root, { node: () => true, code }));
    } catch (cause) {
      if (!isCodedError(cause, "STATE_NODE_MISSING")) throw cause;
      throw snapshotInvalid("its state is not whole", cause.facts);
    }
  }

  private code(code: Uint8Array): void {
    const codeHash = keccak256(code);
    this.codes.add(codeHash);
    this.state.push(codeWrite(codeHash, code));
  }

  private block(payload: Uint8Array): void {
    const made = refuseAsInvalid(() => decodeRecord(payload, this.rollup));
    const { hash, header } = made.block;
    const expected = this.last === undefined ? 0n : this.last.number + 1n;
    const isChild =
      this.last === undefined ? hash === this.header.genesis : header.parentHash === this.last.hash;
    if (header.number !== expected || !isChild) {
      throw snapshotInvalid("its blocks are no chain", { number: header.number, hash });
    }
    this.last = { hash, number: header.number };
    this.blocks.push(made);
  }

  private async safeHead(payload: Uint8Array): Promise<void> {
    await this.writeBlocks();
    const entry = refuseAsInvalid(() => {
      const number = new DataView(payload.buffer, payload.byteOffset, payload.length).getBigUint64(0);
      return decodeSafeHead(number, payload.subarray(8));
    });
    if (this.store.canonicalHash(entry.l2.number) !== entry.l2.hash) {
      throw snapshotInvalid("it names a safe block that it does not have", { hash: entry.l2.hash });
    }
    await this.store.adoptSafeHead(entry);
  }

  private async writeState(): Promise<void> {
    await this.store.adoptState(this.header.head.number, this.state);
    this.state = [];
  }

  private async writeBlocks(): Promise<void> {
    const { blocks, last } = this;
    if (blocks.length === 0 || last === undefined) return;
    const heads = { unsafe: last.hash, safe: last.hash, finalized: last.hash };
    await this.store.commit({ blocks, heads });
    this.blocks = [];
  }
}

/** What a stranger's bytes make the codecs throw is the snapshot's fault, not this database's. */
function refuseAsInvalid<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isCodedError(error, "CHAIN_SNAPSHOT_INVALID")) throw error;
    throw snapshotInvalid("a record can't be read", { reason: String(error) });
  }
}

/** Nothing in the record is believed: what the store keeps beside a block is worked out again. */
function decodeRecord(payload: Uint8Array, rollup: RollupConfig): NewBlock {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const [headEnd, bodyEnd] = [8 + view.getUint32(0), 8 + view.getUint32(0) + view.getUint32(4)];
  if (bodyEnd > payload.length) throw snapshotInvalid("a block's record is too short");
  const head = decodeBlockHead(payload.subarray(8, headEnd));
  const hash = hashHeader(head.header);
  const body = payload.subarray(headEnd, bodyEnd);
  const stored = decodeStoredBlock(hash, head, body);
  const transactions = stored.transactions.map(({ raw }) => decodeTransaction(raw, rollup));
  const block: Block = { hash, header: head.header, transactions };
  const receipts = decodeStoredReceipts(payload.subarray(bodyEnd));
  checkRoot(
    "transactions",
    head.header.transactionsRoot,
    transactions.map(({ raw }) => raw),
  );
  checkRoot("receipts", head.header.receiptsRoot, receipts.map(encodeReceipt));
  for (const [i, receipt] of receipts.entries()) {
    checkReceipt(receipt, receipts[i - 1], transactions[i], head.header.baseFeePerGas ?? 0n);
  }
  if (!equalsBytes(encodeBlockBody(block), body))
    throw snapshotInvalid("a block's senders are wrong", { hash });
  return { block, receipts, state: { writes: [] } };
}

/** What a receipt says beyond what its root holds, save for the L1 fee's parts: those are believed. */
function checkReceipt(
  receipt: Receipt,
  before: Receipt | undefined,
  transaction: ChainTransaction | undefined,
  baseFee: bigint,
): void {
  const gasUsed = receipt.cumulativeGasUsed - (before?.cumulativeGasUsed ?? 0n);
  if (receipt.gasUsed !== gasUsed) throw snapshotInvalid("a receipt's gas is wrong");
  if (transaction?.kind !== "signed") return;
  const made =
    transaction.to === undefined ? creationAddress(transaction.from, transaction.nonce) : undefined;
  const price = prices(transaction, baseFee).effective;
  if (receipt.effectiveGasPrice !== price || receipt.contractAddress !== made) {
    throw snapshotInvalid("a receipt is not its transaction's");
  }
}

function checkRoot(what: string, root: Hash, items: readonly Uint8Array[]): void {
  if (listRoot(items) !== root) throw snapshotInvalid(`a block's ${what} are not those of its header`);
}
