import { privateKeyToAccount } from "viem/accounts";
import { decodeQuery, queryBytes } from "../../ai/attribution/record.ts";
import { NO_SPANS } from "../../ai/attribution/score.ts";
import type { AttributionIndex } from "../../ai/attribution/sketch-index.ts";
import { type CounterExample, challengeClaim, challengeSalt } from "../../ai/client/challenges.ts";
import type { ClaimWithQuery, PostedClaim } from "../../ai/client/claims.ts";
import { publishedQuery } from "../../ai/client/demands.ts";
import { getModel } from "../../ai/client/models.ts";
import { bytesOfHex } from "../../ai/codec/hash.ts";
import { findCounterExample, findWrongScore } from "../../ai/watch/check-claim.ts";
import { loadIndex } from "../../ai/watch/indexes.ts";
import type { Hex } from "../../chain/types/primitives.ts";
import { webError } from "../errors.ts";
import type { Protocol } from "./connection.tsx";
import { contentOf } from "./rows.ts";
import type { Signer } from "./signer.ts";

/** What comparing a claim with every row of its model gave. */
export interface Compared {
  rows: number;
  /** Who commits spans is paid by them too: which row holds words is known to whoever cuts texts into tokens. */
  isWhole: boolean;
  /** What is false; undefined where nothing is. */
  counter: CounterExample | undefined;
  lying: ClaimWithQuery;
  index: AttributionIndex;
}

/**
 * "Was my row missed?": compares a claim with every row of its model, as watchers do; of a model with spans scores alone.
 * @throws CodedError `QUERY_WITHHELD`, and what reading of the index throws.
 */
export async function compareRows(
  protocol: Pick<Protocol, "client" | "at">,
  { requestId, modelId, claim, query: posted }: PostedClaim,
): Promise<Compared> {
  const { client, at } = protocol;
  const query = posted === "0x" ? await publishedQuery(client, at, requestId) : posted;
  if (query === undefined)
    throw webError("QUERY_WITHHELD", {
      message: "The host did not publish the query sketch that rows are scored by.",
      fix: "A watcher demands it, and silence ends the claim. Try again in a while.",
    });
  const { index } = await loadIndex(contentOf(protocol), await getModel(client, at, modelId));
  const lying = { claim, query };
  const isWhole = index.commitment.spans === NO_SPANS;
  const counter = isWhole ? await findCounterExample(lying, index) : await wrongScore(lying, index);
  return { rows: index.commitment.rows, isWhole, counter, lying, index };
}

async function wrongScore({ claim, query }: ClaimWithQuery, index: AttributionIndex) {
  const sketch = bytesOfHex(query).subarray(0, queryBytes(index.commitment.dimension));
  const scores = await index.score(decodeQuery(sketch, index.commitment.dimension));
  return findWrongScore(claim.list, scores, index);
}

/**
 * Announces what was found false and shows it some blocks later, which a wallet's second question would be too late for.
 * @throws CodedError `WALLET_TOO_SLOW`, and the contracts' refusals.
 */
export async function showFalse(
  { client, at }: Pick<Protocol, "client" | "at">,
  signer: Signer,
  { counter, lying, index }: Compared,
  claimHash: Hex,
): Promise<void> {
  if (signer.kind !== "devnet")
    throw webError("WALLET_TOO_SLOW", {
      message:
        "It has to be announced in one block and shown in one of the next three; a wallet asks for each.",
      fix: "Use the command: it signs both in time.",
    });
  if (counter === undefined) return;
  const account = privateKeyToAccount(signer.account.privateKey as Hex);
  const salt = await challengeSalt(client, account, `claim ${claimHash}`);
  await challengeClaim(client, at, account, lying, index, counter, salt);
}
