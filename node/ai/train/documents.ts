import { isCodedError } from "../../base/errors.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import type { ContentSource } from "../content/source.ts";
import { aiError } from "../errors.ts";

/** Bytes of the documents of one model's snapshots, all together: a stranger's model may name any. */
export const MAX_DOCUMENTS = 256 * 1024 * 1024;

/**
 * Documents by their content ids, as many as fit.
 * @throws CodedError `CONTENT_TOO_LARGE` at the one that goes over the limit, and the source's.
 */
export function boundedDocuments(
  source: ContentSource,
  limit = MAX_DOCUMENTS,
): (contentId: Hash) => Promise<Uint8Array> {
  let bytes = 0;
  return async (contentId) => {
    const document = await source.get(contentId);
    bytes += document.length;
    if (bytes <= limit) return document;
    throw aiError("CONTENT_TOO_LARGE", {
      message: `the documents of the model's snapshots have more than ${limit} bytes`,
      fix: "train on fewer snapshots; a model of more can't be made or checked",
      facts: { limit },
    });
  };
}

/**
 * The same, and where one is missing it is asked whether its datanet took it out since: then nobody has to keep its text.
 * @param takenOutFrom the first snapshot that passes over the contribution of a content id; 0 while none does.
 * @throws CodedError `TEXT_GONE` for a text that was taken out and is not to be had; those of {@link boundedDocuments}.
 */
export function documentsOfRows(
  source: ContentSource,
  takenOutFrom: (contentId: Hash) => Promise<number>,
): (contentId: Hash) => Promise<Uint8Array> {
  const get = boundedDocuments(source);
  return async (contentId) => {
    try {
      return await get(contentId);
    } catch (error) {
      if (!isCodedError(error, "CONTENT_NOT_FOUND") || (await takenOutFrom(contentId)) === 0) throw error;
      throw aiError("TEXT_GONE", {
        message: `the text ${contentId} was taken out of its datanet and is not to be had: what the model commits of spans can't be looked at`,
        fix: "ask for a model that was made since, or give this node the text",
        facts: { contentId },
        cause: error,
      });
    }
  };
}
