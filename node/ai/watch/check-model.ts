import { fetchFiles } from "../attribution/manifest.ts";
import type { FaultyRecord } from "../attribution/provenance.ts";
import { findFaultyRecord } from "../attribution/provenance.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { getSnapshot } from "../client/datanets.ts";
import type { RegisteredModel } from "../client/models.ts";
import type { ContentSource } from "../content/source.ts";
import { parseModelConfig } from "../model/config.ts";
import { requireJson } from "../model/files.ts";
import { loadTokenizer } from "../model/tokenizer.ts";
import { type Snapshot, trainingSet } from "../train/snapshot.ts";
import type { LoadedIndex } from "./indexes.ts";

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
): Promise<FaultyRecord | undefined> {
  const files = await fetchFiles(content, manifest.tokenizer);
  const { contextLength } = parseModelConfig(requireJson(files, "config.json"));
  const reader = { tokenizer: loadTokenizer(files), config: { contextLength } };
  const snapshots: Snapshot[] = [];
  for (const { datanetId, number } of model.snapshots) {
    snapshots.push(await getSnapshot(client, at, datanetId, number));
  }
  const { places } = await trainingSet(snapshots, (contentId) => content.get(contentId), reader);
  return findFaultyRecord(index, places);
}
