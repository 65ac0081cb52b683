import { bytesToHex, concatBytes, hexToBytes } from "../base/bytes.ts";
import { Turns } from "../base/turns.ts";
import type { Block, BlockHeader, Receipt } from "../chain/types/block.ts";
import type { Address, BlockId, Hash } from "../chain/types/primitives.ts";
import type { ChainTransaction } from "../chain/types/transaction.ts";
import { BUCKET, bucketKey, hashKey } from "./keys.ts";
import type { KeyValueStore, Write } from "./level.ts";

/** The transactions that touch an address: {@link touchedAddresses}. Kept only where somebody extends it. */
export interface AddressIndex {
  /** The block up to which it was built last, on its branch then. */
  builtTo(): BlockId | undefined;
  /**
   * Blocks whose transactions touch the address, with these transactions' places: from block `from` on, upwards or downwards.
   * Only what is canonical now.
   */
  find(address: Address, from: bigint, direction: "up" | "down"): AsyncIterableIterator<TouchedBlock>;
  /** Takes away what left the chain, then indexes what is stored up to block `head`, in turns. One at a time. */
  extend(head: bigint, signal?: AbortSignal): Promise<void>;
}

/** A canonical block and the places in it, ascending, of the transactions that touch an address. */
export interface TouchedBlock {
  block: Block;
  receipts: readonly Receipt[];
  indexes: readonly number[];
}

/** What the index reads of the chain. */
export interface IndexedChain {
  canonicalHash(number: bigint): Hash | undefined;
  block(hash: Hash): Block | undefined;
  header(hash: Hash): BlockHeader | undefined;
  receipts(hash: Hash): readonly Receipt[] | undefined;
}

/** Emitters of logs of one transaction that are indexed: what a stranger writes here costs him less gas than a slot. */
const MAX_EMITTERS = 64;
/** Blocks whose entries are written at once, when it is behind. */
const BATCH = 64;
const ADDRESS_BYTES = 20;

/** Sender, recipient, created contract and, up to 64, the contracts that emitted logs. Calls inside of the transaction leave no other mark. */
export function touchedAddresses(transaction: ChainTransaction, receipt: Receipt): Set<Address> {
  const to = transaction.kind === "deposit" ? transaction.deposit.to : transaction.to;
  const emitters = new Set(receipt.logs.map(({ address }) => address));
  const touched = new Set<Address>([transaction.from, ...[...emitters].slice(0, MAX_EMITTERS)]);
  if (to !== undefined) touched.add(to);
  if (receipt.contractAddress !== undefined) touched.add(receipt.contractAddress);
  return touched;
}

/** `bucket ++ address ++ block number (u64) ++ index (u32)`: one address's transactions lie in the chain's order. */
function entryKey(address: Address, number: bigint, index: number): Uint8Array {
  const place = new Uint8Array(12);
  const view = new DataView(place.buffer);
  view.setBigUint64(0, number);
  view.setUint32(8, index);
  return concatBytes(bucketKey(BUCKET.address, hexToBytes(address)), place);
}

const NOTHING = new Uint8Array(0);
const CURSOR = bucketKey(BUCKET.addressCursor);
const MAX_NUMBER = (1n << 64n) - 1n;

/** The index over a chain's database. */
export function createAddressIndex(level: KeyValueStore, chain: IndexedChain): AddressIndex {
  return new LevelAddressIndex(level, chain);
}

class LevelAddressIndex implements AddressIndex {
  private readonly level: KeyValueStore;
  private readonly chain: IndexedChain;

  constructor(level: KeyValueStore, chain: IndexedChain) {
    this.level = level;
    this.chain = chain;
  }

  builtTo(): BlockId | undefined {
    const stored = this.level.get(CURSOR);
    if (stored === undefined) return undefined;
    const number = new DataView(stored.buffer, stored.byteOffset).getBigUint64(0);
    return { number, hash: bytesToHex(stored.subarray(8, 40)) };
  }

  async *find(address: Address, from: bigint, direction: "up" | "down"): AsyncIterableIterator<TouchedBlock> {
    const isDown = direction === "down";
    const low = entryKey(address, isDown ? 0n : from, 0);
    const high = entryKey(address, isDown ? from : MAX_NUMBER, 0xffff_ffff);
    let last: bigint | undefined;
    for await (const [key] of this.level.entries(low, high, isDown)) {
      const number = new DataView(key.buffer, key.byteOffset).getBigUint64(1 + ADDRESS_BYTES);
      if (number === last) continue;
      last = number;
      const found = this.touched(number, address);
      if (found !== undefined) yield found;
    }
  }

  /** Read from the block itself: entries of a branch that was left may not be taken away yet. */
  private touched(number: bigint, address: Address): TouchedBlock | undefined {
    const hash = this.chain.canonicalHash(number);
    const block = hash && this.chain.block(hash);
    const receipts = hash && this.chain.receipts(hash);
    if (block === undefined || receipts === undefined) return undefined;
    const indexes = block.transactions.flatMap((transaction, index) =>
      touchedAddresses(transaction, receipts[index]!).has(address) ? [index] : [],
    );
    return indexes.length === 0 ? undefined : { block, receipts, indexes };
  }

  async extend(head: bigint, signal?: AbortSignal): Promise<void> {
    const turns = new Turns();
    let next = await this.undo();
    while (next <= head && signal?.aborted !== true) {
      const writes: Write[] = [];
      let last: BlockId | undefined;
      for (; next <= head && (last === undefined || next % BigInt(BATCH) !== 0n); next++) {
        const hash = this.chain.canonicalHash(next);
        const entries = hash && this.entriesOf(next, hash);
        if (hash === undefined || entries === undefined) break;
        for (const key of entries) writes.push({ key, value: NOTHING });
        last = { number: next, hash };
        if (turns.isOver) await turns.next();
      }
      if (last === undefined) return;
      await this.level.write([...writes, cursorWrite(last)], false);
    }
  }

  /** Goes back to the last indexed block that is canonical. Gives the number after it. */
  private async undo(): Promise<bigint> {
    let cursor = this.builtTo();
    while (cursor !== undefined && this.chain.canonicalHash(cursor.number) !== cursor.hash) {
      const { number, hash } = cursor;
      const header = this.chain.header(hash);
      // It left the chain so long ago that it is deleted: what is indexed is written again, and reading looks at the blocks.
      if (header === undefined || number === 0n) return 0n;
      const writes: Write[] = (this.entriesOf(number, hash) ?? []).map((key) => ({ key, value: undefined }));
      cursor = { number: number - 1n, hash: header.parentHash };
      await this.level.write([...writes, cursorWrite(cursor)], false);
    }
    return cursor === undefined ? 0n : cursor.number + 1n;
  }

  /** Undefined where the block is not stored whole. */
  private entriesOf(number: bigint, hash: Hash): Uint8Array[] | undefined {
    const block = this.chain.block(hash);
    if (block === undefined) return undefined;
    const receipts = this.chain.receipts(hash) ?? [];
    if (receipts.length < block.transactions.length) return undefined;
    return block.transactions.flatMap((transaction, index) =>
      [...touchedAddresses(transaction, receipts[index]!)].map((address) => entryKey(address, number, index)),
    );
  }
}

function cursorWrite({ number, hash }: BlockId): Write {
  const value = new Uint8Array(40);
  new DataView(value.buffer).setBigUint64(0, number);
  value.set(hashKey(BUCKET.block, hash).subarray(1), 8);
  return { key: CURSOR, value };
}
