import { formatEther } from "viem";

/** What agents' refusals mean, and what can be done about them. */

type Words = readonly [what: (...args: string[]) => string, fix: string];

const open = (wei: string) => `${formatEther(BigInt(wei))} OPEN`;
/** A time of the chain, in seconds since 1970. */
const time = (seconds: string) => new Date(Number(seconds) * 1000).toISOString();

/** By the error's name. */
export const AGENT_WORDS: Readonly<Record<string, Words>> = {
  AccusedTooLate: [(until) => `this deed could be accused until ${time(until)} only`, "accuse newer deeds"],
  ActTooOld: [(until) => `the signed call could be brought until ${time(until)} only`, "have it signed anew"],
  AnswerStands: [
    (id) => `the answer to request ${id} was not refuted`,
    "dispute the answer first, with `openledger dispute open`",
  ],
  CaseStatus: [
    (id, status) =>
      `deed ${id} ${["was not accused", "was accused already", "was upheld", "was condemned"][Number(status)] ?? `is in state ${status}`}`,
    "see where it stands with `openledger agent case`",
  ],
  ClaimsOther: [(id) => `these are not the claims that deed ${id} follows from`, "try again"],
  DeedIsTainted: [
    (id) => `deed ${id} is tainted: an answer of it was refuted, or a panel condemned it`,
    "nothing is left to do for it",
  ],
  NotBecause: [
    (id, request) => `deed ${id} does not follow from request ${request}`,
    "see its requests with `openledger agent case`",
  ],
  NotOwner: [
    (who, owner) => `${who} does not own this account, ${owner} does`,
    "sign with its owner's account",
  ],
  NotSettled: [(id) => `request ${id} is not settled yet`, "wait until its window for challenges is over"],
  PanelFeeMismatch: [(sent, needed) => `a panel is paid ${open(needed)}, not ${open(sent)}`, "try again"],
  SignatureOther: [
    (key) => `this is no signature of ${key} over this call and its next nonce`,
    "it was brought already, or another call of the key was: have it signed anew",
  ],
  AboveCallLimit: [
    (token, amount, most) => `a call may spend ${most} of ${token} at most, and this one spends ${amount}`,
    "spend less, or have the owner open another session",
  ],
  AboveDayLimit: [
    (token, amount, most) => `a day may spend ${most} of ${token} at most, and this would be ${amount}`,
    "wait for the next day, or have the owner open another session",
  ],
  AgentLeavesAt: [(at) => `the stake is free after ${time(at)}`, "try again then"],
  AgentNotActive: [
    (id) => `agent ${id} has too small a stake, or is retired`,
    "stake more: an agent acts with the least stake only",
  ],
  AgentStakeBelowLeast: [
    (stake, least) => `an agent's stake is ${open(least)} at least, not ${open(stake)}`,
    "stake that much",
  ],
  AnswerMissing: [
    (id) => `request ${id} has no answer that stands`,
    "name requests that were claimed or settled",
  ],
  AnswerTooOld: [(id, until) => `the answer to request ${id} counted until ${time(until)}`, "ask again"],
  BecauseCount: [
    (count, most) => `a deed names 1 to ${most} requests whose answers it follows from, not ${count}`,
    "give them with --because",
  ],
  CallNotAllowed: [
    () => "the session does not allow this call",
    "give the session file that its owner opened it with",
  ],
  CallOutsideRule: [
    () => "the call is not the one that the session allows",
    "keep to its target, function, most value and fixed arguments",
  ],
  ModelNotOfAgent: [
    (id) => `request ${id} went to a model that the agent does not name`,
    "ask one of its models, or have the owner change the list",
  ],
  NotAgentOwner: [(who) => `${who} does not own this agent`, "sign with its owner's account"],
  NotPayerOf: [
    (id) => `request ${id} was not paid by this agent's account`,
    "name requests that the agent itself made",
  ],
  SessionOver: [
    (key, from, until) =>
      until === "0"
        ? `${key} has no session here`
        : `the session of ${key} lasts from ${time(from)} to ${time(until)}`,
    "have the owner open one with `openledger agent session`",
  ],
};
