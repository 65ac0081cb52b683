import type { Command } from "commander";
import { dataRoyalty, type SnapshotPlace } from "../ai/client/access.ts";
import type { Origins } from "../ai/client/register.ts";
import type { Address } from "../chain/types/primitives.ts";
import { parseOpen } from "./amount.ts";
import { cliError } from "./errors.ts";
import { type Protocol, parseId } from "./protocol.ts";

/** What `openledger model register` takes of a model's origins. */
export interface OriginOptions {
  parent?: string[];
  mostAccess: string;
  mostRoyalty: string;
}

/** Adds the options of {@link OriginOptions}. */
export function addOriginOptions(command: Command): Command {
  return command
    .option(
      "--parent <model:percent...>",
      "up to four models that it was made from, with what each gets of its owner's part, for example 2:25",
    )
    .option("--most-access <open>", "most OPEN to pay for access to its data", "0")
    .option("--most-royalty <percent>", "most of its owner's part to give on to its data", "0");
}

/**
 * What the options say. Its royalty is what parents and data get now: if the data asks for more meanwhile, nothing is registered.
 * @throws CodedError PARENT_INVALID, PERCENT_INVALID, ROYALTY_NOT_AGREED.
 */
export async function originsOf(
  { client, at }: Protocol,
  owner: Address,
  snapshots: readonly SnapshotPlace[],
  options: OriginOptions,
): Promise<Origins> {
  const parents = (options.parent ?? []).map((text) => {
    const [model, percent, more] = text.split(":");
    if (model === undefined || percent === undefined || more !== undefined) {
      throw cliError("PARENT_INVALID", {
        message: `${JSON.stringify(text)} names no parent with its part`,
        fix: "give model:percent, for example 2:25",
      });
    }
    return { modelId: parseId(model, "model"), bps: parsePercent(percent) };
  });
  const ofData = await dataRoyalty(client, at, owner, snapshots);
  const most = parsePercent(options.mostRoyalty);
  if (ofData > most) {
    throw cliError("ROYALTY_NOT_AGREED", {
      message: `the model's data gets ${ofData / 100} % of its owner's part, and ${most / 100} % was agreed to`,
      fix: `agree with --most-royalty ${ofData / 100}, or train on other data`,
      facts: { royaltyBps: ofData, mostBps: most },
    });
  }
  const mostRoyalty = parents.reduce((sum, { bps }) => sum + bps, ofData);
  return { parents, mostFee: parseOpen(options.mostAccess), mostRoyalty };
}

/** Percent with up to two decimals, in 1/10000. @throws CodedError PERCENT_INVALID. */
export function parsePercent(text: string): number {
  const match = /^(\d{1,3})(?:\.(\d{1,2}))?$/.exec(text);
  const bps = match ? Number(match[1]) * 100 + Number((match[2] ?? "").padEnd(2, "0")) : Number.NaN;
  if (bps <= 10_000) return bps;
  throw cliError("PERCENT_INVALID", {
    message: `${JSON.stringify(text)} is no part of a hundred`,
    fix: "give a number from 0 to 100 with up to two decimals, such as 2.5",
  });
}
