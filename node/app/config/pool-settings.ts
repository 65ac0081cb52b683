import { z } from "zod";
import type { Address } from "../../chain/types/primitives.ts";
import { DEFAULT_POOL_LIMITS, type PoolLimits } from "../../execution/mempool/limits.ts";
import { flag } from "./kinds.ts";

const count = z.coerce.number().int().positive().max(10_000_000);
const wei = z.coerce
  .bigint()
  .min(0n)
  .max(10n ** 18n);
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const addresses = z
  .union([z.array(z.string()), z.string().transform((text) => text.split(",").map((one) => one.trim()))])
  .refine((list) => list.every((one) => ADDRESS.test(one)), "must be addresses, with commas between")
  .transform((list) => list.map((one) => one.toLowerCase() as Address));
const limits = DEFAULT_POOL_LIMITS;

/** Settings of the transaction pool, named and meant as geth's `--txpool.*`. */
export const poolSettings = {
  txpoolPriceLimit: wei
    .default(limits.priceLimit)
    .describe("wei of tip per gas below which a transaction is refused"),
  txpoolPriceBump: z.coerce
    .bigint()
    .min(0n)
    .max(1000n)
    .default(limits.priceBump)
    .describe("percent by which a replacement must raise both fees"),
  txpoolAccountSlots: count
    .default(limits.accountSlots)
    .describe("transactions ready for a block that an account may have however full the pool is"),
  txpoolGlobalSlots: count
    .default(limits.globalSlots)
    .describe("transactions ready for a block, of all accounts"),
  txpoolAccountQueue: count
    .default(limits.accountQueue)
    .describe("transactions of an account that may wait behind a missing nonce"),
  txpoolGlobalQueue: count.default(limits.globalQueue).describe("the same, of all accounts"),
  txpoolLifetime: z.coerce
    .number()
    .int()
    .positive()
    .default(limits.lifetimeMs)
    .describe("milliseconds for which a transaction may wait behind a missing nonce"),
  txpoolLocals: addresses
    .default([])
    .describe(
      "addresses, with commas between, whose transactions have no least fee and are never dropped for others; the host's own is one",
    ),
  rpcAllowUnprotectedTxs: flag
    .default(false)
    .describe("take legacy transactions without a chain id (EIP-155), which are valid on every chain"),
};

type PoolConfig = z.output<z.ZodObject<typeof poolSettings>>;

/** The limits that the settings give. */
export function poolLimits(config: PoolConfig): PoolLimits {
  return {
    priceLimit: config.txpoolPriceLimit,
    priceBump: config.txpoolPriceBump,
    accountSlots: config.txpoolAccountSlots,
    globalSlots: config.txpoolGlobalSlots,
    accountQueue: config.txpoolAccountQueue,
    globalQueue: config.txpoolGlobalQueue,
    lifetimeMs: config.txpoolLifetime,
  };
}
