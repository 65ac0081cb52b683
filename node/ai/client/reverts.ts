import { formatEther } from "viem";

/** What a contract's refusal means and what can be done about it. */
export interface RevertWords {
  message: string;
  fix: string;
}

type Args = readonly unknown[];
type Words = readonly [what: (...args: string[]) => string, fix: string];

const open = (wei: string) => `${formatEther(BigInt(wei))} OPEN`;
/** A time of the chain, in seconds since 1970. */
const time = (seconds: string) => new Date(Number(seconds) * 1000).toISOString();

/** Refusals that a user of the contracts can meet; others are shown by name. */
const WORDS: Readonly<Record<string, Words>> = {
  AlreadyReviewed: [
    (who) => `${who} has reviewed this contribution already`,
    "nothing is left to do for you",
  ],
  BondMismatch: [(sent, needed) => `the bond is ${open(needed)}, not ${open(sent)}`, "send the exact bond"],
  ClaimStands: [() => "the claim is right in that place: the counter-example shows nothing", "keep the bond"],
  DatanetUnknown: [(id) => `there is no datanet ${id}`, "see `openledger datanet list`"],
  EscrowTooSmall: [
    (sent, needed) => `the escrow of ${open(sent)} does not cover the highest fee of ${open(needed)}`,
    "ask again: the model's prices have changed",
  ],
  FeeAboveMaximum: [
    (fee, most) => `the fee of ${open(fee)} is above the host's largest of ${open(most)}`,
    "set higher limits with `openledger host limits`, or let another host answer",
  ],
  FeeBelowHostLeast: [
    (fee, least) => `the highest fee of ${open(fee)} is below the host's least of ${open(least)}`,
    "ask for more tokens, or ask another host",
  ],
  HostNotTaking: [
    (id, host) => `the host ${host} does not take model ${id}`,
    "name another host, or take the model with `openledger host take`",
  ],
  ModelNotServing: [
    (id) =>
      `model ${id} does not serve: its registration's window is open, it was refuted or its owner closed it`,
    "look at it with `openledger model show`, and wait until its window has passed",
  ],
  ModelUnknown: [(id) => `there is no model ${id}`, "see `openledger model list`"],
  NameLength: [(length) => `a name of ${length} bytes is empty or too long`, "choose another name"],
  NotContributor: [(who) => `${who} did not make this contribution`, "sign with its contributor's account"],
  NotDatanetOwner: [(who) => `${who} does not own this datanet`, "sign with its owner's account"],
  NotHost: [(who) => `${who} is not the host that this request names`, "sign with the host's account"],
  NotModelOwner: [(who) => `${who} does not own this model`, "sign with its owner's account"],
  NotPayer: [(who) => `${who} did not pay for this request`, "sign with its payer's account"],
  NotReviewer: [
    (who) => `${who} is no reviewer of this datanet`,
    "sign with a reviewer's account: the datanet's owner named them",
  ],
  NothingNew: [
    () => "nothing was accepted since the last snapshot",
    "use that one, or review something first",
  ],
  NothingToWithdraw: [
    (who) => `nothing waits for ${who}`,
    "contributors are paid directly: see their balance",
  ],
  OwnContribution: [
    (id) => `contribution ${id} is your own, and nobody may review an own contribution`,
    "let another reviewer of the datanet vote on it",
  ],
  QuorumOutOfRange: [
    (quorum, reviewers) => `a quorum of ${quorum} does not fit ${reviewers} reviewers`,
    "choose one from 1 to the number of reviewers",
  ],
  RequestUnknown: [(id) => `there is no request ${id}`, "check the number"],
  RevealMismatch: [
    () => "the file and the salt are not those that were committed to",
    "give the same, unchanged file and the salt that `datanet contribute` printed",
  ],
  ReviewOver: [(deadline) => `the review ended at ${time(deadline)}`, "contribute the file again"],
  ReviewerRepeated: [(who) => `${who} is named twice as a reviewer`, "name every reviewer once"],
  SnapshotUnknown: [
    (id, number) => `datanet ${id} has no snapshot ${number}`,
    "freeze one with `openledger datanet freeze`",
  ],
  RowsRepeated: [
    (_root, id) => `the same rows are in this datanet as contribution ${id}, which was committed earlier`,
    "contribute other documents: copies earn nothing",
  ],
  StakeMismatch: [(sent, needed) => `the stake is ${open(needed)}, not ${open(sent)}`, "try again"],
  StakeTooSmall: [
    (stake, needed) => `a stake of ${open(stake)} does not cover ${open(needed)}`,
    "stake more with `openledger host stake`, or set a smaller largest fee",
  ],
  StatusMismatch: [
    (id) => `number ${id} is not, or no longer, in the state that this step needs`,
    "look at it first: `openledger datanet open` lists what waits for a review, `openledger receipt show` a request",
  ],
  TextLength: [(length) => `a name, licence or address of ${length} bytes is empty or too long`, "change it"],
  TooEarly: [(deadline) => `this is possible only after ${time(deadline)}`, "try again then"],
  TokensAboveHostLimit: [
    (tokensIn, tokensOut) =>
      `the host takes prompts of ${tokensIn} and answers of ${tokensOut} tokens at most`,
    "ask for fewer tokens, or ask another host",
  ],
  TooLate: [(deadline) => `this was possible until ${time(deadline)} only`, "begin anew"],
};

/** Plain words for a contract's error, or undefined where its name has to do. */
export function wordsOfRevert(name: string, args: Args): RevertWords | undefined {
  const [what, fix] = WORDS[name] ?? [];
  return what && fix ? { message: what(...args.map(String)), fix } : undefined;
}
