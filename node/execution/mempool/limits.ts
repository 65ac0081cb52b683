import { executionError } from "../errors.ts";

/** What the pool holds at most and asks at least; names and meaning as geth's `--txpool.*`. */
export interface PoolLimits {
  /** Wei of tip per gas below which a stranger's transaction is refused. */
  priceLimit: bigint;
  /** Percent that a replacement must pay more, in both fees. */
  priceBump: bigint;
  /** Transactions that could be in the next block which an account may have however full the pool is. */
  accountSlots: number;
  /** Transactions of all accounts that could be in the next block. */
  globalSlots: number;
  /** Transactions of an account that wait behind a missing nonce. */
  accountQueue: number;
  /** The same of all accounts. */
  globalQueue: number;
  /** Milliseconds for which a transaction may wait behind a missing nonce. */
  lifetimeMs: number;
}

/** geth's values, but room for some blocks at the rate that this node takes transactions in. */
export const DEFAULT_POOL_LIMITS: PoolLimits = {
  priceLimit: 1n,
  priceBump: 10n,
  accountSlots: 16,
  globalSlots: 20_000,
  accountQueue: 64,
  globalQueue: 1_024,
  lifetimeMs: 3 * 60 * 60 * 1000,
};

type TxpoolCode = Extract<Parameters<typeof executionError>[0], `TXPOOL_${string}`>;

/** A refusal; `reason` uses geth's words, which wallets match on. */
export function refuse(
  code: TxpoolCode,
  reason: string,
  fix: string,
  facts: Readonly<Record<string, unknown>> = {},
) {
  return executionError(code, { message: reason, fix, facts });
}
