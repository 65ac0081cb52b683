import { encodeFunctionData } from "viem";
import type { ChainClient, TransactionOrder } from "../ai/client/chain.ts";
import { circleFundAbi as abi } from "../chain/generated/abi.ts";
import type { CircleAddresses } from "./addresses.ts";
import { FOCUSES, type Focus } from "./words.ts";

type At = Pick<CircleAddresses, "fund">;

/** What grants of a quarter and focus may take, and took. Whole dollars, wei. */
export interface Budget {
  quarter: number;
  focus: Focus;
  usd: bigint;
  usdCommitted: bigint;
  cap: bigint;
  committed: bigint;
  released: bigint;
}

/** The fund as it is now. Amounts in wei, times in seconds. */
export interface FundBooks {
  /** Millionths of a dollar for each OPEN. */
  price: bigint;
  pricedAt: bigint;
  /** When the price may next be set, and when it is too old. */
  priceFrom: bigint;
  priceUntil: bigint;
  quarter: number;
  funded: bigint;
  capped: bigint;
  committed: bigint;
  released: bigint;
  /** Dollars of all budgets, of at most `usdMost`. */
  budgetedUsd: bigint;
  usdMost: bigint;
  /** Of one quarter, by focus. */
  budgets: readonly Budget[];
}

/** @param quarter whose budgets to read; absent: the current one's. */
export async function fundBooks(
  client: ChainClient,
  { fund: address }: At,
  quarter?: number,
): Promise<FundBooks> {
  const read = { address, abi } as const;
  const [price, pricedAt, period, ageMax, current] = await Promise.all([
    client.public.readContract({ ...read, functionName: "price" }),
    client.public.readContract({ ...read, functionName: "pricedAt" }),
    client.public.readContract({ ...read, functionName: "PRICE_PERIOD" }),
    client.public.readContract({ ...read, functionName: "PRICE_AGE_MAX" }),
    client.public.readContract({ ...read, functionName: "currentQuarter" }),
  ]);
  const [funded, capped, committed, released, budgetedUsd, usdMost] = await Promise.all([
    client.public.readContract({ ...read, functionName: "funded" }),
    client.public.readContract({ ...read, functionName: "capped" }),
    client.public.readContract({ ...read, functionName: "committed" }),
    client.public.readContract({ ...read, functionName: "released" }),
    client.public.readContract({ ...read, functionName: "budgetedUsd" }),
    client.public.readContract({ ...read, functionName: "FUND_USD" }),
  ]);
  const asked = quarter ?? current;
  const budgets = FOCUSES.map(async (focus, index): Promise<Budget> => {
    const args = [asked, index] as const;
    const budget = await client.public.readContract({ ...read, functionName: "budgetOf", args });
    return { quarter: asked, focus, ...budget };
  });
  return {
    ...{ price, pricedAt, priceFrom: pricedAt + period, priceUntil: pricedAt + ageMax, quarter: current },
    ...{ funded, capped, committed, released, budgetedUsd, usdMost },
    budgets: await Promise.all(budgets),
  };
}

/** The call that adds `amount` wei to the fund; anybody may. */
export function fundOrder({ fund: to }: At, amount: bigint): TransactionOrder {
  return { to, data: encodeFunctionData({ abi, functionName: "fund" }), value: amount };
}

/** Millionths of a dollar for each OPEN, in dollars. */
export function dollars(price: bigint): string {
  const cents = (price % 1_000_000n).toString().padStart(6, "0").replace(/0+$/, "");
  return `$${price / 1_000_000n}${cents === "" ? "" : `.${cents}`}`;
}
