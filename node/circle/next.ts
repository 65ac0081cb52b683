import type { ChainClient } from "../ai/client/chain.ts";
import type { CircleAddresses } from "./addresses.ts";
import { type CircleTerms, circleTerms, type Grant } from "./grants.ts";
import { fundBooks } from "./money.ts";
import { getPanel, type Panel } from "./panels.ts";

/** What anybody can do for a grant. */
export type OpenStep = "callPanel" | "draw" | "decide" | "approve" | "lapse";

/** What comes next for a grant. */
export interface NextStep {
  what: string;
  /** Absent: somebody in particular has to do something. */
  step: OpenStep | undefined;
  /** The call that governance has to pass, where it is a vote that comes next. */
  vote?: string;
  /** Seconds until it can be done; 0: now. */
  seconds: bigint;
}

/** A grant with its panel, if one is called, and what comes next; empty where it is over. */
export interface GrantWay {
  grant: Grant;
  panel: Panel | undefined;
  next: readonly NextStep[];
}

/** Looks where a grant stands by the newest block. */
export async function wayOfGrant(client: ChainClient, at: CircleAddresses, grant: Grant): Promise<GrantWay> {
  const panel = grant.panel === 0n ? undefined : await getPanel(client, at, grant.panel);
  const { timestamp: now } = await client.public.getBlock();
  const after = (time: bigint) => (time > now ? time - now : 0n);
  const terms = await circleTerms(client, at, grant.tier);
  const judging = (): NextStep[] =>
    panel === undefined
      ? [
          {
            what: "call the panel, once reviewers have declared their conflicts",
            step: "callPanel",
            seconds: after(grant.askedAt + terms.conflictPeriod),
          },
        ]
      : panelSteps(panel, after);
  const steps = (): NextStep[] => {
    switch (grant.state) {
      case "reported":
        return [...judging(), ...unjudgedSteps(panel, after(grant.askedAt + terms.approvalPeriod + 1n))];
      case "applied":
        return judging();
      case "active":
        return milestoneSteps(grant, terms, after);
      default:
        return [];
    }
  };
  if (grant.state === "judged") return { grant, panel, next: await judgedSteps(client, at, grant, after) };
  return { grant, panel, next: steps() };
}

function milestoneSteps(
  { since, milestone, milestones }: Grant,
  { grace }: CircleTerms,
  after: (time: bigint) => bigint,
): NextStep[] {
  const due = since + (milestones[milestone]?.dueIn ?? 0n);
  const what = `the payee reports milestone ${milestone + 1}, due ${timeOf(due)}`;
  return [
    { what, step: undefined, seconds: 0n },
    { what: "otherwise it lapses", step: "lapse", seconds: after(due + grace + 1n) },
  ];
}

/** A report on which no panel is at work does not wait for ever. */
function unjudgedSteps(panel: Panel | undefined, seconds: bigint): NextStep[] {
  if (panel !== undefined && panel.state !== "undecided") return [];
  return [{ what: "without a verdict it lapses, and the panel's pay returns", step: "lapse", seconds }];
}

function panelSteps(panel: Panel, after: (time: bigint) => bigint): NextStep[] {
  switch (panel.state) {
    case "opened":
      // A panel that was not drawn in time is counted, and another one called.
      return after(panel.drawUntil + 1n) === 0n
        ? [{ what: "count the panel that nobody drew", step: "decide", seconds: 0n }]
        : [{ what: `draw the panel by L1 block ${panel.seedBlock}`, step: "draw", seconds: 0n }];
    case "drawn":
      return [
        ...(after(panel.commitUntil) > 0n
          ? [{ what: "the drawn reviewers commit to scores", step: undefined, seconds: 0n }]
          : after(panel.revealUntil) > 0n
            ? [{ what: "the drawn reviewers reveal their scores", step: undefined, seconds: 0n }]
            : []),
        { what: "count the scores", step: "decide", seconds: after(panel.revealUntil + 1n) },
      ];
    case "undecided":
      return [{ what: "call another panel: too few revealed", step: "callPanel", seconds: 0n }];
    default:
      return [];
  }
}

async function judgedSteps(
  client: ChainClient,
  at: CircleAddresses,
  grant: Grant,
  after: (time: bigint) => bigint,
): Promise<NextStep[]> {
  const { approvalPeriod } = await circleTerms(client, at, grant.tier);
  const until = grant.since + approvalPeriod;
  if (after(until + 1n) === 0n)
    return [{ what: "it lapses: nobody approved it", step: "lapse", seconds: 0n }];
  if (grant.tier === "expansion" && !grant.isEndorsed) {
    const vote = `circle.endorse(${grant.id})`;
    return [{ what: "a vote endorses it: it is of the largest tier", step: undefined, vote, seconds: 0n }];
  }
  const { priceUntil } = await fundBooks(client, at);
  if (after(priceUntil + 1n) === 0n) {
    const vote = "circleFund.setPrice(...)";
    return [{ what: "a vote sets the price of OPEN, which is too old", step: undefined, vote, seconds: 0n }];
  }
  return [{ what: "approve it at today's price", step: "approve", seconds: 0n }];
}

function timeOf(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString();
}
