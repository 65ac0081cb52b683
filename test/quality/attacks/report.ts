import type { AttackFigure } from "./measure.ts";
import { REFUTED } from "./refuted.ts";

const HEAD = ["attack", "by", "defence", "what", "with it", "without", "target", "holds", "own answers"];

/** True where the product's defences keep the attack within its target. */
export function holds({ on, target }: Pick<AttackFigure, "on" | "target">): boolean {
  return on <= target;
}

/** A table, a line an attack and attacker; below it what can't be measured as pay, with what refutes it. */
export function attackLines(title: string, figures: readonly AttackFigure[]): string[] {
  const rows = figures.map((figure) => {
    const { attack, attacker, defence, measure, on, off, target, ownAnswers, changed } = figure;
    const own = ownAnswers === undefined ? "" : `${ownAnswers.toFixed(3)} (${changed} changed)`;
    const numbers = [on.toFixed(3), off.toFixed(3), `<= ${target}`];
    return [attack, attacker, defence, measure, ...numbers, holds(figure) ? "yes" : "NO", own];
  });
  const all = [HEAD, ...rows];
  const widths = HEAD.map((_, at) => Math.max(...all.map((row) => row[at]!.length)));
  const lines = all.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join("  ")
      .trimEnd(),
  );
  return [
    `${title}: pay with added rows on the same answers, with the product's defences and without the one that is named`,
    "inflation: pay with the rows for each unit without them. share: part of the contributors' pay, of the answers that are aimed at",
    ...lines.map((line) => `  ${line}`),
    `${figures.filter(holds).length} of ${figures.length} hold`,
    "shown false, not measured:",
    ...REFUTED.map(({ attack, by, test }) => `  ${attack}: ${by} (${test[0]})`),
  ];
}

/** For a file: the figures as they are. */
export function attackReport(set: string, figures: readonly AttackFigure[]): string {
  const judged = figures.map((figure) => ({ ...figure, holds: holds(figure) }));
  return `${JSON.stringify({ set, figures: judged, refuted: REFUTED }, null, 2)}\n`;
}
