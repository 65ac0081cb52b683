import { type ApplicationDocument, parseApplication } from "../../../circle/documents.ts";
import type { Focus, Tier } from "../../../circle/words.ts";

/** A milestone as it is typed. */
export interface MilestoneDraft {
  percent: string;
  days: string;
  criteria: string;
}

/** An application as it is typed. */
export interface ApplicationDraft {
  title: string;
  tier: Tier;
  focus: Focus;
  usd: string;
  text: string;
  milestones: readonly MilestoneDraft[];
}

export const NO_MILESTONE: MilestoneDraft = { percent: "", days: "", criteria: "" };

/** A form to begin with; the first milestone may be a fourth of the grant at most. */
export const EMPTY_DRAFT: ApplicationDraft = {
  title: "",
  tier: "exploration",
  focus: "vertical",
  usd: "25000",
  text: "",
  milestones: [
    { percent: "20", days: "30", criteria: "" },
    { percent: "30", days: "90", criteria: "" },
    { percent: "50", days: "180", criteria: "" },
  ],
};

const numberOf = (text: string) =>
  /^\d+([.,]\d+)?$/.test(text.trim()) ? Number(text.replace(",", ".")) : Number.NaN;
const MOST_FIRST = 25;

/** The document, or why it is none yet. */
export function readDraft(draft: ApplicationDraft): ApplicationDocument | string {
  const { title, tier, focus, usd, text, milestones } = draft;
  if (title.trim() === "") return "Give it a title.";
  if (text.trim() === "") return "Say what you build.";
  for (const [i, { percent, days, criteria }] of milestones.entries()) {
    const place = `Milestone ${i + 1}`;
    if (!(numberOf(percent) > 0)) return `${place} needs its part in percent.`;
    if (i === 0 && numberOf(percent) > MOST_FIRST) return `The first milestone is ${MOST_FIRST} % at most.`;
    if (!Number.isInteger(numberOf(days)) || numberOf(days) < 1)
      return `${place} needs its days, a whole number.`;
    if (i > 0 && numberOf(days) <= numberOf(milestones[i - 1]!.days))
      return `${place} is due after the one before.`;
    if (criteria.trim() === "") return `Say when milestone ${i + 1} is reached.`;
  }
  const document = {
    ...{ title: title.trim(), tier, focus, usd: numberOf(usd), text: text.trim() },
    milestones: milestones.map(({ percent, days, criteria }) => ({
      ...{ percent: numberOf(percent), days: numberOf(days), criteria: criteria.trim() },
    })),
  };
  try {
    return parseApplication(JSON.stringify(document));
  } catch (error) {
    return `${(error as Error).message}.`;
  }
}
