import { CodedError } from "../../node/base/errors.ts";
import { type Form, WORDINGS, type Wording } from "./trial.ts";

export const FORMS: readonly Form[] = ["pairs", "prose"];

/** Most training seeds of one measure: each trains everything again. */
const MAX_SEEDS = 100;

/** What both measures go by: the sets on a running devnet, and a folder of facts. */
export interface AskFlags {
  base?: string;
  method?: string;
  payers: string;
  "pairs-only"?: boolean;
  "own-only"?: boolean;
  "no-causal"?: boolean;
}

/** Accounts that ask, one question at a time each. */
export function payersOf({ payers }: Pick<AskFlags, "payers">): string[] {
  return Array.from({ length: Number(payers) }, (_, index) => `payer-${index + 1}`);
}

export function formsOf(flags: AskFlags): readonly Form[] {
  return flags["pairs-only"] ? FORMS.slice(0, 1) : FORMS;
}

export function wordingsOf(flags: AskFlags): readonly Wording[] {
  return flags["own-only"] ? WORDINGS.slice(0, 1) : WORDINGS;
}

/** How many training seeds. @throws CodedError `SEEDS_INVALID` unless it is a whole number from 1 to 100. */
export function seedsOf(text: string): number {
  const seeds = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (seeds >= 1 && seeds <= MAX_SEEDS) return seeds;
  throw new CodedError("SEEDS_INVALID", "fatal", {
    message: `--seeds is "${text}"`,
    fix: `give a whole number from 1 to ${MAX_SEEDS}`,
  });
}
