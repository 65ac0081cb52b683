import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { disputeClaim, valueOfClaim } from "../../node/ai/client/audits.ts";
import type { Claim } from "../../node/ai/client/claims.ts";
import { deliveredAnswer, demandDelivery, demandOf, endSilent } from "../../node/ai/client/demands.ts";
import { getRequest, refutationOf } from "../../node/ai/client/market.ts";
import { rerunRequest } from "../../node/ai/verify/rerun-request.ts";
import type { Asked, World } from "./world.ts";

/** Seconds for a dispute with all its rounds, and some. */
const VERDICT_S = 600;

/** What an honest payer does with a claim: runs its own request again and disputes what differs. */
export async function checkAsPayer({ ground }: World, asked: Asked, claim: Claim): Promise<boolean> {
  const { client, at, source, session, dev } = ground;
  const context = { client, at, content: source, session };
  const { value } = await rerunRequest(context, asked.requestId, asked);
  if (value === valueOfClaim(claim)) return false;
  await disputeClaim(client, at, dev("paula"), claim);
  return true;
}

/** What an honest payer does who got no answer: demands it, and ends the claim of a silent host. */
export async function demandAsPayer({ ground }: World, { requestId }: Asked, claim: Claim): Promise<void> {
  const { client, at, dev, until, now } = ground;
  const key = privateKeyToAccount(generatePrivateKey());
  await demandDelivery(client, at, dev("paula"), claim, key.publicKey);
  const { deadline } = await demandOf(client, at, requestId);
  await until("the time for delivery", 120, async () => (await now()) > deadline);
  if ((await deliveredAnswer(client, at, requestId)) === undefined) {
    await endSilent(client, at, dev("paula"), claim);
  }
}

/** Waits until a claim is refuted; gives the reason. */
export async function refutedBy({ ground }: World, requestId: bigint, seconds = VERDICT_S): Promise<string> {
  const { client, at, until } = ground;
  const { reason } = await until(`request ${requestId} is refuted`, seconds, async () => {
    const { status } = await getRequest(client, at, requestId);
    if (status === "settled") throw new Error(`request ${requestId} was settled: the lie paid`);
    return refutationOf(client, at, requestId);
  });
  return reason;
}
