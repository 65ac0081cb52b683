import { NAT_UNITS } from "./nats.ts";

/**
 * By which rule what the base model would have answered by itself is not earned by its adapter's rows. A rule never changes: methods and
 * receipts name it.
 *
 * With p the probability that the model gives an answer behind its question, and p0 that of the base model alone, 1 - p0 / p of the answers like this
 * one would not have been given without training: the attributable fraction among the exposed (Levin 1953). So much of the contributors'
 * part is earned; the rest is the pools'. An answer that the base model gives as likely earns nothing, one that it would never give, all.
 */
export const DISCOUNT_RULE = "openledger/discount/1";

/** An answer's loss behind the question alone, in units of 2^-20 nats: by the base model, and by the model that answered. */
export interface AnswerLosses {
  base: number;
  model: number;
}

/** The same as receipts have it. */
export interface Discount extends AnswerLosses {
  rule: typeof DISCOUNT_RULE;
}

/** All of a part, in 1/10000. */
export const ALL_EARNED = 10_000;

/** Above so many nats less than 1/10000 is left to the base. */
const MOST_NATS = 10;
const FRACTION_BITS = 128n;

/**
 * What training earned of an answer in 1/10000: 10,000 less floor(10,000 / e^x), where x is how much less its loss is than the base model's, in
 * nats; 0 where it is not less. e^x is the sum of x^k / k! in parts of 2^-128, each term made of the one before and rounded down, until one is 0.
 */
export function earnedBpsOf({ base, model }: AnswerLosses): number {
  const gained = base - model;
  if (gained <= 0) return 0;
  if (gained >= MOST_NATS * NAT_UNITS) return ALL_EARNED;
  const [units, unit] = [BigInt(gained), BigInt(NAT_UNITS)];
  let sum = 0n;
  let term = 1n << FRACTION_BITS;
  for (let k = 1n; term > 0n; k++) {
    sum += term;
    term = (term * units) / (k * unit);
  }
  return ALL_EARNED - Number((BigInt(ALL_EARNED) << FRACTION_BITS) / sum);
}
