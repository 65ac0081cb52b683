import type { AttackFigure } from "./measure.ts";
import { PAY_RULES, PROPOSALS, type Proposal } from "./pay.ts";
import { REFUTED } from "./refuted.ts";

const HEAD = [
  ...["attack", "by", "defence", "what", "with it", "without", "target", "holds"],
  ...["its old rows alone", "own answers"],
];
const PROPOSAL_HEAD = ["attack", "by", "target", "product", "first teller", "precise", "both"];

/** True where the product's defences keep the attack within its target. */
export function holds({ on, target }: Pick<AttackFigure, "on" | "target">): boolean {
  return on <= target;
}

/** A table, a line an attack and attacker; below it what can't be measured as pay, with what refutes it. */
export function attackLines(title: string, figures: readonly AttackFigure[]): string[] {
  const rows = figures.map((figure) => {
    const { attack, attacker, defence, measure, on, off, target, ownAnswers, changed, drift } = figure;
    const own = ownAnswers === undefined ? "" : `${ownAnswers.toFixed(3)} (${changed} changed)`;
    const numbers = [on.toFixed(3), off.toFixed(3), `<= ${target}`];
    const answer = holds(figure) ? "yes" : "NO";
    return [attack, attacker, defence, measure, ...numbers, answer, drift?.toFixed(3) ?? "", own];
  });
  return [
    `${title}: pay with added rows on the same answers, with the product's defences and without the one that is named`,
    "inflation: pay with the rows for each unit without them. share: part of the contributors' pay, of the answers that are aimed at",
    "own answers: the same on what the attacked model itself answers, and how many answers differ",
    ...table([HEAD, ...rows]),
    `${figures.filter(holds).length} of ${figures.length} hold`,
    "shown false, not measured:",
    ...REFUTED.map(({ attack, by, test }) => `  ${attack}: ${by} (${test[0]})`),
  ];
}

/** A table of what rules that are not the product's would leave of the attacks. @param kept part of honest pay that they leave. */
export function proposalLines(
  figures: readonly AttackFigure[],
  kept: Readonly<Record<Proposal, number>>,
): string[] {
  const rows = figures.flatMap(({ attack, attacker, target, on, proposals }) =>
    proposals === undefined
      ? []
      : [
          [
            attack,
            attacker,
            `<= ${target}`,
            ...[on, ...PROPOSALS.map((rule) => proposals[rule])].map((x) => x.toFixed(3)),
          ],
        ],
  );
  const left = [1, ...PROPOSALS.map((rule) => kept[rule])].map((part) => part.toFixed(3));
  const honest = ["no attack: pay that stays where it was", "", "", ...left];
  return [
    "the same by rules that are not the product's:",
    ...PROPOSALS.map((rule) => `  ${rule}: ${PAY_RULES[rule]}`),
    ...table([PROPOSAL_HEAD, ...rows, honest]),
  ];
}

/** Lines of left-justified columns. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  return rows.map((row) => `  ${row.map((cell, at) => cell.padEnd(widths[at]!)).join("  ")}`.trimEnd());
}

/** For a file: the figures as they are, and what {@link proposalLines} prints last. */
export function attackReport(
  set: string,
  figures: readonly AttackFigure[],
  kept: Readonly<Record<Proposal, number>>,
): string {
  const judged = figures.map((figure) => ({ ...figure, holds: holds(figure) }));
  return `${JSON.stringify({ set, figures: judged, kept, refuted: REFUTED }, null, 2)}\n`;
}
