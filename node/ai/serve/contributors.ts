import type { InfluenceList } from "../../../precompiles/influence-verifier/types.ts";
import type { Address } from "../../chain/types/primitives.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { getContribution } from "../client/datanets.ts";

/** Who made the contributions that a list pays, as the registry names them. */
export async function contributorsOf(
  client: ChainClient,
  at: ProtocolAddresses,
  { contributionIds }: Pick<InfluenceList, "contributionIds">,
): Promise<{ contributionId: bigint; contributor: Address }[]> {
  const contributors = [];
  for (const contributionId of contributionIds) {
    const found = await getContribution(client, at, contributionId);
    contributors.push({ contributionId, contributor: found.contributor.toLowerCase() as Address });
  }
  return contributors;
}
