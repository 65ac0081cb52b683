import { formatEther } from "viem";

type Words = readonly [what: (...args: string[]) => string, fix: string];

const open = (wei: string) => `${formatEther(BigInt(wei))} OPEN`;
/** A time of the chain, in seconds since 1970. */
const time = (seconds: string) => new Date(Number(seconds) * 1000).toISOString();

/** Refusals of purses and epochs. */
export const EPOCH_WORDS: Readonly<Record<string, Words>> = {
  DrawStart: [
    (_position, expected) => `this contribution's next draw begins at position ${expected}`,
    "look again with `openledger rewards show`: somebody drew meanwhile",
  ],
  EpochHostNotTaking: [
    (id, host) => `the host ${host} does not take model ${id}`,
    "take it with `openledger host take`, until its answers are closed at least",
  ],
  EpochModelNotServing: [
    (id) => `model ${id} does not serve`,
    "its owner has to open it again before its answers can be closed",
  ],
  EpochRates: [
    (rateIn, rateOut) => `the model's rates are ${open(rateIn)} and ${open(rateOut)} by now`,
    "nothing is to be done: the host composes the epoch anew",
  ],
  EpochStatus: [
    (_id, status) =>
      `the epoch is ${["unknown", "closed", "settled", "refuted", "refuted, and its fees are back"][Number(status)] ?? `in state ${status}`}`,
    "see `openledger epoch show`",
  ],
  LeafAuditDue: [
    () => "an inference of the epoch that chance drew was not upheld by a panel yet",
    "wait: its host and the watchers have it audited",
  ],
  LeafUnderDispute: [
    (_id, cases) => `panels judge ${cases} of the epoch's inferences`,
    "wait for their verdicts",
  ],
  LeavingAbovePurse: [
    (amount, balance) =>
      amount === "0"
        ? "nothing of this purse is leaving"
        : `the purse has ${open(balance)}, less than ${open(amount)}`,
    "see `openledger purse show`; what shall leave is named with `openledger purse start-withdraw`",
  ],
  NothingToFill: [() => "there is nothing to lay by: the amount is 0", "give more than 0"],
  PurseStays: [(until) => `what is leaving the purse stays in it until ${time(until)}`, "try again then"],
};
