import { type Count, countRound, LAST_ROUND, SEATS } from "./dispute-rules.ts";
import type { Random } from "./random.ts";

/** Verifiers of a game, each with the same stake: those who are in with the attacker, and the others. */
export interface Verifiers {
  friends: number;
  others: number;
}

/** What came out of a dispute that the attacker fights to its end. */
export interface Verdict {
  /** What the attacker wants stands. */
  isWon: boolean;
  /** Fees of panels that the attacker paid to go on. */
  escalations: number;
  /** Stakes that its friends lost, in 1/10000 of one verifier's. */
  friendsLost: number;
}

const LIE = "what friends say";
const TRUTH = "what came out";
const MINORITY_BPS = 500;

/** What a panel says of which `friends` of `seats` are in with the attacker. */
function asked(round: number, seats: number, friends: number): Count {
  return countRound(round, [
    { weight: BigInt(friends), result: LIE },
    { weight: BigInt(seats - friends), result: TRUTH },
  ]);
}

function drawFriends(random: Random, { friends, others }: Verifiers, seats: number): number {
  let drawn = 0;
  for (let seat = 0; seat < seats; seat++) if (random.below(friends + others) < friends) drawn++;
  return drawn;
}

/** All verifiers, by more than half. */
function lastWord({ friends, others }: Verifiers, escalations: number): Verdict {
  const { isDecided, best } = asked(LAST_ROUND, friends + others, friends);
  // For this round alone; those who sat on the panels before lose as much again for each.
  const friendsLost = isDecided && best === TRUTH ? friends * MINORITY_BPS : 0;
  return { isWon: isDecided && best === LIE, escalations, friendsLost };
}

/**
 * A dispute in which the attacker's friends say together what is false and all others what came out. Two thirds of the seats decide
 * a small panel; a verdict of one is escalated by whoever lost and can still win: the honest side always, the attacker where
 * `insists`. The last panel is all verifiers, by more than half.
 */
export function fight(random: Random, verifiers: Verifiers, insists: boolean): Verdict {
  let escalations = 0;
  for (const [round, seats] of SEATS.entries()) {
    const { isDecided, best } = asked(round, seats, drawFriends(random, verifiers, seats));
    const isLost = isDecided && best === TRUTH;
    if (isLost && !insists) return { isWon: false, escalations, friendsLost: 0 };
    if (isLost) escalations++;
  }
  return lastWord(verifiers, escalations);
}

/** The same as long as a verdict of a small panel could not be escalated: kept to show why it can. */
export function fightWithoutEscalation(random: Random, verifiers: Verifiers): Verdict {
  for (const [round, seats] of SEATS.entries()) {
    const { isDecided, best } = asked(round, seats, drawFriends(random, verifiers, seats));
    if (isDecided) return { isWon: best === LIE, escalations: 0, friendsLost: 0 };
  }
  return lastWord(verifiers, 0);
}
