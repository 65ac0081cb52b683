/**
 * The market's rules over money, as the contracts have them; the differential test plays the same games on the contracts. Wei, and
 * parts in 1/10000, unless said otherwise.
 */

const BPS = 10_000n;
const TOKENS_PER_RATE = 1_000n;
/** 2.2, in tenths. */
const COVER_TENTHS = 22n;

/** What governance and a model fix. */
export interface Terms {
  platformBps: bigint;
  auditBps: bigint;
  claimBond: bigint;
  panelFee: bigint;
  /** For 1,000 tokens. */
  rateIn: bigint;
  rateOut: bigint;
  split: { contributors: bigint; owner: bigint; host: bigint; stakers: bigint };
}

/** What a claim charges. */
export interface Bill {
  tokensIn: bigint;
  tokensOut: bigint;
  earnedBps: bigint;
  hasWeights: boolean;
}

/** Where an escrow goes; sums to it. */
export interface Payout {
  contributors: bigint;
  pools: bigint;
  owner: bigint;
  host: bigint;
  stakers: bigint;
  platform: bigint;
  refund: bigint;
}

/** Where what a refuted liar loses goes. */
export interface Loss {
  fromHost: bigint;
  fromStakers: bigint;
  bond: bigint;
  finder: bigint;
  pools: bigint;
  treasury: bigint;
}

const netOf = (terms: Terms, bill: Pick<Bill, "tokensIn" | "tokensOut">): bigint =>
  (bill.tokensIn * terms.rateIn + bill.tokensOut * terms.rateOut) / TOKENS_PER_RATE;

const platformOf = (terms: Terms, net: bigint): bigint =>
  (net * terms.platformBps) / (BPS - terms.platformBps);

/** Net fee and the platform's part. */
export function feeOf(terms: Terms, bill: Pick<Bill, "tokensIn" | "tokensOut">): bigint {
  const net = netOf(terms, bill);
  return net + platformOf(terms, net);
}

/** A settlement. `hasStakers`: somebody stakes on the model. */
export function payoutOf(terms: Terms, bill: Bill, escrow: bigint, hasStakers: boolean): Payout {
  const net = netOf(terms, bill);
  const platform = platformOf(terms, net);
  const owner = (net * terms.split.owner) / BPS;
  const host = (net * terms.split.host) / BPS;
  const stakers = (net * terms.split.stakers) / BPS;
  const part = net - owner - host - stakers;
  const contributors = bill.hasWeights ? (part * bill.earnedBps) / BPS : 0n;
  return {
    contributors,
    pools: part - contributors,
    owner: hasStakers ? owner : owner + stakers,
    host,
    stakers: hasStakers ? stakers : 0n,
    platform,
    refund: escrow - net - platform,
  };
}

/** Stake that these fees need: 2.2 * (open + largest / chance of an audit). */
export const coverOf = (openFees: bigint, largestFee: bigint, auditBps: bigint): bigint =>
  ((openFees + (largestFee * BPS) / auditBps) * COVER_TENTHS) / 10n;

/** A refutation of a claim of `fee`; the host has `stake`, the model's stakers `staked`. */
export function lossOf(terms: Terms, fee: bigint, stake: bigint, staked: bigint): Loss {
  const owed = coverOf(fee, fee, terms.auditBps);
  const fromHost = owed < stake ? owed : stake;
  const lost = fromHost + terms.claimBond;
  const finder = lost / 2n;
  const harmed = (lost - finder) / 2n;
  const missing = owed - fromHost;
  const junior = missing < fee ? missing : fee;
  const fromStakers = junior < staked / 2n ? junior : staked / 2n;
  return {
    fromHost,
    fromStakers,
    bond: terms.claimBond,
    finder,
    pools: harmed + fromStakers,
    treasury: lost - finder - harmed,
  };
}
