import { refuse } from "./limits.ts";
import type { PoolAccount, PoolEntry } from "./pool-account.ts";
import type { PoolBook } from "./pool-book.ts";
import { replaces } from "./pool-entry.ts";

/** @throws CodedError `TXPOOL_TIP_TOO_LOW`. */
export function checkPrice({ tipCap }: PoolEntry, priceLimit: bigint): void {
  if (tipCap >= priceLimit) return;
  const reason = `transaction gas price below minimum: gas tip cap ${tipCap}, minimum needed ${priceLimit}`;
  throw refuse("TXPOOL_TIP_TOO_LOW", reason, "Raise the tip; eth_maxPriorityFeePerGas suggests one.");
}

/** @throws CodedError `TXPOOL_REPLACEMENT_UNDERPRICED`. */
export function checkReplacement(entry: PoolEntry, old: PoolEntry, bump: bigint): void {
  if (replaces(entry, old, bump)) return;
  const fix = `Raise both fees by at least ${bump} %.`;
  const { hash } = old.transaction;
  throw refuse("TXPOOL_REPLACEMENT_UNDERPRICED", "replacement transaction underpriced", fix, { hash });
}

/**
 * The sender must be able to pay for the transaction and for all that it has pending, L1 and operator fee included.
 * @throws CodedError `TXPOOL_FUNDS`.
 */
export function checkFunds(entry: PoolEntry, account: PoolAccount | undefined, balance: bigint): void {
  const { cost } = entry;
  if (balance < cost) throw tooPoor(entry, `balance ${balance}, tx cost ${cost}`, cost - balance);
  if (account === undefined) return;
  const spent = account.pendingCost;
  const old = account.get(entry.nonce);
  const bump = old !== undefined && account.isPending(old) ? cost - old.cost : undefined;
  const need = spent + (bump ?? cost);
  if (balance >= need) return;
  const tx = bump === undefined ? `tx cost ${cost}` : `tx bumped ${bump}`;
  throw tooPoor(entry, `balance ${balance}, queued cost ${spent}, ${tx}`, need - balance);
}

function tooPoor({ transaction }: PoolEntry, sums: string, overshot: bigint) {
  const reason = `insufficient funds for gas * price + value: ${sums}, overshot ${overshot}`;
  const facts = { address: transaction.from };
  return refuse("TXPOOL_FUNDS", reason, "Send OPEN to the account, or lower value or fees.", facts);
}

/** What the pool knows of a sender that may run code. */
export interface DelegationView {
  book: PoolBook;
  /** The sender runs code at the head. */
  hasCode: boolean;
  /** The sender's nonce at the head. */
  nonce: number;
}

/**
 * Code that an account runs (EIP-7702) may spend its balance and its nonces within a block, which would make all of its waiting
 * transactions invalid at once: such an account has one at a time. As geth's `checkDelegationLimit` and `validateAuth`.
 * @throws CodedError `TXPOOL_DELEGATED_GAP`, `TXPOOL_DELEGATED_LIMIT`, `TXPOOL_AUTHORITY_RESERVED`.
 */
export function checkDelegation(
  entry: PoolEntry,
  account: PoolAccount | undefined,
  { book, hasCode, nonce }: DelegationView,
): void {
  if (hasCode || book.hasAuthorityOf(entry.transaction.from)) checkInFlight(entry, account, nonce);
  for (const authority of entry.authorities) {
    const waiting = book.accounts.get(authority)?.size ?? 0;
    if (waiting <= 1) continue;
    const fix = `Wait until the transactions of ${authority} are in a block.`;
    throw refuse("TXPOOL_AUTHORITY_RESERVED", "authority already reserved", fix, { authority });
  }
}

function checkInFlight(entry: PoolEntry, account: PoolAccount | undefined, nonce: number): void {
  if (account === undefined || account.pending === 0) {
    if (entry.nonce === nonce) return;
    const reason = "gapped-nonce tx from delegated accounts";
    throw refuse("TXPOOL_DELEGATED_GAP", reason, `Use nonce ${nonce}.`);
  }
  const old = account.get(entry.nonce);
  if (old !== undefined && account.isPending(old)) return;
  const reason = "in-flight transaction limit reached for delegated accounts";
  throw refuse("TXPOOL_DELEGATED_LIMIT", reason, "Wait until the account's transaction is in a block.");
}
