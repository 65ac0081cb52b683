import { CodedError } from "../../node/base/errors.ts";
import { type Form, WORDINGS, type Wording } from "./trial.ts";

export const FORMS: readonly Form[] = ["pairs", "prose"];

/** Most of what one measure trains anew for each. */
const MOST = 100;

/** What both measures go by: the sets on a running devnet, and a folder of facts. */
export interface AskFlags {
  base?: string;
  method?: string;
  payers: string;
  "pairs-only"?: boolean;
  "prose-only"?: boolean;
  "own-only"?: boolean;
  "no-causal"?: boolean;
}

/** Accounts that ask, one question at a time each. */
export function payersOf({ payers }: Pick<AskFlags, "payers">): string[] {
  return Array.from({ length: Number(payers) }, (_, index) => `payer-${index + 1}`);
}

export function formsOf(flags: AskFlags): readonly Form[] {
  if (flags["prose-only"]) return FORMS.slice(1);
  return flags["pairs-only"] ? FORMS.slice(0, 1) : FORMS;
}

export function wordingsOf(flags: AskFlags): readonly Wording[] {
  return flags["own-only"] ? WORDINGS.slice(0, 1) : WORDINGS;
}

/** A whole number. @throws CodedError `NUMBER_INVALID` unless it is one from `least` to 100. */
export function numberOf(what: string, text: string, least: number): number {
  const number = /^\d{1,3}$/.test(text) ? Number(text) : -1;
  if (number >= least && number <= MOST) return number;
  throw new CodedError("NUMBER_INVALID", "fatal", {
    message: `--${what} is "${text}"`,
    fix: `give a whole number from ${least} to ${MOST}`,
  });
}
