import type { FaultyRecord } from "../attribution/provenance.ts";
import { findFaultyRecord } from "../attribution/provenance.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import type { RegisteredModel } from "../client/models.ts";
import type { ShownExample } from "../client/registration.ts";
import { merkleTree } from "../codec/merkle.ts";
import type { ContentSource } from "../content/source.ts";
import { readRows } from "../spans/model-spans.ts";
import type { RowPlace } from "../train/snapshot.ts";
import type { LoadedIndex } from "./indexes.ts";

/** A record that is wrong, and the rows by which it is. */
export interface FoundFault extends FaultyRecord {
  places: readonly RowPlace[];
}

/**
 * Compares every record of a registered model's index with the rows of its snapshots, as the registry froze them.
 * @returns the record that is wrong, if one is.
 */
export async function findFault(
  client: ChainClient,
  at: ProtocolAddresses,
  content: ContentSource,
  model: RegisteredModel,
  { manifest, index }: LoadedIndex,
): Promise<FoundFault | undefined> {
  const { places } = (await readRows(client, at, content, model, manifest)).set;
  const fault = findFaultyRecord(index, places);
  return fault && { ...fault, places };
}

/** The example of a row with its path; the tree is over all rows of its contribution. */
export function shownExample(places: readonly RowPlace[], rowId: number): ShownExample {
  const { contributionId, row, exampleHash } = places[rowId]!;
  const leaves = places
    .filter((place) => place.contributionId === contributionId)
    .map((place) => place.exampleHash!);
  return { contributionId, row, exampleHash: exampleHash!, path: merkleTree(leaves).path(row) };
}
