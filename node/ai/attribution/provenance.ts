import { SKIPPED } from "../../../precompiles/influence-verifier/rule.ts";
import type { RowPlace } from "../train/snapshot.ts";
import { type AttributionIndex, recordOf } from "./sketch-index.ts";

/** What of a record is not what the snapshots say. */
export type RecordFault =
  /** It names another contribution or row than stands at its place: one path on chain shows that. */
  | "place"
  /** It repeats or skips a row that should take part, or the other way round. */
  | "first"
  /** A value of -128: it has no score. */
  | "value";

/** How the chain is shown that a record is wrong. */
export type FaultProof =
  /** The record and its path. */
  | { by: "record" }
  /** The record, and that of the row that it names: which is not the first of its kind, or was committed later. */
  | { by: "first"; named: number }
  /** The record and that of an earlier row, with the equal example that both hold. */
  | { by: "example"; earlier: number }
  /** By nothing that arithmetic sees: a panel has to compute it again. */
  | { by: "panel"; mark: "sketch" | "repeat" | "skip" };

/** A record that is wrong. */
export interface FaultyRecord {
  rowId: number;
  fault: RecordFault;
  detail: string;
  proof: FaultProof;
}

/**
 * Compares every record of an index with the rows of the model's snapshots: record i must be row i.
 * @returns the first that is wrong, one whose fault arithmetic shows before others; undefined if all are right.
 */
export function findFaultyRecord(
  index: AttributionIndex,
  places: readonly RowPlace[],
): FaultyRecord | undefined {
  let other: FaultyRecord | undefined;
  for (let rowId = 0; rowId < index.commitment.rows; rowId++) {
    const faulty = faultOf(index, places, rowId);
    if (faulty === undefined) continue;
    if (faulty.proof.by !== "panel") return faulty;
    other ??= faulty;
  }
  return other;
}

/** What is wrong with one record, if anything is. */
export function faultOf(
  index: AttributionIndex,
  places: readonly RowPlace[],
  rowId: number,
): FaultyRecord | undefined {
  const record = recordOf(index, rowId);
  const place = places[rowId];
  const found = `record ${rowId} names row ${record.row} of contribution ${record.contributionId}`;
  const proof = { by: "record" } as const;
  if (place === undefined) {
    return { rowId, fault: "place", detail: `${found}, but the snapshots end before`, proof };
  }
  const isPlace =
    record.rowId === rowId && record.contributionId === place.contributionId && record.row === place.row;
  if (!isPlace) {
    const detail = `${found}, but row ${place.row} of contribution ${place.contributionId} stands there`;
    return { rowId, fault: "place", detail, proof };
  }
  if (record.values.includes(-128)) {
    const detail = `record ${rowId} holds the value -128, so it has no score`;
    return { rowId, fault: "value", detail, proof };
  }
  if (record.first === place.first || isUnknown(places, place, record.first)) return undefined;
  const detail = `record ${rowId} has ${record.first} as its first row in place of ${place.first}`;
  return { rowId, fault: "first", detail, proof: proofOfMark(index, places, place, record.first) };
}

/** Whether a row is what it is marked as can't be said without the text of both, nor by some rules without that of all rows before it. */
function isUnknown(places: readonly RowPlace[], place: RowPlace, first: number): boolean {
  const isUnsure = place.unsure === true && first !== SKIPPED && place.first !== SKIPPED;
  return isUnsure || place.gone === true || places[first]?.gone === true;
}

/** How a wrong mark is shown; `first` is what the record has. */
function proofOfMark(
  index: AttributionIndex,
  places: readonly RowPlace[],
  place: RowPlace,
  first: number,
): FaultProof {
  const { rowId } = place;
  const firstOf = (row: number) => recordOf(index, row).first;
  if (first === SKIPPED) return { by: "panel", mark: "skip" };
  if (place.taken || first >= places.length) return { by: "record" };
  if (first !== rowId) {
    const named = places[first]!;
    const isShown = firstOf(first) !== first || !isEarlier(named, place);
    return isShown ? { by: "first", named: first } : { by: "panel", mark: "repeat" };
  }
  const earlier = place.first === SKIPPED ? undefined : places[place.first];
  const isEqual = earlier !== undefined && earlier.exampleHash === place.exampleHash;
  if (isEqual && firstOf(earlier.rowId) === earlier.rowId) return { by: "example", earlier: earlier.rowId };
  return { by: "panel", mark: "sketch" };
}

/** Who was first has the lower contribution, and the lower row of the same one. */
export const isEarlier = (
  a: Pick<RowPlace, "contributionId" | "row">,
  b: Pick<RowPlace, "contributionId" | "row">,
): boolean => a.contributionId < b.contributionId || (a.contributionId === b.contributionId && a.row < b.row);
