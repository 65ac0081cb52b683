import { fight, fightWithoutEscalation, type Verdict, type Verifiers } from "./panel.ts";
import type { Random } from "./random.ts";
import { type Bill, coverOf, feeOf, lossOf, payoutOf, type Terms } from "./rules.ts";

/** One inference and what surrounds it. Amounts in wei. */
export interface Game {
  terms: Terms;
  /** What an honest host charges. */
  bill: Bill;
  /** What the request allows at most. */
  most: { tokensIn: bigint; tokensOut: bigint };
  escrow: bigint;
  /** The host's whole stake: what its largest fee and its open claims need. */
  stake: bigint;
  /** On the model, by strangers. */
  staked: bigint;
  /** One verifier's. */
  verifierStake: bigint;
  verifiers: Verifiers;
  /** Part of the true weights that the accomplice's rows have, and of the snapshots' rows, in 1/10000. */
  accompliceBps: bigint;
  accompliceRowsBps: bigint;
  /** Stake of a contribution. */
  contributionStake: bigint;
  /** Claims that are open at once where a strategy has several. */
  claims: number;
}

/** Whose money a strategy counts; the accomplice is a contributor. */
export interface Coalition {
  payer: boolean;
  owner: boolean;
}

/** A way to play, and what the same people have by playing honestly: both in wei more than before. */
export interface Strategy {
  name: string;
  truth(game: Game): bigint;
  play(game: Game, random: Random): bigint;
}

const BPS = 10_000n;

/** What the coalition of host, accomplice and perhaps payer and owner has of a settled claim. */
function settled(game: Game, who: Coalition, bill: Bill, accompliceBps: bigint): bigint {
  const payout = payoutOf(game.terms, bill, game.escrow, game.staked > 0n);
  const contributors =
    (payout.contributors * accompliceBps) / BPS + (payout.pools * game.accompliceRowsBps) / BPS;
  const payer = who.payer ? payout.refund - game.escrow : 0n;
  return payout.host + (who.owner ? payout.owner : 0n) + contributors + payer;
}

/** The truth: its own part by its rows' true weights. */
const honest = (game: Game, who: Coalition): bigint => settled(game, who, game.bill, game.accompliceBps);

/** What a refutation costs the coalition. `isFinder`: it showed the lie itself, or disputed first. */
function refuted(game: Game, fee: bigint, isFinder: boolean, stake = game.stake): bigint {
  const loss = lossOf(game.terms, fee, stake, game.staked);
  const rows = (loss.pools * game.accompliceRowsBps) / BPS;
  return rows + (isFinder ? loss.finder : 0n) - loss.fromHost - loss.bond;
}

/** What friends and panels cost in a fight. */
const costOf = (game: Game, verdict: Verdict): bigint =>
  BigInt(verdict.escalations) * game.terms.panelFee +
  (game.verifierStake * BigInt(verdict.friendsLost)) / BPS;

/** The mean over the chance of an audit; both ways are played. */
function byChance(game: Game, ifDrawn: bigint, otherwise: bigint): bigint {
  const { auditBps } = game.terms;
  return (auditBps * ifDrawn + (BPS - auditBps) * otherwise) / BPS;
}

/** A lie that only verifiers see, left to chance; where it is drawn the friends fight for it. */
function hidden(game: Game, who: Coalition, random: Random, bill: Bill, accompliceBps: bigint): bigint {
  const brought = settled(game, who, bill, accompliceBps);
  const verdict = fight(random, game.verifiers, true);
  const caught = verdict.isWon ? brought : refuted(game, feeOf(game.terms, bill), false);
  return byChance(game, caught - costOf(game, verdict), brought);
}

/** The same, but where it is drawn the liar disputes its own claim before anybody opens the audit, and gives no evidence. */
function selfDisputed(game: Game, who: Coalition, bill: Bill, accompliceBps: bigint): bigint {
  return byChance(
    game,
    refuted(game, feeOf(game.terms, bill), true),
    settled(game, who, bill, accompliceBps),
  );
}

/** Disputes its own lie at once, hoping that its friends uphold it: an upheld claim is audited no more. */
function shielded(game: Game, who: Coalition, random: Random, bill: Bill, accompliceBps: bigint): bigint {
  const verdict = fight(random, game.verifiers, true);
  const cost = costOf(game, verdict) + game.terms.panelFee;
  if (verdict.isWon) return settled(game, who, bill, accompliceBps) - cost;
  return refuted(game, feeOf(game.terms, bill), true) - cost;
}

/** Several lies at once: the first that is drawn convicts, and all that are still open are audited; each is shown by itself. */
function many(game: Game, who: Coalition, bill: Bill): bigint {
  const fee = feeOf(game.terms, bill);
  const claims = BigInt(game.claims);
  let stake = game.stake + coverOf((claims - 1n) * fee, 0n, game.terms.auditBps);
  let caught = 0n;
  for (let claim = 0; claim < game.claims; claim++) {
    caught += refuted(game, fee, true, stake);
    stake -= lossOf(game.terms, fee, stake, game.staked).fromHost;
  }
  const free = claims * settled(game, who, bill, BPS);
  const all = BPS ** claims;
  const none = (BPS - game.terms.auditBps) ** claims;
  return (none * free + (all - none) * caught) / all;
}

/** Friends attack a stranger's true claim for the challenger's half. */
function attack(game: Game, random: Random, judge: (insists: boolean) => Verdict): bigint {
  const fee = feeOf(game.terms, game.bill);
  const verdict = judge(random.below(2) === 1);
  const cost = costOf(game, verdict) + game.terms.panelFee;
  return verdict.isWon ? lossOf(game.terms, fee, game.stake, game.staked).finder - cost : -cost;
}

/** The escrow went back to the payer; the host pays twice what others than owner and it would have had. */
function undelivered(game: Game): bigint {
  const payout = payoutOf(game.terms, game.bill, game.escrow, game.staked > 0n);
  const others = payout.contributors + payout.pools + payout.stakers + payout.platform;
  const lost = 2n * others + game.terms.claimBond;
  return (lost * game.accompliceRowsBps) / BPS - lost;
}

/** A verifier's pay for one of the seven seats, where all say the same. */
const seatsPay = (game: Game): bigint => game.terms.panelFee / 7n;

/** Another digest, or none: the pot is shared by those who ran it. */
const unpaidSeats = (): bigint => 0n;

const HOST: Coalition = { payer: false, owner: false };
const HOST_OWNER: Coalition = { payer: false, owner: true };
const ALL: Coalition = { payer: true, owner: true };

const emptyList = (game: Game): Bill => ({ ...game.bill, hasWeights: false });
const longest = (game: Game): Bill => ({ ...game.bill, ...game.most });

/** A lie that arithmetic shows is always shown: who loses by it earns half of what the liar loses. */
const shownBy = (isSelf: boolean) => (game: Game) => refuted(game, feeOf(game.terms, game.bill), isSelf);

/** What is false in a claim, and what the accomplice has of the contributors' part then. */
const LIES: readonly { lie: string; billOf: (game: Game) => Bill; accompliceBps: bigint }[] = [
  { lie: "aimed query", billOf: (game) => game.bill, accompliceBps: BPS },
  { lie: "zero query", billOf: emptyList, accompliceBps: 0n },
  { lie: "aimed query, longest bill", billOf: longest, accompliceBps: BPS },
];

/** The same lie in every way of going on with it. */
function waysOf(coalition: Coalition, of: string): Strategy[] {
  const truth = (game: Game) => honest(game, coalition);
  return LIES.flatMap(({ lie, billOf, accompliceBps }): Strategy[] => [
    {
      name: `${lie} (${of})`,
      truth,
      play: (game, random) => hidden(game, coalition, random, billOf(game), accompliceBps),
    },
    {
      name: `${lie}, self-disputed when drawn (${of})`,
      truth,
      play: (game) => selfDisputed(game, coalition, billOf(game), accompliceBps),
    },
    {
      name: `${lie}, self-disputed at once (${of})`,
      truth,
      play: (game, random) => shielded(game, coalition, random, billOf(game), accompliceBps),
    },
  ]);
}

/** Every strategy that the protocol has to withstand; each is compared with the honest play of the same coalition. */
export const STRATEGIES: readonly Strategy[] = [
  ...[HOST, HOST_OWNER, ALL].flatMap((coalition): Strategy[] => {
    const of = coalition.payer ? "payer, owner, host" : coalition.owner ? "owner, host" : "host";
    const truth = (game: Game) => honest(game, coalition);
    return [
      ...waysOf(coalition, of),
      {
        name: `many aimed queries at once (${of})`,
        truth: (game) => BigInt(game.claims) * truth(game),
        play: (game) => many(game, coalition, game.bill),
      },
      { name: `wrong list, shown by another (${of})`, truth, play: shownBy(false) },
      { name: `wrong list, shown by itself (${of})`, truth, play: shownBy(true) },
    ];
  }),
  ...[HOST, ALL].map(
    (coalition): Strategy => ({
      name: `answer not delivered (${coalition.payer ? "payer, owner, host" : "host"})`,
      truth: (game) => honest(game, coalition),
      play: undelivered,
    }),
  ),
  {
    name: "true claim disputed by friends",
    truth: () => 0n,
    play: (game, random) => attack(game, random, (insists) => fight(random, game.verifiers, insists)),
  },
  { name: "claim repeated by a verifier that did not run it", truth: seatsPay, play: unpaidSeats },
  { name: "silence of a verifier", truth: seatsPay, play: unpaidSeats },
  {
    name: "copied contribution, shown by another",
    truth: () => 0n,
    play: (game) => -game.contributionStake,
  },
  {
    name: "copied contribution, shown by itself",
    truth: () => 0n,
    play: (game) => game.contributionStake / 2n - game.contributionStake,
  },
];

/** What a true claim disputed by friends brought as long as nobody could escalate. */
export const WITHOUT_ESCALATION: Strategy = {
  name: "true claim disputed by friends, first verdict final",
  truth: () => 0n,
  play: (game, random) => attack(game, random, () => fightWithoutEscalation(random, game.verifiers)),
};
