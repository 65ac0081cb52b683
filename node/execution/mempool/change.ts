import { authorityOf } from "../../chain/codec/authorization.ts";
import type { Block } from "../../chain/types/block.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { SignedTransaction } from "../../chain/types/transaction.ts";
import type { PoolChange } from "./types.ts";

type Transactions = readonly Pick<Block, "transactions">[];

/** The nonce that follows each sender's transactions in these blocks. */
export function passedNonces(blocks: Transactions): Map<Address, number> {
  const passed = new Map<Address, number>();
  for (const { transactions } of blocks) {
    for (const transaction of transactions) {
      if (transaction.kind === "signed") passed.set(transaction.from, Number(transaction.nonce) + 1);
    }
  }
  return passed;
}

/** The users' transactions of the removed blocks that no added block holds, in their order. */
export function orphansOf({ removed, added }: Pick<PoolChange, "removed" | "added">): SignedTransaction[] {
  if (removed.length === 0) return [];
  const included = new Set<Hash>();
  for (const { transactions } of added) for (const { hash } of transactions) included.add(hash);
  const orphans: SignedTransaction[] = [];
  for (const { transactions } of removed) {
    for (const transaction of transactions) {
      if (transaction.kind === "signed" && !included.has(transaction.hash)) orphans.push(transaction);
    }
  }
  return orphans;
}

/**
 * Accounts whose nonce and code the blocks' authorizations (EIP-7702) may have changed. Recovering them takes time that the pool
 * has spent already for the transactions that it knows.
 */
export function authoritiesOf(
  blocks: Transactions,
  known: (hash: Hash) => readonly Address[] | undefined,
): Set<Address> {
  const authorities = new Set<Address>();
  for (const { transactions } of blocks) {
    for (const transaction of transactions) {
      if (transaction.kind !== "signed" || transaction.type !== 4) continue;
      for (const authority of known(transaction.hash) ?? recovered(transaction)) authorities.add(authority);
    }
  }
  return authorities;
}

function recovered({ authorizationList }: SignedTransaction): Address[] {
  return authorizationList.map(authorityOf).filter((authority) => authority !== undefined);
}
