import { formatEther } from "viem";
import { ACCESS_WORDS } from "./access-reverts.ts";
import { AGENT_WORDS } from "./agent-reverts.ts";
import { CIRCLE_WORDS } from "./circle-reverts.ts";
import { EPOCH_WORDS } from "./epoch-reverts.ts";

/** What a contract's refusal means and what can be done about it. */
export interface RevertWords {
  message: string;
  fix: string;
}

type Args = readonly unknown[];
type Words = readonly [what: (...args: string[]) => string, fix: string];

const open = (wei: string) => `${formatEther(BigInt(wei))} OPEN`;
/** Votes are wei of OPEN by the multiplier of their lock. */
const votesOf = (wei: string) => formatEther(BigInt(wei));
/** A time of the chain, in seconds since 1970. */
const time = (seconds: string) => new Date(Number(seconds) * 1000).toISOString();

/** Refusals that a user of the contracts can meet; others are shown by name. */
const WORDS: Readonly<Record<string, Words>> = {
  ...ACCESS_WORDS,
  ...AGENT_WORDS,
  ...CIRCLE_WORDS,
  ...EPOCH_WORDS,
  AccessControlUnauthorizedAccount: [
    (who) => `${who} has no right to do this`,
    "see who has with `openledger governance powers`",
  ],
  AdapterRegistered: [
    (model) => `model ${model} has this adapter already`,
    "use that model, or train on other rows or by another method",
  ],
  AlreadyBonded: [(who) => `${who} has bound its bond already`, "vote"],
  AlreadyDisputed: [
    (model, row) => `record ${row} of model ${model} was disputed already`,
    "see `openledger dispute record show`",
  ],
  AlreadyVoted: [(who) => `${who} has voted on this contribution already`, "nothing is left to do for you"],
  AmountAboveStake: [
    (amount, stake) => `the position holds ${open(stake)}, less than ${open(amount)}`,
    "take out less",
  ],
  AmountZero: [() => "there is nothing to move: the amount is 0", "give more than 0"],
  AuditDue: [(id) => `request ${id} has to be audited before it is settled`, "wait for its panel"],
  BondMismatch: [(sent, needed) => `the bond is ${open(needed)}, not ${open(sent)}`, "send the exact bond"],
  CaseOpen: [(id) => `request ${id} is disputed or audited already`, "see `openledger dispute show`"],
  ClaimStands: [() => "the claim is right in that place: the counter-example shows nothing", "keep the bond"],
  ContextForm: [
    () => "what the claim says of rows in the prompt has no right form",
    "name at most 8 contributions, ascending, each with a weight above 0 and below 2^64, and a part of at most 10000 exactly where there are any",
  ],
  DatanetUnknown: [(id) => `there is no datanet ${id}`, "see `openledger datanet list`"],
  DisputeStatus: [
    (id, status) =>
      `dispute ${id} is ${["none", "opened", "drawn", "decided", "undecided"][Number(status)] ?? `in state ${status}`}`,
    "see with `show` where it stands and what comes next",
  ],
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
  GovernorAlreadyCastVote: [(who) => `${who} has voted on this proposal already`, "a vote can't be changed"],
  GovernorInsufficientProposerVotes: [
    (who, votes, threshold) =>
      `${who} has ${votesOf(votes)} votes, and a proposal needs ${votesOf(threshold)}`,
    "stake more with `openledger governance stake`, or have others delegate to you",
  ],
  GovernorUnableToCancel: [
    (_id, who) => `${who} can't cancel this proposal`,
    "its proposer can before the vote, the council until its time is over",
  ],
  GovernorUnexpectedProposalState: [
    () => "the proposal is not, or no longer, at this step",
    "see what comes next with `openledger governance show`",
  ],
  HostNotTaking: [
    (id, host) => `the host ${host} does not take model ${id}`,
    "name another host, or take the model with `openledger host take`",
  ],
  LockShorter: [
    (has, needed) =>
      `a lock of ${Number(has) / 10_000} votes for each OPEN is shorter than the running one of ${Number(needed) / 10_000}`,
    "lock as long as before, with --lock",
  ],
  LockTooLong: [
    (lock, most) => `a lock of ${lock} s is longer than the longest of ${most} s`,
    "choose a shorter one",
  ],
  Locked: [(until) => `the position is locked until ${time(until)}`, "try again then"],
  ModelNotServing: [
    (id) =>
      `model ${id} does not serve: its registration's window is open, it was refuted or its owner closed it`,
    "look at it with `openledger model show`, and wait until its window has passed",
  ],
  ModelUnknown: [(id) => `there is no model ${id}`, "see `openledger model list`"],
  NameLength: [(length) => `a name of ${length} bytes is empty or too long`, "choose another name"],
  NotCouncil: [(who) => `${who} is not the council`, "sign with the council's account"],
  NotContributor: [(who) => `${who} did not make this contribution`, "sign with its contributor's account"],
  NotDatanetOwner: [(who) => `${who} does not own this datanet`, "sign with its owner's account"],
  NotHost: [(who) => `${who} is not the host that this request names`, "sign with the host's account"],
  NotModelOwner: [(who) => `${who} does not own this model`, "sign with its owner's account"],
  NotOver: [(until) => `the lock lasts until ${time(until)}`, "try again then"],
  NotPayer: [(who) => `${who} did not pay for this request`, "sign with its payer's account"],
  NotYet: [(until) => `this can be done from ${time(until)} on`, "try again then"],
  NothingLeaving: [() => "nothing of the stake is leaving", "start with the command `leave` or `unstake`"],
  NotBonded: [
    (who) => `${who} has no bond behind its votes in this datanet`,
    "bind it first with `openledger datanet bond`",
  ],
  NotPending: [
    (model) => `model ${model} is not pending: its time for challenges is over, or it failed`,
    "dispute the claims of its answers instead",
  ],
  NotRevealTime: [
    (from, until) => `votes on this contribution are opened from ${time(from)} to ${time(until)}`,
    "wait until then, or until all reviewers have voted",
  ],
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
  OwnableUnauthorizedAccount: [
    (who) => `${who} does not own this contract`,
    "see who does with `openledger governance powers`; timelocks act by proposals",
  ],
  PauseRuns: [(until) => `the council's pause lasts until ${time(until)}`, "try again then"],
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
  StakeBelowLeast: [
    (stake, least) => `a stake of ${open(stake)} is below the least of ${open(least)}`,
    "stake that much at least, and leave with all of it or keep that much",
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
  TooSoon: [(from) => `the next pause is possible from ${time(from)} on`, "propose what has to last longer"],
  TokensAboveHostLimit: [
    (tokensIn, tokensOut) =>
      `the host takes prompts of ${tokensIn} and answers of ${tokensOut} tokens at most`,
    "ask for fewer tokens, or ask another host",
  ],
  TooLate: [(deadline) => `this was possible until ${time(deadline)} only`, "begin anew"],
  UnderDispute: [(id) => `a panel judges request ${id}`, "see `openledger dispute show`"],
  VerdictMissing: [
    (id) => `dispute ${id} has no final verdict yet`,
    "wait until its panel has decided and the time for an appeal is over",
  ],
  VoteMismatch: [
    () => "this is not the vote that was committed to",
    "give the same decision and the same reason as at first",
  ],
  VoteMissing: [(who) => `${who} has not voted on this contribution`, "nothing can be opened"],
};

/** Plain words for a contract's error, or undefined where its name has to do. */
export function wordsOfRevert(name: string, args: Args): RevertWords | undefined {
  const [what, fix] = WORDS[name] ?? [];
  return what && fix ? { message: what(...args.map(String)), fix } : undefined;
}
