import { queryOptions } from "@tanstack/react-query";
import type { ChainClient } from "../../ai/client/chain.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { CircleAddresses } from "../../circle/addresses.ts";
import { applicationOf } from "../../circle/apply.ts";
import { type ApplicationDocument, parseApplication } from "../../circle/documents.ts";
import {
  applyOrder,
  circleTerms,
  type Grant,
  getGrant,
  grantCount,
  grantIn,
  reportOrder,
} from "../../circle/grants.ts";
import { type GrantEvent, historyOf, type SaidScore, scoresOf } from "../../circle/history.ts";
import { fundBooks } from "../../circle/money.ts";
import { type GrantWay, wayOfGrant } from "../../circle/next.ts";
import { getPanel, type Panel } from "../../circle/panels.ts";
import { freeFrom, hasConflict, listReviewers, reviewerOf, wholeBond } from "../../circle/reviewers.ts";
import { offersTo } from "../../circle/services.ts";
import type { Tier } from "../../circle/words.ts";
import { webError } from "../errors.ts";
import type { Protocol } from "./connection.tsx";
import { LIVE } from "./live-provider.tsx";
import type { Signer } from "./signer.ts";
import { keepText, readText } from "./texts.ts";
import { transact } from "./transact.ts";
import { waitFor } from "./wait-for.ts";

/** Grants that are listed, the newest ones, and panels of one grant that are shown. */
const MOST = 50n;
const MOST_PANELS = 12;

/** OpenCircle as this node knows it. */
export interface Circle {
  protocol: Protocol;
  client: ChainClient;
  at: CircleAddresses;
}

export const circleQuery = (protocol: Protocol) =>
  queryOptions({ queryKey: ["circle"], queryFn: () => connectCircle(protocol) });

/** @throws CodedError `CIRCLE_MISSING`. */
async function connectCircle(protocol: Protocol): Promise<Circle> {
  const at = await protocol.client.rpc<CircleAddresses | null>("openledger_circle", []);
  if (at !== null) return { protocol, client: protocol.client, at };
  throw webError("CIRCLE_MISSING", {
    message: "This node knows no OpenCircle: its contracts are not deployed, or not yet.",
    fix: "On a new devnet they come within a minute; try again then.",
  });
}

/** The fund, with the budgets of one quarter; absent: the current one. */
export const booksQuery = ({ client, at }: Circle, quarter: number | undefined) =>
  queryOptions({
    queryKey: [LIVE, "circle-fund", quarter ?? "now"],
    queryFn: () => fundBooks(client, at, quarter),
    placeholderData: (before) => before,
  });

/** The newest grants, newest first. */
export const grantsQuery = ({ client, at }: Circle) =>
  queryOptions({
    queryKey: [LIVE, "grants"],
    queryFn: async (): Promise<Grant[]> => {
      const count = await grantCount(client, at);
      const ids: bigint[] = [];
      for (let id = count; id > 0n && id > count - MOST; id--) ids.push(id);
      return Promise.all(ids.map((id) => getGrant(client, at, id)));
    },
  });

/** A panel with what its members said. */
export interface JudgedPanel {
  panel: Panel;
  /** The milestone that it judges, from 0; undefined: the application. */
  milestone: number | undefined;
  scores: readonly SaidScore[];
}

/** A grant with all that happened to it. */
export interface WholeGrant {
  way: GrantWay;
  /** Of the application; null where this node has none. */
  text: string | null;
  history: readonly GrantEvent[];
  /** Newest first. */
  panels: readonly JudgedPanel[];
  /** The chain's time, in seconds. */
  now: bigint;
}

/** One grant. @throws CodedError `GRANT_UNKNOWN`. */
export const grantQuery = ({ protocol, client, at }: Circle, id: bigint) =>
  queryOptions({
    queryKey: [LIVE, "grant", id.toString()],
    queryFn: async (): Promise<WholeGrant> => {
      const grant = await getGrant(client, at, id);
      const [way, text, history, { timestamp: now }] = await Promise.all([
        wayOfGrant(client, at, grant),
        readText(protocol, grant.document),
        historyOf(client, at, id),
        client.public.getBlock(),
      ]);
      return { way, text, history, now, panels: await panelsOf({ client, at }, history) };
    },
    refetchInterval: ({ state: { data } }) => (data === undefined ? false : waitFor(changesOf(data))),
    placeholderData: (before) => before,
  });

/** Seconds until time alone changes what can be done. */
function changesOf({ way: { next, panel }, now }: WholeGrant): bigint[] {
  const times = panel?.state === "drawn" ? [panel.commitUntil + 1n - now, panel.revealUntil + 1n - now] : [];
  return [...next.map(({ seconds }) => seconds), ...times];
}

async function panelsOf(
  { client, at }: Pick<Circle, "client" | "at">,
  history: readonly GrantEvent[],
): Promise<JudgedPanel[]> {
  const approval = history.findIndex(({ name }) => name === "GrantApproved");
  const called = history
    .map(({ name, args }, i) => ({ name, args, isOfMilestone: approval >= 0 && i > approval }))
    .filter(({ name }) => name === "GrantPanelCalled")
    .slice(-MOST_PANELS)
    .reverse();
  const ids = called.map(({ args }) => args.panelId as bigint);
  const [panels, scores] = await Promise.all([
    Promise.all(ids.map((id) => getPanel(client, at, id))),
    scoresOf(client, at, ids),
  ]);
  return panels.map((panel, i) => ({
    panel,
    milestone: called[i]!.isOfMilestone ? Number(called[i]!.args.milestone) : undefined,
    scores: scores.filter((said) => said.panel === panel.id),
  }));
}

/** What asking costs in a tier. */
export const termsQuery = ({ client, at }: Circle, tier: Tier) =>
  queryOptions({ queryKey: ["circle-terms", tier], queryFn: () => circleTerms(client, at, tier) });

/** What was offered to a grant, and delivered. */
export const offersQuery = ({ client, at }: Circle, id: bigint) =>
  queryOptions({ queryKey: [LIVE, "offers", id.toString()], queryFn: () => offersTo(client, at, id) });

/** All reviewers by seat. */
export const reviewersQuery = ({ client, at }: Circle) =>
  queryOptions({ queryKey: [LIVE, "reviewers"], queryFn: () => listReviewers(client, at) });

/** How an account stands among the reviewers. Wei, seconds. */
export const ownReviewerQuery = ({ client, at }: Circle, account: Address) =>
  queryOptions({
    queryKey: [LIVE, "reviewer", account],
    queryFn: async () => {
      const [own, bond, { timestamp: now }] = await Promise.all([
        reviewerOf(client, at, account),
        wholeBond(client, at),
        client.public.getBlock(),
      ]);
      return { own, missing: bond - own.bond, freeFrom: await freeFrom(client, at, own), now };
    },
    refetchInterval: ({ state: { data } }) =>
      data === undefined ? false : waitFor([data.freeFrom + 1n - data.now]),
  });

/** Whether an account has declared that it has to do with a grant. */
export const conflictQuery = ({ client, at }: Circle, id: bigint, account: Address) =>
  queryOptions({
    queryKey: [LIVE, "conflict", id.toString(), account],
    queryFn: () => hasConflict(client, at, id, account),
  });

/** An application's words; undefined for a text that is none, which is shown as it is. */
export function readApplication(text: string): ApplicationDocument | undefined {
  try {
    return parseApplication(text);
  } catch {
    return undefined;
  }
}

/** Asks for a grant; gives its number. @throws CodedError of `parseApplication` and {@link transact}. */
export async function applyFor(
  { protocol, client, at }: Circle,
  signer: Signer,
  document: ApplicationDocument,
  payee: Address,
): Promise<bigint> {
  const source = JSON.stringify(document);
  const keep = (text: string) => keepText(protocol, signer, text);
  const application = await applicationOf(parseApplication(source), source, payee, keep);
  const terms = await circleTerms(client, at, document.tier);
  const { receipt } = await transact(client, signer, applyOrder(at, application, terms));
  return grantIn(at, receipt);
}

/** Hands in evidence that a grant's next milestone is reached. @throws CodedError of {@link transact}. */
export async function report(
  { protocol, client, at }: Circle,
  signer: Signer,
  grant: Grant,
  evidence: string,
): Promise<void> {
  const [kept, terms] = [
    await keepText(protocol, signer, evidence),
    await circleTerms(client, at, grant.tier),
  ];
  await transact(client, signer, reportOrder(at, grant, kept, terms));
}

/** Hashes of the evidence that was handed in for a milestone, oldest first. */
export function evidenceOf(history: readonly GrantEvent[], milestone: number): Hash[] {
  return history
    .filter(({ name, args }) => name === "MilestoneReported" && Number(args.milestone) === milestone)
    .map(({ args }) => args.evidence as Hash);
}
