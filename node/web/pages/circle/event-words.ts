import { formatOpen } from "../../ui/format.ts";

const milestone = (args: Args) => `Milestone ${Number(args.milestone) + 1}`;
const open = (value: unknown) => `${formatOpen(BigInt(value as bigint))} OPEN`;

type Args = Readonly<Record<string, unknown>>;

/** What OpenCircle's events say, by their names. */
const WORDS: Readonly<Record<string, (args: Args) => string>> = {
  GrantApplied: () => "The application came, with its deposit and the panel's pay",
  MilestonePlanned: (args) => `${milestone(args)} was planned, ${Number(args.bps) / 100} % of the grant`,
  GrantWithdrawn: () => "The applicant took it back",
  GrantPanelCalled: (args) => `Panel ${args.panelId} was called`,
  GrantJudged: (args) =>
    args.passed === true
      ? "The panel passed the application"
      : args.isSpam === true
        ? "The panel called the application spam; its deposit went to the treasury"
        : "The panel refused the application",
  GrantEndorsed: () => "A vote endorsed it",
  GrantApproved: (args) => `It was approved: ${open(args.amount)} were promised`,
  MilestoneReported: (args) => `${milestone(args)} was reported as reached`,
  MilestoneReleased: (args) => `${milestone(args)} was passed: ${open(args.amount)} were paid`,
  MilestoneRefused: (args) => `${milestone(args)} was refused by panel ${args.panelId}`,
  GrantDone: () => "Its last milestone was paid",
  GrantLapsed: (args) => `It lapsed; ${open(args.freed)} went back to the budget`,
  GrantClawedBack: (args) => `A vote clawed it back; ${open(args.freed)} went back to the budget`,
};

/** An event of OpenCircle's in words; its name where there are none. */
export function eventWords(name: string, args: Args): string {
  return WORDS[name]?.(args) ?? name;
}
