/** What the agents' contracts are deployed with. Times in seconds, amounts in wei of OPEN. */
export interface AgentPlan {
  /** Of an agent that may act. */
  leastStake: bigint;
  /** Until a stake is free: longer than the time for an accusation and a verifier's own exit. */
  exitDelay: number;
  /** After its claim, in which a deed may follow from an answer. */
  answerAgeMax: number;
  /** What a panel on a deed is paid. */
  panelFee: bigint;
  /** Part of the stake that a verdict takes, in 1/10000. */
  slashBps: number;
  /** After a deed, in which it can be accused. */
  accusePeriod: number;
}

const OPEN = 10n ** 18n;
const DAY = 86_400;

/** For a chain whose OPEN is worth something. */
export const LIVE_AGENTS: AgentPlan = {
  leastStake: 1_000n * OPEN,
  exitDelay: 60 * DAY,
  answerAgeMax: DAY,
  panelFee: 100n * OPEN,
  slashBps: 5_000,
  accusePeriod: 7 * DAY,
};

/** For devnets. */
export const DEVNET_AGENTS: AgentPlan = {
  leastStake: 10n * OPEN,
  exitDelay: 8_000,
  answerAgeMax: 3_600,
  panelFee: OPEN,
  slashBps: 5_000,
  accusePeriod: 3_600,
};
