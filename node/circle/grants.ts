import { encodeFunctionData, type TransactionReceipt } from "viem";
import type { ChainClient, TransactionOrder } from "../ai/client/chain.ts";
import { openCircleAbi as abi } from "../chain/generated/abi.ts";
import type { Address, Hash } from "../chain/types/primitives.ts";
import type { CircleAddresses } from "./addresses.ts";
import { circleError } from "./errors.ts";
import { FOCUSES, type Focus, GRANT_STATES, type GrantState, TIERS, type Tier } from "./words.ts";

type At = Pick<CircleAddresses, "circle">;

/** A step of a grant. */
export interface Milestone {
  /** Part of the grant, in 1/10000. */
  bps: number;
  /** Seconds from the approval until evidence is due. */
  dueIn: bigint;
  /** Hash of the text that says when it is reached. */
  criteria: Hash;
}

/** What somebody asks for. */
export interface Application {
  tier: Tier;
  focus: Focus;
  /** Whole dollars. */
  usd: bigint;
  payee: Address;
  /** Hash of the application's text. */
  document: Hash;
  milestones: readonly Milestone[];
}

/** An application, and what became of it. Amounts in wei, times in seconds. */
export interface Grant extends Application {
  id: bigint;
  state: GrantState;
  applicant: Address;
  /** Index of the next milestone. */
  milestone: number;
  isEndorsed: boolean;
  /** Whose budget it takes from, once it is approved. */
  quarter: number;
  /** When a panel was last asked for. */
  askedAt: bigint;
  /** When it was judged; once it is approved: when it was. */
  since: bigint;
  amount: bigint;
  released: bigint;
  /** Of the panel that judges, or judged, what was last asked; 0: none is called. */
  panel: bigint;
}

/** What asking costs, what a tier gives, and the times around a panel. Amounts in wei, whole dollars, times in seconds. */
export interface CircleTerms {
  leastUsd: bigint;
  mostUsd: bigint;
  deposit: bigint;
  panelPay: bigint;
  conflictPeriod: bigint;
  approvalPeriod: bigint;
  grace: bigint;
}

export function grantCount(client: ChainClient, { circle: address }: At): Promise<bigint> {
  return client.public.readContract({ address, abi, functionName: "grantCount" });
}

/** @throws CodedError `GRANT_UNKNOWN`. */
export async function getGrant(client: ChainClient, { circle: address }: At, id: bigint): Promise<Grant> {
  const read = { address, abi, args: [id] } as const;
  const [grant, milestones] = await Promise.all([
    client.public.readContract({ ...read, functionName: "getGrant" }),
    client.public.readContract({ ...read, functionName: "milestonesOf" }),
  ]);
  const state = GRANT_STATES[grant.status] ?? "none";
  if (state === "none") {
    throw circleError("GRANT_UNKNOWN", {
      message: `there is no grant ${id}`,
      fix: "see `openledger circle show`",
      facts: { id },
    });
  }
  const { usd, document, milestone, isEndorsed, quarter, askedAt, since, amount, released, panel } = grant;
  return {
    ...{ id, state, usd, document, milestone, isEndorsed, quarter, askedAt, since, amount, released, panel },
    applicant: grant.applicant.toLowerCase() as Address,
    payee: grant.payee.toLowerCase() as Address,
    tier: TIERS[grant.tier]!,
    focus: FOCUSES[grant.focus]!,
    milestones,
  };
}

/** What asking costs in a tier, and how long each step takes. */
export async function circleTerms(
  client: ChainClient,
  { circle: address }: At,
  tier: Tier,
): Promise<CircleTerms> {
  const read = { address, abi } as const;
  const args = [TIERS.indexOf(tier)] as const;
  const [[leastUsd, mostUsd], deposit, panelPay, conflictPeriod, approvalPeriod, grace] = await Promise.all([
    client.public.readContract({ ...read, functionName: "boundsOf", args }),
    client.public.readContract({ ...read, functionName: "DEPOSIT" }),
    client.public.readContract({ ...read, functionName: "panelPay", args }),
    client.public.readContract({ ...read, functionName: "CONFLICT_PERIOD" }),
    client.public.readContract({ ...read, functionName: "APPROVAL_PERIOD" }),
    client.public.readContract({ ...read, functionName: "GRACE" }),
  ]);
  return { leastUsd, mostUsd, deposit, panelPay, conflictPeriod, approvalPeriod, grace };
}

/** The call that asks for a grant; deposit and panel's pay go with it. */
export function applyOrder(
  { circle: to }: At,
  application: Application,
  { deposit, panelPay }: Pick<CircleTerms, "deposit" | "panelPay">,
): TransactionOrder {
  const { tier, focus, usd, payee, document, milestones } = application;
  const numbers = { tier: TIERS.indexOf(tier), focus: FOCUSES.indexOf(focus) };
  const args = [{ ...numbers, usd, payee, document, milestones }] as const;
  return { to, data: encodeFunctionData({ abi, functionName: "submit", args }), value: deposit + panelPay };
}

/** The grant that a transaction asked for. */
export function grantIn({ circle }: At, { logs }: Pick<TransactionReceipt, "logs">): bigint {
  // The contract's first event names the grant.
  return BigInt(logs.find(({ address }) => address.toLowerCase() === circle)?.topics[1] ?? 0n);
}

/** The payee's call that says that the next milestone is reached; the panel's pay goes with it. */
export function reportOrder(
  { circle: to }: At,
  { id }: Pick<Grant, "id">,
  evidence: Hash,
  { panelPay: value }: Pick<CircleTerms, "panelPay">,
): TransactionOrder {
  return { to, data: encodeFunctionData({ abi, functionName: "report", args: [id, evidence] }), value };
}

/** The steps of a grant that need no more than its number. The applicant withdraws, anybody does the others. */
export function stepOrder(
  { circle: to }: At,
  functionName: "callPanel" | "decide" | "approve" | "lapse" | "withdraw",
  id: bigint,
): TransactionOrder {
  return { to, data: encodeFunctionData({ abi, functionName, args: [id] }) };
}

/** What a grant reported, in the order of the reports. */
export async function reportsOf(
  client: ChainClient,
  { circle: address }: At,
  grantId: bigint,
): Promise<{ milestone: number; evidence: Hash }[]> {
  const range = { fromBlock: 0n, toBlock: "latest", strict: true } as const;
  const filter = { address, abi, eventName: "MilestoneReported", args: { grantId } } as const;
  const logs = await client.public.getContractEvents({ ...filter, ...range });
  return logs.map(({ args: { milestone, evidence } }) => ({ milestone, evidence }));
}
