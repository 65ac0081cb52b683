import { encodeAbiParameters, encodeFunctionData, keccak256, stringToHex } from "viem";
import type { ChainClient, ProtocolAddresses, TransactionOrder } from "../ai/client/chain.ts";
import {
  type Dispute,
  finalAt,
  getDispute,
  panelsIn,
  type Vote,
  voteOf,
  windowsOf,
} from "../ai/client/disputes.ts";
import { agentVerdictsAbi as abi } from "../chain/generated/abi.ts";
import type { Address, Hash } from "../chain/types/primitives.ts";
import type { AgentAddresses } from "./addresses.ts";

type At = Pick<AgentAddresses, "verdicts">;

export const CASE_STATUS = ["none", "accused", "upheld", "condemned"] as const;

/** An accusation that a deed did not follow; status "none" where nobody accused it. */
export interface DeedCase {
  accuser: Address;
  status: (typeof CASE_STATUS)[number];
  disputeId: bigint;
  /** Content id of the text that says why. */
  reason: Hash;
}

/** What an accusation costs and takes. Wei, 1/10000, seconds after the deed. */
export interface VerdictTerms {
  panelFee: bigint;
  slashBps: number;
  accusePeriod: bigint;
}

export async function verdictTerms(client: ChainClient, { verdicts: address }: At): Promise<VerdictTerms> {
  const read = { address, abi } as const;
  const [panelFee, slashBps, accusePeriod] = await Promise.all([
    client.public.readContract({ ...read, functionName: "PANEL_FEE" }),
    client.public.readContract({ ...read, functionName: "SLASH_BPS" }),
    client.public.readContract({ ...read, functionName: "ACCUSE_PERIOD" }),
  ]);
  return { panelFee, slashBps, accusePeriod };
}

/** The accusation of a deed. */
export async function caseOfDeed(
  client: ChainClient,
  { verdicts: address }: At,
  deedId: bigint,
): Promise<DeedCase> {
  const read = { address, abi, functionName: "caseOf", args: [deedId] } as const;
  const { accuser, status, disputeId, reason } = await client.public.readContract(read);
  return {
    ...{ disputeId, reason, status: CASE_STATUS[status]! },
    accuser: accuser.toLowerCase() as Address,
  };
}

/** Accuses a deed; `fee` is the panel's. `reason`: content id of the text that says why it does not follow. */
export function accuseOrder({ verdicts }: At, deedId: bigint, reason: Hash, fee: bigint): TransactionOrder {
  const data = encodeFunctionData({ abi, functionName: "accuse", args: [deedId, reason] });
  return { to: verdicts, data, value: fee };
}

/** Has the next panel look again within a window of a verdict, for its fee. */
export function appealDeedOrder({ verdicts }: At, deedId: bigint, fee: bigint): TransactionOrder {
  const data = encodeFunctionData({ abi, functionName: "appeal", args: [deedId] });
  return { to: verdicts, data, value: fee };
}

/** Does what the last panel has said. */
export function judgeDeedOrder({ verdicts }: At, deedId: bigint): TransactionOrder {
  return { to: verdicts, data: encodeFunctionData({ abi, functionName: "judge", args: [deedId] }) };
}

/** What panel members reveal of a deed; `followed` true is what was claimed. The contract's `valueOf`. */
export function valueOfDeed(deedId: bigint, { reason }: Pick<DeedCase, "reason">, followed: boolean): Hash {
  const types = ["bytes32", "uint256", "bytes32", "bool"].map((type) => ({ type }));
  const word = stringToHex("deed", { size: 32 });
  return keccak256(encodeAbiParameters(types, [word, deedId, reason, followed]));
}

/** The digest that goes with it: the same for whoever judges, by program or by hand. */
export function digestOfDeed(deed: { policy: Hash; dataHash: Hash; rationale: Hash }): Hash {
  const types = ["bytes32", "bytes32", "bytes32"].map((type) => ({ type }));
  return keccak256(encodeAbiParameters(types, [deed.policy, deed.dataHash, deed.rationale]));
}

/** Deeds that were accused in blocks `from`…`to`. */
export async function accusationsIn(
  client: ChainClient,
  { verdicts: address }: At,
  range: { from: bigint; to: bigint },
): Promise<{ deedId: bigint; disputeId: bigint; accuser: Address }[]> {
  const query = { address, abi, fromBlock: range.from, toBlock: range.to, strict: true } as const;
  const events = await client.public.getContractEvents({ ...query, eventName: "DeedAccused" });
  return events.map(({ args: { deedId, disputeId, accuser } }) => ({
    ...{ deedId, disputeId },
    accuser: accuser.toLowerCase() as Address,
  }));
}

/** What became of an accusation. */
export interface DeedVerdict {
  deedId: bigint;
  agentId: bigint;
  isUpheld: boolean;
  /** Wei of the agent's stake. */
  lost: bigint;
  transaction: Hash;
}

/** The verdict on a deed, if one was acted on. */
export async function verdictOfDeed(
  client: ChainClient,
  { verdicts: address }: At,
  deedId: bigint,
): Promise<DeedVerdict | undefined> {
  const query = { address, abi, args: { deedId }, fromBlock: 0n, strict: true } as const;
  const [event] = await client.public.getContractEvents({ ...query, eventName: "DeedJudged" });
  if (event === undefined) return undefined;
  const { agentId, upheld, lost } = event.args;
  return { deedId, agentId, isUpheld: upheld, lost, transaction: event.transactionHash };
}

/** What a panel member has to do in the round, and from which to which second of the chain's clock. */
export interface Duty {
  verifier: Address;
  /** Seats, in the last round wei. */
  weight: bigint;
  what: "commit" | "reveal" | "nothing more";
  from: bigint;
  until: bigint;
}

/** The duty of a panel member by its vote; `now` is the chain's time in seconds. */
export function dutyOf(
  dispute: Pick<Dispute, "status" | "drawnAt" | "window">,
  vote: Pick<Vote, "weight" | "commitment" | "result">,
  now: bigint,
): Pick<Duty, "what" | "from" | "until"> {
  const { commit, reveal } = windowsOf(dispute);
  const isEmpty = (hash: Hash) => /^0x0+$/.test(hash);
  const mayAct = dispute.status === "drawn" && vote.weight > 0n;
  if (mayAct && isEmpty(vote.commitment) && now <= commit)
    return { what: "commit", from: dispute.drawnAt, until: commit };
  const isHidden = !isEmpty(vote.commitment) && isEmpty(vote.result);
  if (mayAct && isHidden && now <= reveal) return { what: "reveal", from: commit + 1n, until: reveal };
  return { what: "nothing more", from: now, until: now };
}

/** Where an accusation stands. */
export interface CaseStanding {
  found: DeedCase;
  dispute: Dispute;
  /** Of the round that runs. */
  duties: readonly Duty[];
  /** From when the verdict holds and can be acted on; undefined while there is none. */
  finalAt: bigint | undefined;
}

/** Where the accusation of a deed stands by the newest block; undefined where nobody accused it. */
export async function standingOfCase(
  client: ChainClient,
  at: At & Pick<ProtocolAddresses, "disputes">,
  deedId: bigint,
): Promise<CaseStanding | undefined> {
  const found = await caseOfDeed(client, at, deedId);
  if (found.status === "none") return undefined;
  const { disputeId } = found;
  const dispute = await getDispute(client, at, disputeId);
  const { timestamp: now } = await client.public.getBlock();
  const duties: Duty[] = [];
  if (dispute.status === "drawn") {
    const panels = await panelsIn(client, at, { from: 0n, disputeId });
    for (const { verifier, weight } of panels.find(({ round }) => round === dispute.round)?.members ?? []) {
      const vote = await voteOf(client, at, disputeId, dispute.round, verifier);
      duties.push({ verifier, weight, ...dutyOf(dispute, vote, now) });
    }
  }
  const isJudged = dispute.status === "decided" || dispute.status === "undecided";
  return { found, dispute, duties, finalAt: isJudged ? finalAt(dispute) : undefined };
}
