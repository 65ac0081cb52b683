import { encodeAbiParameters, keccak256 } from "viem";
import type { Hash } from "../../node/chain/types/primitives.ts";

/** The rules of panels and audits, as the contracts have them; the differential test plays the same disputes on the contracts. */

const BPS = 10_000n;
/** Seats of the small panels; the last round asks all. */
export const SEATS = [7, 21] as const;
export const LAST_ROUND = 2;
const MINORITY_BPS = 500n;
const SILENCE_BPS = 100n;

/** What one verifier says in a round. */
export interface Said {
  /** Seats, in the last round wei of stake; 0: it was not drawn. */
  weight: bigint;
  /** Value and digest in one; undefined: it revealed nothing. */
  result: string | undefined;
}

/** What a round comes to. */
export interface Count {
  /** The result that most weight revealed, the first of equals. */
  best: string | undefined;
  bestWeight: bigint;
  isDecided: boolean;
}

/** Counts a round whose members reveal in this order. */
export function countRound(round: number, votes: readonly Said[]): Count {
  const tally = new Map<string, bigint>();
  let [drawn, revealed, bestWeight] = [0n, 0n, 0n];
  let best: string | undefined;
  for (const { weight, result } of votes) {
    drawn += weight;
    if (result === undefined || weight === 0n) continue;
    revealed += weight;
    const sum = (tally.get(result) ?? 0n) + weight;
    tally.set(result, sum);
    if (sum > bestWeight) [best, bestWeight] = [result, sum];
  }
  const isDecided =
    round === LAST_ROUND ? bestWeight * 2n > revealed : bestWeight > 0n && bestWeight * 3n >= drawn * 2n;
  return { best, bestWeight, isDecided };
}

const words = (types: readonly string[], values: readonly unknown[]): bigint =>
  BigInt(
    keccak256(
      encodeAbiParameters(
        types.map((type) => ({ type })),
        values,
      ),
    ),
  );

/** Weights of a round's panel by the hash of its L1 block: each seat falls on a wei of all stakes. */
export function drawPanel(
  stakes: readonly bigint[],
  round: number,
  disputeId: bigint,
  seed: Hash,
): readonly bigint[] {
  const seats = SEATS[round];
  if (seats === undefined) return stakes;
  const total = stakes.reduce((sum, stake) => sum + stake, 0n);
  const weights = stakes.map(() => 0n);
  for (let seat = 0n; seat < seats && total > 0n; seat++) {
    let point =
      words(["bytes32", "uint256", "uint256", "uint256"], [seed, disputeId, BigInt(seats), seat]) % total;
    let i = 0;
    while (point >= stakes[i]!) point -= stakes[i++]!;
    weights[i]! += 1n;
  }
  return weights;
}

/** Whether chance has a claim audited. */
export const isAudited = (seed: Hash, claimHash: Hash, auditBps: bigint): boolean =>
  words(["bytes32", "bytes32"], [seed, claimHash]) % BPS < auditBps;

/** A dispute as its people mean to play it; index 0 is the first round. */
export interface DisputeScript {
  claimed: string;
  pot: bigint;
  /** Added by each appeal. */
  fee: bigint;
  /** Whether the host gives evidence in a round. */
  evidence: readonly boolean[];
  /** By round and verifier: value and digest; undefined: silent. */
  says: readonly (readonly (string | undefined)[])[];
  /** In which order they reveal. */
  order: readonly number[];
  /** Whether somebody appeals a verdict of that round. */
  appeals: readonly boolean[];
}

/** How a dispute ends. */
export interface DisputeEnd {
  /** Of the claim: no evidence and a verdict against it end it. */
  isUpheld: boolean;
  /** The host gave a panel nothing: no verdict. */
  isSilent: boolean;
  /** Rounds that were drawn. */
  panels: (readonly bigint[])[];
  /** The pot with what appeals added. */
  pot: bigint;
  /** Of the pot: to the treasury, where the last panel found nothing. */
  unearned: bigint;
  /** Somebody appealed a verdict that upheld the claim, and is now who disputes it. */
  isTakenOver: boolean;
  /** By verifier, in wei. */
  paid: bigint[];
  slashed: bigint[];
}

/** Plays a dispute to its end. `valueIn` takes the value out of a result. */
export function playDispute(
  script: DisputeScript,
  stakes: readonly bigint[],
  disputeId: bigint,
  seedOf: (round: number) => Hash,
  valueIn: (result: string) => string,
): DisputeEnd {
  const none = stakes.map(() => 0n);
  const end: DisputeEnd = {
    ...{ isUpheld: true, isSilent: false, panels: [], pot: script.pot, unearned: 0n, isTakenOver: false },
    ...{ paid: [...none], slashed: [...none] },
  };
  for (let round = 0; ; round++) {
    const weights = drawPanel(stakes, round, disputeId, seedOf(round));
    end.panels.push(weights);
    if (!script.evidence[round]) return { ...end, isUpheld: false, isSilent: true };
    const votes = script.order.map((i) => ({ weight: weights[i]!, result: script.says[round]![i] }));
    const count = countRound(round, votes);
    if (!count.isDecided && round < LAST_ROUND) continue;
    if (!count.isDecided) return { ...end, unearned: end.pot };
    const isUpheld = valueIn(count.best!) === script.claimed;
    if (round < LAST_ROUND && script.appeals[round]) {
      end.pot += script.fee;
      end.isTakenOver ||= isUpheld;
      continue;
    }
    settleVotes(end, script, stakes, round, count);
    return { ...end, isUpheld };
  }
}

/** Pays the majority of the deciding round; after a last one slashes who said something else in any, and who was silent in it. */
function settleVotes(
  end: DisputeEnd,
  { says }: DisputeScript,
  stakes: readonly bigint[],
  last: number,
  { best, bestWeight }: Count,
): void {
  for (const [round, weights] of end.panels.entries()) {
    for (const [i, weight] of weights.entries()) {
      const result = says[round]![i];
      if (weight === 0n) continue;
      if (result === best) {
        if (round === last) end.paid[i]! += (end.pot * weight) / bestWeight;
        continue;
      }
      if (last !== LAST_ROUND || (result === undefined && round !== LAST_ROUND)) continue;
      const bps = result === undefined ? SILENCE_BPS : MINORITY_BPS;
      end.slashed[i]! += (stakes[i]! * bps) / BPS;
    }
  }
}
