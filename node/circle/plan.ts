import type { Address } from "../chain/types/primitives.ts";
import type { Focus } from "./words.ts";

/** What OpenCircle is deployed with. Times in seconds, amounts in wei of OPEN. */
export interface CirclePlan {
  quarter: number;
  /** Between two steps of the price, at least. */
  pricePeriod: number;
  /** Until a price is too old for an approval. */
  priceAgeMax: number;
  /** What a reviewer binds. */
  bond: bigint;
  /** For which governance admits a reviewer. */
  term: number;
  /** Until a reviewer's bond is free; twice the three periods of a panel at least. */
  exitDelay: number;
  /** In which a panel has to be drawn; longer than L1's blocks take to the one that draws. */
  drawPeriod: number;
  commitPeriod: number;
  revealPeriod: number;
  /** What a silent reviewer loses. */
  silence: bigint;
  /** That an application returns, but for spam. */
  deposit: bigint;
  /** What each seat of a panel is paid. */
  reviewFee: bigint;
  seats: number;
  /** Of a panel on the largest tier. */
  seatsLargest: number;
  /** In which conflicts are declared before a panel is called. */
  conflictPeriod: number;
  /** In which what a panel has passed is approved. */
  approvalPeriod: number;
  /** That a milestone may be overdue. */
  grace: number;
}

/** What grants of a quarter and focus may take. */
export interface BudgetOrder {
  quarter: number;
  focus: Focus;
  /** Whole dollars. */
  usd: bigint;
  /** Wei. */
  cap: bigint;
}

/** What OpenCircle begins with; governance changes all of it afterwards. */
export interface CircleStart {
  /** Millionths of a dollar for each OPEN. */
  price: bigint;
  /** Wei that the deployer puts in. */
  fund: bigint;
  budgets: readonly BudgetOrder[];
  reviewers: readonly Address[];
}

const OPEN = 10n ** 18n;
const DAY = 86_400;

/** For a chain whose OPEN is worth something. */
export const LIVE_CIRCLE: CirclePlan = {
  quarter: 91 * DAY,
  pricePeriod: 7 * DAY,
  priceAgeMax: 14 * DAY,
  bond: 10_000n * OPEN,
  term: 182 * DAY,
  exitDelay: 60 * DAY,
  drawPeriod: 3 * DAY,
  commitPeriod: 7 * DAY,
  revealPeriod: 3 * DAY,
  silence: 1_000n * OPEN,
  deposit: 1_000n * OPEN,
  reviewFee: 50n * OPEN,
  seats: 5,
  seatsLargest: 7,
  conflictPeriod: 5 * DAY,
  approvalPeriod: 60 * DAY,
  grace: 30 * DAY,
};

/** For devnets: a panel is over in a minute or two. */
export const DEVNET_CIRCLE: CirclePlan = {
  quarter: 91 * DAY,
  pricePeriod: 7 * DAY,
  priceAgeMax: 14 * DAY,
  bond: 100n * OPEN,
  term: 182 * DAY,
  exitDelay: 600,
  drawPeriod: 180,
  commitPeriod: 30,
  revealPeriod: 30,
  silence: 10n * OPEN,
  deposit: 5n * OPEN,
  reviewFee: 1n * OPEN,
  seats: 3,
  seatsLargest: 5,
  conflictPeriod: 10,
  approvalPeriod: 60 * DAY,
  grace: 30 * DAY,
};

/** 25,000 OPEN at 1,000 dollars are the 25 million; an eighth of them for this quarter. */
export function devnetStart(reviewers: readonly Address[]): CircleStart {
  const budget = (focus: Focus): BudgetOrder => ({ quarter: 0, focus, usd: 780_000n, cap: 780n * OPEN });
  return {
    price: 1_000_000_000n,
    fund: 25_000n * OPEN,
    budgets: [budget("defi-depin"), budget("gaming"), budget("agents"), budget("vertical")],
    reviewers,
  };
}
