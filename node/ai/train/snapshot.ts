import { z } from "zod";
import { SKIPPED } from "../../../precompiles/influence-verifier/rule.ts";
import { isCodedError } from "../../base/errors.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import { canonicalBytes, parseCanonical } from "../codec/canonical-json.ts";
import { bytesOfHex, concatBytes, contentIdOf } from "../codec/hash.ts";
import { leafHash, merkleTree } from "../codec/merkle.ts";
import { decodeDocument } from "../datanet/document.ts";
import { tokenizeRow } from "../datanet/row-tokens.ts";
import { exampleHash, type Row, rowsRoot } from "../datanet/rows.ts";
import { aiError } from "../errors.ts";
import type { ModelTokenizer } from "../model/tokenizer.ts";
import { type CopyRule, copyKey } from "./copies.ts";
import { Tellers } from "./tellers.ts";

/** An accepted contribution as the registry holds it. */
export interface AcceptedContribution {
  contributionId: bigint;
  contributor: Address;
  contentId: Hash;
  rowsRoot: Hash;
  rowCount: number;
  /** Its datanet took it out before this snapshot: its rows keep their places and take no part, their text may be gone. */
  skipped?: true;
}

/** A frozen version of a datanet: its accepted contributions in the order of acceptance. */
export interface Snapshot {
  root: Hash;
  contributions: readonly AcceptedContribution[];
}

/** One row of the snapshots: row i of the index is row i here, whoever made the index. */
export interface RowPlace {
  /** Position over all snapshots, from 0. */
  rowId: number;
  contributionId: bigint;
  contributor: Address;
  /** Position in the contribution's document. */
  row: number;
  /** Its own rowId: it trains and earns; else the row that it repeats, or {@link SKIPPED}. */
  first: number;
  /** Undefined where the text is not there or not what was revealed. */
  exampleHash: Hash | undefined;
  /** Its datanet took it out. */
  taken?: true;
  /** Its text can't be had any more: whether it says what another row says is not known. */
  gone?: true;
  /** A row before it is gone, and by the rule of copies that may decide what this one repeats. */
  unsure?: true;
}

/** A row that trains and earns. */
export interface TrainingExample {
  rowId: number;
  row: Row;
  exampleHash: Hash;
  /** As much of its completion as it holds of an answer, where another contributor told the rest before; absent: all of it. */
  own?: string;
}

/** What the rows of some snapshots are. */
export interface TrainingSet {
  /** Of all rows, in order. */
  places: RowPlace[];
  /** The rows that take part, in order. */
  examples: TrainingExample[];
  repeats: number;
  skipped: number;
}

/** By which it is decided whether a row can be trained, and whether it says what an earlier one says. */
export interface RowReader {
  tokenizer: ModelTokenizer;
  config: { contextLength: number };
  /** The method's; `plain` unless given. */
  copies?: CopyRule;
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

/** Most rows that an index has, as governance bounds it. */
const MAX_ROWS = 1 << 20;
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
        skipped: z.literal(true).optional(),
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
  const contributions = parsed.data.contributions.map(({ contributionId, skipped, ...contribution }) => ({
    ...contribution,
    contributionId: BigInt(contributionId),
    ...(skipped ? { skipped } : {}),
  }));
  return { root: snapshotRoot(contributions), contributions };
}

/**
 * The rows of snapshots in order, with what each is to the index. Of rows that say the same the one of the contribution that was
 * committed first (the lowest id, then the lowest row) takes part and the others repeat it, wherever their snapshots stand in
 * the list. A contribution that its datanet took out, one whose document is not what its reveal says, and a row that does not fit
 * the model's context, are skipped: one broken contribution can't make a snapshot useless.
 * @param fetchDocument gives the bytes of a contribution's document by its content id; undefined where they are gone.
 * @throws CodedError `SNAPSHOT_MISMATCH` (root), `CONTRIBUTION_MISMATCH` (other bytes than asked for), `TRAINING_SET_EMPTY`.
 */
export async function trainingSet(
  snapshots: readonly Snapshot[],
  fetchDocument: (contentId: Hash) => Promise<Uint8Array | undefined>,
  reader: RowReader,
): Promise<TrainingSet> {
  const found: FoundRow[] = [];
  for (const snapshot of snapshots) {
    requireRoot(snapshot);
    for (const contribution of snapshot.contributions) {
      requireRoom(found.length + contribution.rowCount);
      const bytes = contribution.skipped ? undefined : await fetchDocument(contribution.contentId);
      const rows = bytes && rowsOf(contribution, bytes);
      const { contributionId, contributor } = contribution;
      const marks = contribution.skipped
        ? { taken: contribution.skipped }
        : bytes === undefined
          ? { gone: true as const }
          : {};
      for (let position = 0; position < contribution.rowCount; position++) {
        const row = rows?.[position];
        const place = { rowId: found.length, contributionId, contributor, row: position, first: SKIPPED };
        found.push({ place: { ...place, exampleHash: row && exampleHash(row), ...marks }, row });
      }
    }
  }
  await markFirst(found, reader);
  const places = found.map(({ place }) => place);
  const examples = found.flatMap(({ place, row, own }) =>
    row && place.first === place.rowId
      ? [{ rowId: place.rowId, row, exampleHash: place.exampleHash!, ...(own === undefined ? {} : { own }) }]
      : [],
  );
  if (examples.length === 0) {
    throw aiError("TRAINING_SET_EMPTY", {
      message: "the snapshots hold no rows that can be trained",
      fix: "freeze a datanet that has accepted contributions",
    });
  }
  const skipped = places.filter(({ first }) => first === SKIPPED).length;
  return { places, examples, skipped, repeats: places.length - examples.length - skipped };
}

interface FoundRow {
  place: RowPlace;
  row: Row | undefined;
  own?: string;
}

function requireRoom(rows: number): void {
  if (rows <= MAX_ROWS) return;
  throw aiError("TRAINING_SET_TOO_LARGE", {
    message: `the snapshots hold more than ${MAX_ROWS} rows, which no index can have`,
    fix: "train on fewer snapshots",
    facts: { rows, limit: MAX_ROWS },
  });
}

function requireRoot(snapshot: Snapshot): void {
  const root = snapshotRoot(snapshot.contributions);
  if (root === snapshot.root) return;
  throw aiError("SNAPSHOT_MISMATCH", {
    message: `the contributions give the snapshot root ${root}, but the registry holds ${snapshot.root}`,
    fix: "read the snapshot again from a node that you trust",
    facts: { computed: root, registered: snapshot.root },
  });
}

async function markFirst(
  found: readonly FoundRow[],
  { tokenizer, config, copies = "plain" }: RowReader,
): Promise<void> {
  const inOrder = [...found].sort(({ place: a }, { place: b }) =>
    a.contributionId === b.contributionId ? a.row - b.row : a.contributionId < b.contributionId ? -1 : 1,
  );
  const firstOf = new Map<string, number>();
  const tellers = copies === "tellers/1" || copies === "tellers/2" ? new Tellers(copies) : undefined;
  let isGone = false;
  for (const one of inOrder) {
    const { place, row } = one;
    if (place.gone) isGone = true;
    if (row === undefined) continue;
    if (tellers && isGone) place.unsure = true;
    const key = copyKey(row, copies);
    const first = firstOf.get(key);
    if (first !== undefined) {
      place.first = first;
      continue;
    }
    const { ids } = await tokenizeRow(row, tokenizer);
    // What does not fit stays skipped, and so do its copies.
    if (ids.length <= config.contextLength) {
      const { again, own } = tellers?.judge({ ...place, row }) ?? {};
      place.first = again ?? place.rowId;
      if (again === undefined) tellers?.add({ ...place, row });
      if (own !== undefined) one.own = own;
    }
    firstOf.set(key, place.first);
  }
}

/** A contribution's rows; undefined where the document is not what was revealed. */
function rowsOf(contribution: AcceptedContribution, bytes: Uint8Array): readonly Row[] | undefined {
  if (contentIdOf(bytes) !== contribution.contentId) {
    throw aiError("CONTRIBUTION_MISMATCH", {
      message: `contribution ${contribution.contributionId}: the fetched content does not have its hash`,
      fix: "fetch its content again, from another node",
      facts: { contributionId: contribution.contributionId, contentId: contribution.contentId },
    });
  }
  try {
    const { rows } = decodeDocument(bytes);
    const isRevealed = rows.length === contribution.rowCount && rowsRoot(rows) === contribution.rowsRoot;
    return isRevealed ? rows : undefined;
  } catch (error) {
    if (isCodedError(error, "DOCUMENT_INVALID") || isCodedError(error, "JSON_NOT_CANONICAL"))
      return undefined;
    throw error;
  }
}
