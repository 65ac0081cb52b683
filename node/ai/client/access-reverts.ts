import { formatEther } from "viem";

type Words = readonly [what: (...args: string[]) => string, fix: string];

const open = (wei: string) => `${formatEther(BigInt(wei))} OPEN`;
const percent = (bps: string) => `${Number(bps) / 100} %`;

/** Refusals of access, curation, income and royalties. */
export const ACCESS_WORDS: Readonly<Record<string, Words>> = {
  AccessClosed: [
    (id) => `datanet ${id} sells no more access`,
    "train on another, or use access that you have",
  ],
  AccessHeld: [
    (id, number, who) => `${who} has access to snapshot ${id}:${number} already`,
    "register over it: it costs nothing more",
  ],
  AccessPriceMismatch: [
    (sent, price) => `access costs ${open(price)}, not ${open(sent)}`,
    "try again: the price has changed",
  ],
  AccessTermOutOfRange: [
    (_field, value, most) => `a term of ${value} is above ${most}`,
    "choose less: see `openledger datanet set-access --help`",
  ],
  AccessTermsChanged: [
    (id) => `the owner of datanet ${id} has set other terms meanwhile`,
    "look at them with `openledger datanet access`, and buy again",
  ],
  LeastRoyaltyTooHigh: [(bps, most) => `${percent(bps)} is above ${percent(most)}`, "demand less"],
  NotAccessOwner: [(who) => `${who} does not own this datanet`, "sign with its owner's account"],
  NotRoyaltyOwner: [(who) => `${who} does not own this model`, "sign with its owner's account"],
  NothingCurated: [(id) => `nothing waits in datanet ${id}`, "look again when access was sold"],
  NothingOwed: [(id) => `nothing waits for model ${id}`, "look again when an answer was settled"],
  ParentCount: [(count, most) => `${count} parents are more than ${most}`, "name fewer"],
  NotAccepted: [(id) => `contribution ${id} was not accepted`, "wait for its reviewers"],
  ParentNotSettled: [
    (id) => `model ${id} is still open to challenges, or was shown to be false`,
    "wait until its window has passed: see `openledger model show`",
  ],
  ParentOrder: [(id) => `model ${id} is named twice as a parent`, "name each once"],
  ParentRoyalty: [
    (id, bps, least) => `${percent(bps)} for model ${id} is below ${percent(least)}`,
    "give it that at least",
  ],
  PayeeInvalid: [(who) => `${who} can't draw what it would be paid`, "give another account"],
  RoyaltyAboveMost: [
    (bps, most) => `parents and data get ${percent(bps)}, and ${percent(most)} was agreed to`,
    "try again: what the data asks for has changed",
  ],
  RoyaltySum: [
    (bps, most) => `parts of ${percent(bps)} are more than ${percent(most)} together`,
    "give parents less",
  ],
  TableTooLong: [
    (lines, most) => `${lines} ancestors and snapshots would share, more than ${most}`,
    "name fewer parents",
  ],
  VoteCountedAlready: [(id, who) => `the vote of ${who} on contribution ${id} was counted`, "draw"],
  VoteNotOpened: [
    (id, who) => `${who} opened no vote on contribution ${id}, or nothing was decided yet`,
    "open the vote in its time",
  ],
};
