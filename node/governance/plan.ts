/** What governance is deployed with. Times in seconds, votes and amounts in wei of OPEN. */
export interface GovernancePlan {
  /** Between a proposal and the first vote. */
  votingDelay: number;
  /** In which votes are taken. */
  votingPeriod: number;
  /** That voters have at least after the quorum is reached. */
  lateExtension: number;
  /** How long the council may cancel proposals. */
  guardianPeriod: number;
  /** Votes that a proposer has. */
  threshold: bigint;
  /** Part of all votes that a quorum is. */
  quorumPercent: number;
  /** Votes that a quorum has at least. */
  quorumLeast: bigint;
  /** Between `unstake` and `withdraw`. */
  unstakeDelay: number;
  /** Over which the stakers' part of fees is streamed. */
  rewardPeriod: number;
  /** Part of the platform's fees that goes to stakers, in 1/10000. */
  stakersBps: number;
  /** That what was passed waits. */
  parametersDelay: number;
  /** That a change of code waits besides. */
  upgradesDelay: number;
  /** How long the council's pause of withdrawals on L1 lasts. */
  pausePeriod: number;
}

const OPEN = 10n ** 18n;
const DAY = 86_400;

/** For a chain whose OPEN is worth something. */
export const LIVE_GOVERNANCE: GovernancePlan = {
  votingDelay: DAY,
  votingPeriod: 7 * DAY,
  lateExtension: 2 * DAY,
  guardianPeriod: 730 * DAY,
  threshold: 100_000n * OPEN,
  quorumPercent: 20,
  quorumLeast: 10_000_000n * OPEN,
  unstakeDelay: 14 * DAY,
  rewardPeriod: 7 * DAY,
  stakersBps: 5_000,
  parametersDelay: 3 * DAY,
  upgradesDelay: 10 * DAY,
  pausePeriod: 7 * DAY,
};

/** For devnets: a vote is over in half a minute. A change of code waits as long as the devnet's longest dispute. */
export const DEVNET_GOVERNANCE: GovernancePlan = {
  votingDelay: 2,
  votingPeriod: 20,
  lateExtension: 6,
  guardianPeriod: 730 * DAY,
  threshold: 10n * OPEN,
  quorumPercent: 20,
  quorumLeast: 100n * OPEN,
  unstakeDelay: 60,
  rewardPeriod: 60,
  stakersBps: 5_000,
  parametersDelay: 8,
  upgradesDelay: 1_000,
  pausePeriod: 60,
};
