import type { AccessTerms } from "../../ai/client/access.ts";
import { parseOpen } from "../ui/format.ts";

/** Terms of access as a form has them. */
export interface AccessDraft {
  /** OPEN. */
  perSnapshot: string;
  perRow: string;
  /** Percent. */
  curation: string;
  royalty: string;
  licence: string;
  closed: boolean;
}

/** The contract's bounds on both, in percent. */
export const CURATION_MOST = 50;
export const ROYALTY_MOST = 10;
const LICENCE_MOST = 1024;

type Problems = Partial<Record<keyof AccessDraft, string>>;

/** What is wrong with each field; empty where the contract takes the terms. */
export function accessProblems(draft: AccessDraft): Problems {
  const problems: Problems = {};
  for (const field of ["perSnapshot", "perRow"] as const)
    if (parseOpen(draft[field]) === undefined) problems[field] = "Give an amount such as 10 or 0.5.";
  const most = { curation: CURATION_MOST, royalty: ROYALTY_MOST };
  for (const field of ["curation", "royalty"] as const) {
    const bps = bpsOf(draft[field]);
    if (bps === undefined || bps > most[field] * 100)
      problems[field] = `Give a number from 0 to ${most[field]} with up to two decimals.`;
  }
  if (new TextEncoder().encode(draft.licence).length > LICENCE_MOST)
    problems.licence = `A licence has ${LICENCE_MOST} bytes at most: name it, or give the hash of its text.`;
  return problems;
}

/** The terms that a draft without problems means. */
export function termsOf(draft: AccessDraft): Omit<AccessTerms, "licence"> {
  return {
    perSnapshot: parseOpen(draft.perSnapshot) ?? 0n,
    perRow: parseOpen(draft.perRow) ?? 0n,
    curationBps: bpsOf(draft.curation) ?? 0,
    royaltyBps: bpsOf(draft.royalty) ?? 0,
    closed: draft.closed,
  };
}

/** Percent with up to two decimals in 1/10000, without a detour over fractions. */
function bpsOf(text: string): number | undefined {
  const match = /^(\d{1,3})(?:\.(\d{1,2}))?$/.exec(text.trim());
  return match ? Number(match[1]) * 100 + Number((match[2] ?? "").padEnd(2, "0")) : undefined;
}
