import { z } from "zod";
import type { Hash } from "../../chain/types/primitives.ts";
import { canonicalBytes, parseCanonical } from "../codec/canonical-json.ts";
import { contentIdOf } from "../codec/hash.ts";
import { aiError } from "../errors.ts";
import { MAX_MESSAGES, MAX_ROWS, plainRow, ROW_ROLES, type Row, rowsRoot } from "./rows.ts";

/** The contribution as it lies in the content store. */
export interface ContributionDocument {
  /** Name of the file that it was made of; for people only. */
  name: string;
  rows: readonly Row[];
}

/** A document with everything that the registry wants to know of it. */
export interface EncodedDocument {
  bytes: Uint8Array;
  /** SHA-256 of `bytes`. */
  contentId: Hash;
  rowsRoot: Hash;
  rowCount: number;
}

const FORMAT = "openledger/document/1";

const documentSchema = z.strictObject({
  format: z.literal(FORMAT),
  name: z.string().max(255),
  rows: z
    .array(
      z.strictObject({
        prompt: z.string().min(1),
        completion: z.string().min(1),
        before: z
          .array(z.strictObject({ role: z.enum(ROW_ROLES), content: z.string().min(1) }))
          .min(1)
          .max(MAX_MESSAGES)
          .optional(),
      }),
    )
    .min(1)
    .max(MAX_ROWS),
});

/** Canonical bytes of a document and its hashes. */
export function encodeDocument(document: ContributionDocument): EncodedDocument {
  const bytes = canonicalBytes({
    format: FORMAT,
    name: document.name,
    rows: document.rows.map(plainRow),
  });
  return {
    bytes,
    contentId: contentIdOf(bytes),
    rowsRoot: rowsRoot(document.rows),
    rowCount: document.rows.length,
  };
}

/**
 * Reads a document that was fetched by its id.
 * @throws CodedError `JSON_NOT_CANONICAL`, `DOCUMENT_INVALID`.
 */
export function decodeDocument(bytes: Uint8Array): ContributionDocument {
  const parsed = documentSchema.safeParse(parseCanonical(bytes, "the contribution"));
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw aiError("DOCUMENT_INVALID", {
      message: `the contribution's content is broken: ${issue.path.join(".") || "the whole"}: ${issue.message}`,
      fix: "reject the contribution",
    });
  }
  return { name: parsed.data.name, rows: parsed.data.rows };
}
