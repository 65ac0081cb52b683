import type { AgentPlan } from "../../node/agents/plan.ts";
import { LIVE_AGENTS } from "../../node/agents/plan.ts";
import { devnetPlan, type ProtocolPlan } from "../../node/ai/client/deploy.ts";
import type { Address } from "../../node/chain/types/primitives.ts";
import { type CirclePlan, LIVE_CIRCLE } from "../../node/circle/plan.ts";
import type { ChainPlanInput } from "../../node/deploy/plan.ts";
import { type GovernancePlan, LIVE_GOVERNANCE } from "../../node/governance/plan.ts";
import { BLOCK_S, DAY_S } from "./calendar.ts";

const OPEN = 10n ** 18n;

/** A chain with delays of days. Its outputs are posted once a week. */
export const CHAIN: Partial<ChainPlanInput> = {
  devnet: false,
  blockTime: BLOCK_S,
  oracle: { submissionInterval: (7 * DAY_S) / BLOCK_S, finalizationPeriod: 7 * DAY_S },
  upgradeDelay: 7 * DAY_S,
};

/** Windows of days, and the devnet's money. */
export function protocolPlan(treasury: Address): ProtocolPlan {
  const plan = devnetPlan(treasury);
  const windows = {
    challengeWindow: 3 * DAY_S,
    claimTimeout: 3 * DAY_S,
    demandWindow: 3 * DAY_S,
    registrationWindow: 4 * DAY_S,
    revealPeriod: DAY_S,
    reviewPeriod: 14 * DAY_S,
    stakePeriod: 30 * DAY_S,
    unstakeDelay: 7 * DAY_S,
    rewardPeriod: 7 * DAY_S,
  };
  return {
    ...plan,
    // Chance may draw a claim, and seldom does: one more panel would only take time.
    settings: { ...plan.settings, ...windows, auditBps: 10 },
    leastWindow: DAY_S / 4,
    stakingEpoch: DAY_S,
    verification: { ...plan.verification, exitDelay: BigInt(45 * DAY_S) },
    epochs: { ...plan.epochs, withdrawDelay: BigInt(DAY_S) },
  };
}

/** The times of a live chain; votes of as few as are here. */
export const GOVERNANCE: GovernancePlan = {
  ...LIVE_GOVERNANCE,
  threshold: 10n * OPEN,
  quorumLeast: 100n * OPEN,
  upgradesDelay: 120 * DAY_S,
};

/** Three reviewers, and a price that lasts from one vote over a whole panel. */
export const CIRCLE: CirclePlan = { ...LIVE_CIRCLE, seats: 3, seatsLargest: 5, priceAgeMax: 30 * DAY_S };

export const AGENTS: AgentPlan = LIVE_AGENTS;
