import type { Address, Hash } from "../chain/types/primitives.ts";
import { type ApplicationDocument, bpsOf } from "./documents.ts";
import type { Application } from "./grants.ts";

const DAY = 86_400n;

/**
 * An application as the contract takes it. @param source the document's text. @param keep puts a text where anybody finds it by
 * its hash.
 */
export async function applicationOf(
  { tier, focus, usd, milestones }: ApplicationDocument,
  source: string,
  payee: Address,
  keep: (text: string) => Promise<Hash>,
): Promise<Application> {
  const steps = [];
  for (const { percent, days, criteria } of milestones)
    steps.push({ bps: bpsOf(percent), dueIn: BigInt(days) * DAY, criteria: await keep(criteria) });
  return { tier, focus, usd: BigInt(usd), payee, milestones: steps, document: await keep(source) };
}
