import { fetchIndex } from "../../ai/attribution/index-contents.ts";
import { decodeManifest } from "../../ai/attribution/manifest.ts";
import type { IndexRecord } from "../../ai/attribution/record.ts";
import { readIndex, recordOf } from "../../ai/attribution/sketch-index.ts";
import { rpcSource } from "../../ai/client/content.ts";
import { getContribution, getDatanet } from "../../ai/client/datanets.ts";
import { type ContentSource, cachedSource } from "../../ai/content/source.ts";
import { type ContributionDocument, decodeDocument } from "../../ai/datanet/document.ts";
import type { Row } from "../../ai/datanet/rows.ts";
import type { Receipt } from "../../ai/receipt/receipt.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { Protocol } from "./connection.tsx";

const MAX_CACHE = 32 * 1024 * 1024;
const sources = new Map<string, ContentSource>();

/** Content of the node, hash checked, remembered while the page is open. */
export function contentOf({ client }: Pick<Protocol, "client">): ContentSource {
  const known = sources.get(client.rpcUrl);
  if (known !== undefined) return known;
  const made = cachedSource(rpcSource(client), MAX_CACHE);
  sources.set(client.rpcUrl, made);
  return made;
}

/** As much of a model as its index is read by. */
export type IndexedModel = Pick<Receipt["model"], "manifestHash" | "index">;

/** The records of the index that a model registered, by row. */
export async function readIndexOf(
  protocol: Pick<Protocol, "client">,
  model: IndexedModel,
): Promise<(rowId: number) => IndexRecord> {
  const source = contentOf(protocol);
  const manifest = decodeManifest(await source.get(model.manifestHash));
  const index = await readIndex(await fetchIndex(source, manifest, model.index), model.index);
  return (rowId) => recordOf(index, rowId);
}

/** A contribution with its document. */
export interface ReadContribution {
  contributionId: bigint;
  datanetId: bigint;
  datanet: string;
  licence: string;
  contributor: Address;
  contentId: Hash;
  /** The document; undefined where no node of ours has it. */
  document: ContributionDocument | undefined;
}

/** Reads a contribution and its datanet's name; its text where the node has it. */
export async function readContribution(
  protocol: Protocol,
  contributionId: bigint,
): Promise<ReadContribution> {
  const { client, at } = protocol;
  const { datanetId, contributor, contentId } = await getContribution(client, at, contributionId);
  const [{ name, licence }, document] = await Promise.all([
    getDatanet(client, at, datanetId),
    contentOf(protocol)
      .get(contentId)
      .then(decodeDocument)
      .catch(() => undefined),
  ]);
  return {
    ...{ contributionId, datanetId, licence, contentId, document },
    datanet: name,
    contributor: contributor.toLowerCase() as Address,
  };
}

/** A row of a contribution; undefined where its text is not to be had. */
export function rowOf({ document }: ReadContribution, row: number): Row | undefined {
  return document?.rows[row];
}
