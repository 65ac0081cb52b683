import type { Address } from "../../chain/types/primitives.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import type { Claim } from "../client/claims.ts";
import { getContribution } from "../client/datanets.ts";
import { paidContributions } from "../client/earnings.ts";

/** Who made the contributions that a claim pays, as the registry names them. */
export async function contributorsOf(
  client: ChainClient,
  at: ProtocolAddresses,
  claim: Pick<Claim, "list" | "context">,
): Promise<{ contributionId: bigint; contributor: Address }[]> {
  const contributors = [];
  for (const contributionId of paidContributions(claim)) {
    const found = await getContribution(client, at, contributionId);
    contributors.push({ contributionId, contributor: found.contributor.toLowerCase() as Address });
  }
  return contributors;
}
