import type { Random } from "./random.ts";
import { randomFrom } from "./random.ts";
import { coverOf, feeOf, type Terms } from "./rules.ts";
import type { Game, Strategy } from "./strategies.ts";

/** Mean gain over honesty, in 1/1000 of the honest fee. */
export interface Outcome {
  strategy: string;
  auditBps: number;
  /** Of verifiers, in percent. */
  friends: number;
  games: number;
  meanGain: number;
}

const VERIFIERS = 12;
const OPEN = 10n ** 18n;

/** A game drawn at random within what governance's bounds let a model and a request be. */
export function drawGame(random: Random, auditBps: number, friends: number): Game {
  const contributors = 3_000 + random.below(4_001);
  const owner = random.below(Math.min(4_000, 10_000 - contributors) + 1);
  const host = Math.min(4_000, 10_000 - contributors - owner);
  const terms: Terms = {
    platformBps: BigInt(random.below(3_001)),
    auditBps: BigInt(auditBps),
    claimBond: OPEN / 1_000n,
    panelFee: OPEN / BigInt(1 + random.below(1_000)),
    rateIn: BigInt(1 + random.below(1_000)) * (OPEN / 1_000n),
    rateOut: BigInt(1 + random.below(1_000)) * (OPEN / 1_000n),
    split: {
      contributors: BigInt(contributors),
      owner: BigInt(owner),
      host: BigInt(host),
      stakers: BigInt(10_000 - contributors - owner - host),
    },
  };
  const most = { tokensIn: BigInt(100 + random.below(4_000)), tokensOut: BigInt(100 + random.below(4_000)) };
  // An answer ends early now and then: by at most half, so the longest bill is at most twice the honest one.
  const half = (tokens: bigint) => tokens / 2n + BigInt(random.below(Number(tokens / 2n) + 1));
  const bill = {
    tokensIn: half(most.tokensIn),
    tokensOut: half(most.tokensOut),
    earnedBps: BigInt(5_000 + random.below(5_001)),
    hasWeights: true,
  };
  const largest = feeOf(terms, most);
  return {
    terms,
    bill,
    most,
    escrow: largest + BigInt(random.below(1_000)),
    stake: coverOf(largest, largest, terms.auditBps),
    staked: random.below(3) === 0 ? 0n : BigInt(random.below(100)) * OPEN,
    verifierStake: 100n * OPEN,
    verifiers: { friends, others: VERIFIERS - friends },
    accompliceBps: BigInt(random.below(3_001)),
    contributionStake: OPEN * BigInt(1 + random.below(100)),
    accompliceRowsBps: BigInt(random.below(3_001)),
    claims: 2 + random.below(8),
  };
}

/** Plays a strategy many times. The same seed gives the same games to each strategy. */
export function playMany(
  strategy: Strategy,
  options: { auditBps: number; friends: number; games: number; seed: number },
): Outcome {
  const { auditBps, friends, games, seed } = options;
  let sum = 0n;
  for (let i = 0; i < games; i++) {
    const random = randomFrom(seed + i);
    const game = drawGame(random, auditBps, friends);
    const gain = strategy.play(game, random) - strategy.truth(game);
    sum += (gain * 1_000_000n) / feeOf(game.terms, game.bill);
  }
  return {
    strategy: strategy.name,
    auditBps,
    friends: Math.round((friends * 100) / VERIFIERS),
    games,
    meanGain: Number(sum / BigInt(games)) / 1_000,
  };
}
