import { type BloomQuery, bloomMatches } from "../../node/chain/rules/bloom.ts";
import type { Block, Receipt } from "../../node/chain/types/block.ts";
import type { Hash } from "../../node/chain/types/primitives.ts";
import type { ChainReader, HeadEvent, LocatedTransaction } from "../../node/rpc/types.ts";

/** A chain in memory for RPC tests; all three heads are its last block. */
export class MemoryChain implements ChainReader {
  private readonly byNumber: Block[] = [];
  private readonly byHash = new Map<Hash, Block>();
  private readonly receiptsOf = new Map<Hash, readonly Receipt[]>();
  private readonly locations = new Map<Hash, LocatedTransaction>();
  private readonly listeners = new Set<(event: HeadEvent) => void>();

  /** Appends a block; the first is number 0. */
  append(block: Block, receipts: readonly Receipt[]): void {
    this.place(block, receipts);
    for (const listener of this.listeners) listener({ removed: [], added: [block] });
  }

  private place(block: Block, receipts: readonly Receipt[]): void {
    this.byNumber.push(block);
    this.byHash.set(block.hash, block);
    this.receiptsOf.set(block.hash, receipts);
    for (const [index, { hash }] of block.transactions.entries()) {
      this.locations.set(hash, { blockHash: block.hash, blockNumber: block.header.number, index });
    }
  }

  /** Takes the last blocks away and puts others in their place, as a reorg does; what was taken stays to be read by its hash. */
  replace(count: number, blocks: readonly { block: Block; receipts: readonly Receipt[] }[]): void {
    const removed = this.byNumber.splice(this.byNumber.length - count, count);
    for (const { transactions } of removed) for (const { hash } of transactions) this.locations.delete(hash);
    for (const { block, receipts } of blocks) this.place(block, receipts);
    for (const listener of this.listeners) listener({ removed, added: blocks.map(({ block }) => block) });
  }

  /** Stores a block that is not canonical. */
  orphan(block: Block, receipts: readonly Receipt[]): void {
    this.byHash.set(block.hash, block);
    this.receiptsOf.set(block.hash, receipts);
  }

  head() {
    const last = this.byNumber.at(-1)!;
    return { hash: last.hash, number: last.header.number };
  }

  /** Hash of a canonical block. */
  hashAt(number: bigint): Hash | undefined {
    return this.byNumber[Number(number)]?.hash;
  }

  async headerByNumber(number: bigint) {
    const block = this.byNumber[Number(number)];
    return block && { hash: block.hash, header: block.header };
  }

  async blockByNumber(number: bigint) {
    return this.byNumber[Number(number)];
  }

  async blockByHash(hash: Hash) {
    return this.byHash.get(hash);
  }

  async headerByHash(hash: Hash) {
    return this.byHash.get(hash)?.header;
  }

  async *candidates(query: BloomQuery, from: bigint, to: bigint) {
    for (const { header } of this.byNumber.slice(Number(from), Number(to) + 1)) {
      if (bloomMatches(query, header.logsBloom)) yield header.number;
    }
  }

  async receipts(blockHash: Hash) {
    return this.receiptsOf.get(blockHash);
  }

  oldestState() {
    return 0n;
  }

  async locate(transactionHash: Hash) {
    return this.locations.get(transactionHash);
  }

  onHead(listener: (event: HeadEvent) => void) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
