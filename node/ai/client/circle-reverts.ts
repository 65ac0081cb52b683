import { formatEther } from "viem";

/** What OpenCircle's refusals mean, and what can be done about them. */

type Words = readonly [what: (...args: string[]) => string, fix: string];

const open = (wei: string) => `${formatEther(BigInt(wei))} OPEN`;
/** A time of the chain, in seconds since 1970. */
const time = (seconds: string) => new Date(Number(seconds) * 1000).toISOString();

/** By the error's name. */
export const CIRCLE_WORDS: Readonly<Record<string, Words>> = {
  BudgetCapExceeded: [
    (amount, left) => `the budget has ${open(left)} left, and the grant takes ${open(amount)}`,
    "approve it in a quarter with more, or have governance raise the budget's cap",
  ],
  BudgetUsdExceeded: [
    (usd, left) => `the budget has $${left} left, and the grant takes $${usd}`,
    "approve it in a quarter with more, or have governance raise the budget",
  ],
  CircleBondMismatch: [
    (sent, missing) => `the bond lacks ${open(missing)}, and ${open(sent)} came with it`,
    "send what is missing; a whole bond needs nothing more",
  ],
  GrantNotRunning: [(id) => `grant ${id} is not running`, "offer services to a grant that is approved"],
  GrantStatus: [
    (id) => `grant ${id} is not, or no longer, in the state that this step needs`,
    "see what comes next with `openledger circle show`",
  ],
  GrantTooEarly: [(from) => `reviewers declare conflicts until ${time(from)}`, "try again then"],
  GrantTooLate: [(until) => `this was possible until ${time(until)} only`, "see `openledger circle show`"],
  NeedsProposal: [
    (id) => `grant ${id} is of the largest tier, which a vote has to endorse`,
    "propose circle.endorse with `openledger governance propose`",
  ],
  NotAdmitted: [
    (who) => `${who} is no reviewer, or has left`,
    "governance admits reviewers: propose circleReviewers.admit",
  ],
  NotApplicant: [(who) => `${who} did not ask for this grant`, "sign with the applicant's account"],
  NotOverdue: [
    (until) => `the grant is not overdue before ${time(until)}`,
    "see what comes next with `openledger circle show`",
  ],
  /** Of a grant, and of a contribution. */
  NotPayee: [
    (who) => `${who} is not the payee`,
    "sign with the payee's account: `openledger circle show` or `openledger datanet income` names it",
  ],
  NotSeated: [
    (who) => `${who} was not drawn for this panel, or has given its seat up`,
    "see who was with `openledger circle show`",
  ],
  OfferExceeded: [
    (amount, left) => `${left} of this offer are not delivered yet, less than ${amount}`,
    "confirm what is left",
  ],
  PanelNotNow: [
    (from, until) => `this step of the panel is possible from ${time(from)} to ${time(until)} only`,
    "see what comes next with `openledger circle show`",
  ],
  PanelRuns: [
    (id, panel) => `panel ${panel} judges the report of grant ${id}`,
    "wait for its verdict; when its time is over, `openledger circle advance` counts it",
  ],
  PanelTooSmall: [
    (eligible, seats) => `${eligible} reviewers may judge this, and a panel has ${seats} seats`,
    "wait until more have bound their bonds, or have governance admit more",
  ],
  PriceTooOld: [
    (until) => `the price of OPEN was good until ${time(until)}`,
    "have governance set it: propose circleFund.setPrice",
  ],
  PriceTooSoon: [(from) => `the price may next be set from ${time(from)} on`, "propose it later"],
  UsdOutOfTier: [
    (usd, least, most) => `$${usd} are outside this tier, which has $${least} to $${most}`,
    "ask for another sum, or in another tier",
  ],
};
