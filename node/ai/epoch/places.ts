import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { type ClosedEpoch, epochsIn } from "../client/epochs.ts";
import type { ContentSource } from "../content/source.ts";
import type { PrepaidAnswer, PrepaidPlace } from "./prepaid.ts";
import { publishedEpoch } from "./published.ts";

/** Epochs whose leaves are looked through, the newest ones that have the payer. */
const MOST_LOOKED = 16;

/**
 * In which epoch an answer stands, by the leaves that its host put into the content store: no signature is needed for it.
 * @returns null while it is in none, or where nobody has the leaves.
 */
export async function findPlace(
  client: ChainClient,
  at: ProtocolAddresses,
  content: ContentSource,
  { payer, host, claim }: Pick<PrepaidAnswer, "payer" | "host" | "claim">,
): Promise<PrepaidPlace | null> {
  const to = await client.public.getBlockNumber();
  const mayHaveIt = (closed: ClosedEpoch) =>
    closed.host === host &&
    closed.closing.modelId === claim.modelId &&
    closed.ranges.some((range) => range.payer === payer);
  const closings = (await epochsIn(client, at, { from: 0n, to })).filter(mayHaveIt).reverse();
  for (const closed of closings.slice(0, MOST_LOOKED)) {
    const inferences = (await publishedEpoch(content, closed))?.epoch.inferences ?? [];
    const position = inferences.findIndex(
      (one) => one.payer === payer && one.claim.requestHash === claim.requestHash,
    );
    if (position >= 0) return { epochId: closed.epochId, position };
  }
  return null;
}
