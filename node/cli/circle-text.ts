import { formatEther } from "viem";
import type { Hash } from "../chain/types/primitives.ts";
import type { GrantWay } from "../circle/next.ts";
import { timeOf } from "./circle-context.ts";

/** A grant and what comes next, without the panel's inner numbers. */
export function wayForPrograms({ grant, panel, next }: GrantWay) {
  return { ...grant, judges: panel, next };
}

/** Where a grant stands; with `isWhole` its milestones and its panel too. */
export function grantLines(
  { grant, panel, next }: GrantWay,
  reports: readonly { milestone: number; evidence: Hash }[],
  isWhole: boolean,
): string[] {
  const { id, state, tier, focus, usd, amount, released, milestones, milestone } = grant;
  const money =
    amount === 0n ? "" : `, ${formatEther(amount)} OPEN of which ${formatEther(released)} are released`;
  const details = isWhole
    ? [
        `  applicant ${grant.applicant}, payee ${grant.payee}`,
        `  document  ${grant.document}`,
        ...milestones.map(({ bps, dueIn, criteria }, i) => {
          const due =
            amount === 0n ? `${dueIn / 86_400n} days after the approval` : timeOf(grant.since + dueIn);
          const mark =
            i < milestone ? "released" : i === milestone && state === "reported" ? "reported" : "open";
          return `  milestone ${i + 1}: ${bps / 100} %, due ${due}, ${mark}; criteria ${criteria}`;
        }),
        ...reports.map((one) => `  evidence for milestone ${one.milestone + 1}: ${one.evidence}`),
        ...panelLines(panel),
      ]
    : [];
  return [
    `grant ${id}: ${tier}, ${focus}, $${usd}, ${state}${money}`,
    ...details,
    ...next.map(({ what, step, vote, seconds }) => {
      const when = seconds > 0n ? `in about ${seconds} s` : "now";
      const command = vote === undefined ? `circle advance ${id}` : `governance propose "..." "${vote}"`;
      const how = step === undefined && vote === undefined ? "" : `: \`openledger ${command}\``;
      return `  next, ${when}: ${what}${how}`;
    }),
  ];
}

function panelLines(panel: GrantWay["panel"]): string[] {
  if (panel === undefined) return [];
  return [
    `  panel ${panel.id}: ${panel.state}, ${panel.seats} seats`,
    ...panel.members.map(({ reviewer, isSeated, hasCommitted, score }) => {
      const said = score === undefined ? (hasCommitted ? "committed" : "silent so far") : `score ${score}`;
      return `    ${reviewer}  ${isSeated ? said : "gave its seat up"}`;
    }),
  ];
}
