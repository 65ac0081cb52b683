import { bytesToHex, writeHex } from "../base/bytes.ts";
import type { CodedError } from "../base/errors.ts";
import { DEPOSIT_TYPE } from "../chain/codec/deposit.ts";
import { decodeHeader, encodeHeader } from "../chain/codec/header.ts";
import { fastLzSize, storedTransaction } from "../chain/codec/transaction.ts";
import type { Block, BlockHeader } from "../chain/types/block.ts";
import type { Hash } from "../chain/types/primitives.ts";
import type { ChainDeposit, ChainTransaction } from "../chain/types/transaction.ts";
import { storeError } from "./errors.ts";

/** The block without its other transactions: enough to tell its origin and its fee settings. */
export interface BlockHead {
  header: BlockHeader;
  /** The L1 attributes transaction; a genesis block has none. */
  attributes: ChainTransaction | undefined;
}

const ADDRESS_BYTES = 20;
/** Of each transaction in a body: envelope's length u32, sender, FastLZ length u32. */
const ROW_BYTES = 4 + ADDRESS_BYTES + 4;

function unreadable(cause?: unknown): CodedError {
  return storeError("STORE_CORRUPT", {
    message: "A stored block can't be read.",
    fix: "Restore the data folder from a copy, or start with --reset.",
    cause,
  });
}

/** The first transaction, if it is the L1 attributes' deposit: it stands in the head's record. */
export function attributesOf({ transactions }: Block): ChainDeposit | undefined {
  const [first] = transactions;
  return first?.kind === "deposit" ? first : undefined;
}

/** Length of the L1 attributes' envelope u32 (0: none), that envelope, the header's RLP. */
export function encodeBlockHead(block: Block): Uint8Array {
  const attributes = attributesOf(block)?.raw;
  const header = encodeHeader(block.header);
  const length = attributes?.length ?? 0;
  const record = new Uint8Array(4 + length + header.length);
  new DataView(record.buffer).setUint32(0, length);
  if (attributes !== undefined) record.set(attributes, 4);
  record.set(header, 4 + length);
  return record;
}

/** Inverse of {@link encodeBlockHead}. @throws CodedError `STORE_CORRUPT`. */
export function decodeBlockHead(record: Uint8Array): BlockHead {
  if (record.length < 4) throw unreadable();
  const length = new DataView(record.buffer, record.byteOffset).getUint32(0);
  if (length > record.length - 4) throw unreadable();
  try {
    const header = decodeHeader(record.subarray(4 + length));
    if (length === 0) return { header, attributes: undefined };
    const raw = record.subarray(4, 4 + length);
    if (raw[0] !== DEPOSIT_TYPE) throw unreadable();
    return { header, attributes: storedTransaction(raw, "0x", 0) };
  } catch (cause) {
    throw unreadable(cause);
  }
}

/**
 * What the head's record does not hold: the number of transactions u32, for each its envelope's length u32, its sender and
 * its FastLZ length u32, then all envelopes. So reading it recovers no signature and compresses nothing.
 */
export function encodeBlockBody(block: Block): Uint8Array {
  const transactions = attributesOf(block) === undefined ? block.transactions : block.transactions.slice(1);
  const rows = 4 + transactions.length * ROW_BYTES;
  const record = new Uint8Array(transactions.reduce((sum, { raw }) => sum + raw.length, rows));
  const view = new DataView(record.buffer);
  view.setUint32(0, transactions.length);
  let row = 4;
  let at = rows;
  for (const transaction of transactions) {
    const { raw, kind, from } = transaction;
    view.setUint32(row, raw.length);
    if (kind !== "deposit") writeHex(from, record, row + 4);
    view.setUint32(row + 4 + ADDRESS_BYTES, fastLzSize(transaction));
    record.set(raw, at);
    row += ROW_BYTES;
    at += raw.length;
  }
  return record;
}

function decodeBody(
  record: Uint8Array,
  known: readonly Pick<ChainTransaction, "hash" | "from">[] | undefined,
): ChainTransaction[] {
  if (record.length < 4) throw unreadable();
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const count = view.getUint32(0);
  let at = 4 + count * ROW_BYTES;
  if (at > record.length) throw unreadable();
  const transactions: ChainTransaction[] = [];
  for (let row = 4; row < 4 + count * ROW_BYTES; row += ROW_BYTES) {
    const end = at + view.getUint32(row);
    if (end === at || end > record.length) throw unreadable();
    const one = known?.[transactions.length];
    const from = one?.from ?? bytesToHex(record.subarray(row + 4, row + 4 + ADDRESS_BYTES));
    transactions.push(storedTransaction(record.subarray(at, end), from, view.getUint32(row + 24), one?.hash));
    at = end;
  }
  if (at !== record.length) throw unreadable();
  return transactions;
}

/**
 * The block of both records; its transactions' fields are read when they are asked for. `known`: those of the body, where they
 * are at hand. @throws CodedError `STORE_CORRUPT`.
 */
export function decodeStoredBlock(
  hash: Hash,
  head: BlockHead,
  body: Uint8Array,
  known?: readonly Pick<ChainTransaction, "hash" | "from">[],
): Block {
  const { header, attributes } = head;
  const rest = decodeBody(body, known);
  return { hash, header, transactions: attributes === undefined ? rest : [attributes, ...rest] };
}
