import { z } from "zod";
import type { CodedError } from "../../base/errors.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import { canonicalBytes, parseCanonical } from "../codec/canonical-json.ts";
import { bytesOfHex, concatBytes, contentIdOf } from "../codec/hash.ts";
import { leafHash, merkleTree } from "../codec/merkle.ts";
import { decodeDocument } from "../datanet/document.ts";
import { exampleHash, type Row, rowsRoot } from "../datanet/rows.ts";
import { aiError } from "../errors.ts";

/** An accepted contribution as the registry holds it. */
export interface AcceptedContribution {
  contributionId: bigint;
  contributor: Address;
  contentId: Hash;
  rowsRoot: Hash;
  rowCount: number;
}

/** A frozen version of a datanet: its accepted contributions in the order of acceptance. */
export interface Snapshot {
  root: Hash;
  contributions: readonly AcceptedContribution[];
}

/** One row of the training set. */
export interface TrainingExample {
  /** Position in the index. */
  rowId: number;
  row: Row;
  exampleHash: Hash;
  contributor: Address;
}

/** keccak256(0x00 | id u256 | contributor 20 | content id 32 | rows root 32 | row count u32), big endian. */
export function contributionLeaf(contribution: AcceptedContribution): Hash {
  const id = bytesOfHex(`0x${contribution.contributionId.toString(16).padStart(64, "0")}`);
  const count = new Uint8Array(4);
  new DataView(count.buffer).setUint32(0, contribution.rowCount);
  return leafHash(
    concatBytes(
      id,
      bytesOfHex(contribution.contributor),
      bytesOfHex(contribution.contentId),
      bytesOfHex(contribution.rowsRoot),
      count,
    ),
  );
}

/** The root that the registry computes for these contributions. */
export function snapshotRoot(contributions: readonly AcceptedContribution[]): Hash {
  return merkleTree(contributions.map(contributionLeaf)).root;
}

const SNAPSHOT_FORMAT = "openledger/snapshot/1";

const hash = z.string().regex(/^0x[0-9a-f]{64}$/) as unknown as z.ZodType<Hash>;
const snapshotSchema = z.strictObject({
  format: z.literal(SNAPSHOT_FORMAT),
  contributions: z
    .array(
      z.strictObject({
        contributionId: z.string().regex(/^\d{1,30}$/),
        contributor: z.string().regex(/^0x[0-9a-f]{40}$/) as unknown as z.ZodType<Address>,
        contentId: hash,
        rowsRoot: hash,
        rowCount: z.number().int().positive().max(0xffffffff),
      }),
    )
    .min(1),
});

/** Canonical bytes of a snapshot's contributions, so that its root can be checked without the chain. */
export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  const contributions = snapshot.contributions.map((contribution) => ({
    ...contribution,
    contributionId: String(contribution.contributionId),
  }));
  return canonicalBytes({ format: SNAPSHOT_FORMAT, contributions });
}

/** Reads a snapshot; its root is computed. @throws CodedError `JSON_NOT_CANONICAL`, `SNAPSHOT_INVALID`. */
export function decodeSnapshot(bytes: Uint8Array): Snapshot {
  const parsed = snapshotSchema.safeParse(parseCanonical(bytes, "the snapshot"));
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw aiError("SNAPSHOT_INVALID", {
      message: `the snapshot is broken: ${issue.path.join(".") || "the whole"}: ${issue.message}`,
    });
  }
  const contributions = parsed.data.contributions.map((contribution) => ({
    ...contribution,
    contributionId: BigInt(contribution.contributionId),
  }));
  return { root: snapshotRoot(contributions), contributions };
}

/**
 * The training set of snapshots: their rows in order. A row that says the same as an earlier one is left out, so a copy
 * neither trains nor earns.
 * @param fetchDocument gives the bytes of a contribution's document by its content id.
 * @throws CodedError `SNAPSHOT_MISMATCH` (root), `CONTRIBUTION_MISMATCH` (content, rows), `TRAINING_SET_EMPTY`.
 */
export async function trainingSet(
  snapshots: readonly Snapshot[],
  fetchDocument: (contentId: Hash) => Promise<Uint8Array>,
): Promise<{ examples: TrainingExample[]; copies: number }> {
  const examples: TrainingExample[] = [];
  const seen = new Set<string>();
  let copies = 0;
  for (const snapshot of snapshots) {
    const root = snapshotRoot(snapshot.contributions);
    if (root !== snapshot.root) {
      throw aiError("SNAPSHOT_MISMATCH", {
        message: `the contributions give the snapshot root ${root}, but the registry holds ${snapshot.root}`,
        fix: "read the snapshot again from a node that you trust",
        facts: { computed: root, registered: snapshot.root },
      });
    }
    for (const contribution of snapshot.contributions) {
      for (const row of await rowsOf(contribution, fetchDocument)) {
        const key = copyKey(row);
        if (seen.has(key)) {
          copies += 1;
          continue;
        }
        seen.add(key);
        const { contributor } = contribution;
        examples.push({ rowId: examples.length, row, exampleHash: exampleHash(row), contributor });
      }
    }
  }
  if (examples.length === 0) {
    throw aiError("TRAINING_SET_EMPTY", {
      message: "the snapshots hold no rows",
      fix: "freeze a datanet that has accepted contributions",
    });
  }
  return { examples, copies };
}

async function rowsOf(
  contribution: AcceptedContribution,
  fetchDocument: (contentId: Hash) => Promise<Uint8Array>,
): Promise<readonly Row[]> {
  const bytes = await fetchDocument(contribution.contentId);
  if (contentIdOf(bytes) !== contribution.contentId) {
    throw mismatch(contribution, "the fetched content does not have its hash");
  }
  const { rows } = decodeDocument(bytes);
  if (rows.length !== contribution.rowCount) {
    throw mismatch(
      contribution,
      `the content has ${rows.length} rows, but ${contribution.rowCount} were revealed`,
    );
  }
  if (rowsRoot(rows) !== contribution.rowsRoot) {
    throw mismatch(contribution, "the content's rows do not have the revealed root");
  }
  return rows;
}

/** Rows that differ in case, white space or punctuation only say the same. */
function copyKey({ prompt, completion }: Row): string {
  const plain = (text: string) =>
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu)
      ?.join(" ") ?? text;
  return `${plain(prompt)}\n${plain(completion)}`;
}

function mismatch(contribution: AcceptedContribution, what: string): CodedError {
  return aiError("CONTRIBUTION_MISMATCH", {
    message: `contribution ${contribution.contributionId}: ${what}`,
    fix: "reject the contribution, or fetch its content again",
    facts: { contributionId: contribution.contributionId, contentId: contribution.contentId },
  });
}
