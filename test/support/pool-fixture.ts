import { parseGwei } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { hexToBytes } from "../../node/base/bytes.ts";
import { silentLogger } from "../../node/base/logger.ts";
import { decodeTransaction } from "../../node/chain/codec/transaction.ts";
import type { Block } from "../../node/chain/types/block.ts";
import type { Address, Hash } from "../../node/chain/types/primitives.ts";
import { createMempool } from "../../node/execution/mempool/mempool.ts";
import type { Mempool, MempoolOptions } from "../../node/execution/mempool/types.ts";
import { TEST_GENESIS } from "../harness/blocks.ts";
import { type MemoryJournal, memoryJournal } from "./memory-journal.ts";

export const POOL_RULES = { l2ChainId: 901n };
export const POOL_BASE_FEE = parseGwei("1");
/** Wei beyond value and gas of each transaction. */
export const POOL_EXTRA_COST = 5n;

/** A key of its own for each number. */
export function poolAccount(who: number): PrivateKeyAccount {
  return privateKeyToAccount(`0x${(0xacc0000 + who).toString(16).padStart(64, "0")}`);
}

export function poolAddress(who: number): Address {
  return poolAccount(who).address.toLowerCase() as Address;
}

/** A signed transfer of 1 wei; `more` replaces fields. */
export async function poolTransfer(
  who: number,
  nonce: number,
  tipGwei = "1",
  more: Record<string, unknown> = {},
): Promise<Uint8Array> {
  const tip = parseGwei(tipGwei);
  const raw = await poolAccount(who).signTransaction({
    type: "eip1559",
    chainId: 901,
    nonce,
    to: "0x00000000000000000000000000000000000000aa",
    value: 1n,
    gas: 21_000n,
    maxPriorityFeePerGas: tip,
    maxFeePerGas: tip + POOL_BASE_FEE,
    ...more,
  } as Parameters<PrivateKeyAccount["signTransaction"]>[0]);
  return hexToBytes(raw);
}

export function hashOf(raw: Uint8Array): Hash {
  return decodeTransaction(raw, POOL_RULES).hash;
}

export function poolBlock(...raws: Uint8Array[]): Block {
  return { ...TEST_GENESIS, transactions: raws.map((raw) => decodeTransaction(raw, POOL_RULES)) };
}

/** A pool over accounts that the test sets. */
export class PoolFixture {
  readonly nonces = new Map<Address, bigint>();
  readonly balances = new Map<Address, bigint>();
  readonly delegated = new Set<Address>();
  readonly journal: MemoryJournal = memoryJournal();
  baseFee = POOL_BASE_FEE;
  gasLimit = 30_000_000n;
  /** Milliseconds. */
  time = 0;
  pool: Mempool;
  private readonly more: Partial<MempoolOptions>;

  constructor(more: Partial<MempoolOptions> = {}) {
    this.more = more;
    this.pool = this.open();
  }

  /** A pool over what the journal holds, as after a restart. */
  open(): Mempool {
    this.pool = createMempool({
      journal: this.journal,
      rules: POOL_RULES,
      logger: silentLogger,
      now: () => this.time,
      chain: {
        account: (address) => ({
          nonce: this.nonces.get(address) ?? 0n,
          balance: this.balances.get(address) ?? 10n ** 20n,
          hasCode: this.delegated.has(address),
        }),
        gasLimit: () => this.gasLimit,
        baseFee: () => this.baseFee,
        extraCost: () => POOL_EXTRA_COST,
      },
      ...this.more,
    });
    return this.pool;
  }

  /** Adds all at once; each one's code, or "ok". */
  async add(...raws: Uint8Array[]): Promise<string[]> {
    const results = await Promise.allSettled(raws.map((raw) => this.pool.add(raw)));
    return results.map((result) =>
      result.status === "fulfilled" ? "ok" : (result.reason as { code: string }).code,
    );
  }

  /** Includes these in a block. */
  include(...raws: Uint8Array[]): Block {
    const block = poolBlock(...raws);
    for (const transaction of block.transactions) {
      if (transaction.kind === "signed") this.nonces.set(transaction.from, transaction.nonce + 1n);
    }
    this.pool.chainChanged({ removed: [], added: [block] });
    return block;
  }

  /** Takes blocks back, the last of them first, as one change; the journal gets its transactions with it. */
  orphan(...blocks: Block[]): void {
    const raws: Uint8Array[] = [];
    const hashes: Hash[] = [];
    for (const block of blocks.toReversed()) {
      for (const transaction of block.transactions.toReversed()) {
        if (transaction.kind !== "signed") continue;
        this.nonces.set(transaction.from, transaction.nonce);
        raws.unshift(transaction.raw);
        hashes.unshift(transaction.hash);
      }
    }
    const arrivals = this.journal.append(raws);
    const journalled = new Map(hashes.map((hash, index) => [hash, arrivals[index]!]));
    this.pool.chainChanged({ removed: blocks, added: [], journalled });
  }

  /** Hashes in the order in which a block takes them. */
  take(count = 1_000): Hash[] {
    return this.pool
      .source()
      .take({ baseFee: this.baseFee, count })
      .map(({ hash }) => hash);
  }

  /** All transactions that the pool names. */
  held(): Set<Hash> {
    const { pending, queued } = this.pool.content();
    const lists = [...pending.values(), ...queued.values()];
    return new Set(lists.flatMap((list) => list.map(({ hash }) => hash)));
  }
}
