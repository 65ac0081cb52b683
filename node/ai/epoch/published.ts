import { isCodedError } from "../../base/errors.ts";
import type { Hex } from "../../chain/types/primitives.ts";
import type { ClosedEpoch } from "../client/epochs.ts";
import { bytesOfHex, keccakOf } from "../codec/hash.ts";
import type { ContentSource } from "../content/source.ts";
import { decodeEpochContents } from "./contents.ts";
import { type Epoch, epochWith } from "./epoch.ts";
import { closingOf } from "./shown.ts";

/** An epoch as its file says it, with the query of each inference. */
export interface Published {
  epoch: Epoch;
  queries: Hex[];
}

/** There is no such file, or what it holds are no leaves. */
const UNREADABLE: ReadonlySet<string> = new Set([
  "CONTENT_NOT_FOUND",
  "CONTENT_TOO_LARGE",
  "EPOCH_CONTENTS",
  "EPOCH_SUM_RANGE",
]);

/** The leaves that a closing's file has; undefined where there is none, or it says something else than was closed. */
export async function publishedEpoch(
  content: ContentSource,
  { epochId, closing, ranges }: ClosedEpoch,
): Promise<Published | undefined> {
  try {
    const { inferences, payouts } = decodeEpochContents(await content.get(closing.contents));
    const epoch = epochWith(epochId, inferences, payouts, ranges);
    const said = closingOf(epoch, closing, closing.contents);
    const isSame =
      said.root === closing.root &&
      said.net === closing.net &&
      said.count === closing.count &&
      said.payoutRoot === closing.payoutRoot &&
      said.payoutSum === closing.payoutSum &&
      said.payoutCount === closing.payoutCount;
    const isWhole = inferences.every(({ claim, query }) => keccakOf(bytesOfHex(query)) === claim.queryHash);
    return isSame && isWhole ? { epoch, queries: inferences.map(({ query }) => query) } : undefined;
  } catch (error) {
    if (isCodedError(error) && UNREADABLE.has(error.code)) return undefined;
    throw error;
  }
}
