import type { PrivateKeyAccount } from "viem/accounts";
import type { QuerySketch } from "../../node/ai/attribution/record.ts";
import { recordOf } from "../../node/ai/attribution/sketch-index.ts";
import { caseOf, evidenceIn, giveEvidence } from "../../node/ai/client/audits.ts";
import { type Claim, type ClaimWithQuery, postClaim } from "../../node/ai/client/claims.ts";
import { getDispute, panelsIn } from "../../node/ai/client/disputes.ts";
import { getRequest } from "../../node/ai/client/market.ts";
import { hashOfTokens } from "../../node/ai/client/request-hash.ts";
import { verifierOf } from "../../node/ai/client/verifiers.ts";
import { trueClaim } from "../../node/ai/serve/claim-with-cover.ts";
import { runInference } from "../../node/ai/serve/inference.ts";
import { encodeEvidence } from "../../node/ai/verify/evidence.ts";
import { isCodedError } from "../../node/base/errors.ts";
import type { Address } from "../../node/chain/types/primitives.ts";
import { challengeAsMaker, withoutFirst } from "./covers.ts";
import { checkAsPayer, demandAsPayer, refutedBy } from "./payer.ts";
import { type Asked, ask, PROMPT, type World } from "./world.ts";

/** Where a liar's claim stands: its request, and the claim that was posted. */
export interface Posted extends ClaimWithQuery {
  asked: Asked;
}

const OTHER_PROMPT = "Who leads Larkspur?";

/** What an honest host would claim for a new request of paula's. */
export async function honestClaim(world: World, liar: Address, prompt = PROMPT) {
  const { ground, model } = world;
  const asked = await ask(world, liar, prompt);
  const request = await getRequest(ground.client, ground.at, asked.requestId);
  const inference = await runInference(ground.session, model, prompt, request.maxTokensOut);
  const honest = await trueClaim(inference, request, model.index, async () => world.rows);
  return { asked, request, inference, ...honest };
}

export async function post(
  { ground }: World,
  liar: PrivateKeyAccount,
  { asked, claim, query }: Posted,
  withholdQuery = false,
): Promise<void> {
  const { client, at } = ground;
  const { claimBond: bond } = await getRequest(client, at, asked.requestId);
  await postClaim(client, at, liar, { claim, query, bond, withholdQuery });
}

/** The claim with another sketch, and with what follows from it. */
async function withQuery(
  { model: { index }, rows }: World,
  { request, inference }: Awaited<ReturnType<typeof honestClaim>>,
  query: QuerySketch,
): Promise<ClaimWithQuery> {
  const other = { ...inference, query, scores: await index.score(query) };
  return trueClaim(other, request, index, async () => rows);
}

/** A liar shows its panel what was asked, as an honest host does: it hopes that nobody runs it. */
export async function showEvidence(
  { ground }: World,
  liar: PrivateKeyAccount,
  { requestId, prompt, salt }: Asked,
  claim: Claim,
): Promise<void> {
  const { client, at, sink, until } = ground;
  const { disputeId } = await caseOf(client, at, requestId);
  const { round } = await until("a panel is drawn", 120, async () => {
    const dispute = await getDispute(client, at, disputeId);
    return dispute.status === "drawn" && dispute;
  });
  if ((await evidenceIn(client, at, requestId, round)) !== undefined) return;
  const panel = (await panelsIn(client, at, { from: 0n, disputeId })).findLast(
    (found) => found.round === round,
  );
  const keys = [];
  for (const { verifier } of panel?.members ?? []) {
    keys.push({ verifier, key: (await verifierOf(client, at, verifier)).key });
  }
  const hash = await sink.put(encodeEvidence({ requestId, round }, { prompt, salt }, keys));
  await giveEvidence(client, at, liar, claim, hash);
}

/** Posts, has the payer look, and waits for the panel. */
async function throughPanel(world: World, liar: PrivateKeyAccount, posted: Posted): Promise<string> {
  await post(world, liar, posted);
  const { asked, claim } = posted;
  if (!(await checkAsPayer(world, asked, claim))) throw new Error("the payer saw nothing wrong");
  await showEvidence(world, liar, asked, claim).catch((error: unknown) => {
    // Arithmetic may have been faster.
    if (!isCodedError(error, "TRANSACTION_REVERTED")) throw error;
  });
  return refutedBy(world, asked.requestId);
}

export async function zeroQuery(world: World, liar: PrivateKeyAccount): Promise<string> {
  const honest = await honestClaim(world, liar.address);
  const { exponent, values } = honest.inference.query;
  const zero = { exponent, values: new Int16Array(values.length) };
  return throughPanel(world, liar, { asked: honest.asked, ...(await withQuery(world, honest, zero)) });
}

/** The sketch of one row, so that its contributor is paid for whatever is asked. */
export async function aimedQuery(world: World, liar: PrivateKeyAccount): Promise<string> {
  const honest = await honestClaim(world, liar.address);
  const { values } = recordOf(world.model.index, 0);
  const aimed = { exponent: honest.inference.query.exponent, values: Int16Array.from(values) };
  return throughPanel(world, liar, { asked: honest.asked, ...(await withQuery(world, honest, aimed)) });
}

/** All for a contribution whose rows stood in no prompt: this model shows none. */
export async function madeUpContext(world: World, liar: PrivateKeyAccount): Promise<string> {
  const { asked, claim, query } = await honestClaim(world, liar.address);
  const { contributionId } = recordOf(world.model.index, 0);
  const context = { partBps: 10_000, contributionIds: [contributionId], weights: [1n] };
  return throughPanel(world, liar, { asked, claim: { ...claim, context }, query });
}

/** An earlier answer serves again: as it was, and dressed for the new request. */
export async function replay(world: World, liar: PrivateKeyAccount): Promise<string> {
  const earlier = await honestClaim(world, liar.address);
  const { asked, request } = await honestClaim(world, liar.address, OTHER_PROMPT);
  const { claim, query } = earlier;
  const { client, at } = world.ground;
  const again = { ...claim, requestId: asked.requestId };
  const refused = await postClaim(client, at, liar, { claim: again, query, bond: request.claimBond }).then(
    () => false,
    () => true,
  );
  if (!refused) throw new Error("the chain took a claim for another request");
  const { requestId, requestHash } = request;
  const tokensIn = Math.min(claim.tokensIn, request.maxTokensIn);
  const dressed = { ...claim, requestId, requestHash, tokensIn };
  return throughPanel(world, liar, { asked, claim: dressed, query });
}

/** Tokens that nobody generated, and the longest bill. */
export async function wrongTokens(world: World, liar: PrivateKeyAccount): Promise<string> {
  const { asked, request, claim, query } = await honestClaim(world, liar.address);
  const tokensOut = request.maxTokensOut;
  const outputHash = hashOfTokens(Array.from({ length: tokensOut }, () => 1));
  return throughPanel(world, liar, { asked, claim: { ...claim, tokensOut, outputHash }, query });
}

export async function withheldQuery(world: World, liar: PrivateKeyAccount): Promise<string> {
  const honest = await honestClaim(world, liar.address);
  await post(world, liar, honest, true);
  return refutedBy(world, honest.asked.requestId);
}

export async function undeliveredAnswer(world: World, liar: PrivateKeyAccount): Promise<string> {
  const { asked, claim, query } = await honestClaim(world, liar.address);
  await post(world, liar, { asked, claim, query });
  await demandAsPayer(world, asked, claim);
  return refutedBy(world, asked.requestId);
}

export async function missingContributor(world: World, liar: PrivateKeyAccount): Promise<string> {
  const { asked, ...honest } = await honestClaim(world, liar.address);
  await post(world, liar, { asked, ...withoutFirst(world, honest) });
  return refutedBy(world, asked.requestId);
}

/** The liar's second account brings the counter-example itself, to have half of the loss back. */
export async function selfRefutation(
  world: World,
  liar: PrivateKeyAccount,
  friend: PrivateKeyAccount,
): Promise<string> {
  const { asked, ...honest } = await honestClaim(world, liar.address);
  const lie = withoutFirst(world, honest);
  await post(world, liar, { asked, ...lie });
  const brought = await challengeAsMaker(world, friend, lie).then(
    () => "brought by its maker",
    () => "the watcher was faster",
  );
  return `${await refutedBy(world, asked.requestId)}, ${brought}`;
}
