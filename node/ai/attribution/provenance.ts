import { SKIPPED } from "../../../precompiles/influence-verifier/rule.ts";
import type { RowPlace } from "../train/snapshot.ts";
import { type AttributionIndex, recordOf } from "./sketch-index.ts";

/** What of a record is not what the snapshots say. */
export type RecordFault =
  /** It names another contribution or row than stands at its place: one path on chain shows that. */
  | "place"
  /** It repeats or skips a row that should take part, or the other way round: a panel decides that. */
  | "first"
  /** A value of -128: it has no score. */
  | "value";

/** A record that is wrong. */
export interface FaultyRecord {
  rowId: number;
  fault: RecordFault;
  detail: string;
  /** One record and its path show it to the chain. */
  provable: boolean;
}

/**
 * Compares every record of an index with the rows of the model's snapshots: record i must be row i.
 * @returns the first that is wrong, one whose fault the chain can judge before others; undefined if all are right.
 */
export function findFaultyRecord(
  index: AttributionIndex,
  places: readonly RowPlace[],
): FaultyRecord | undefined {
  let other: FaultyRecord | undefined;
  for (let rowId = 0; rowId < index.commitment.rows; rowId++) {
    const faulty = faultOf(index, places, rowId);
    if (faulty === undefined) continue;
    if (faulty.provable) return faulty;
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
  if (place === undefined) {
    return { rowId, fault: "place", detail: `${found}, but the snapshots end before`, provable: true };
  }
  const isPlace =
    record.rowId === rowId && record.contributionId === place.contributionId && record.row === place.row;
  if (!isPlace) {
    const detail = `${found}, but row ${place.row} of contribution ${place.contributionId} stands there`;
    return { rowId, fault: "place", detail, provable: true };
  }
  if (record.values.includes(-128)) {
    const detail = `record ${rowId} holds the value -128, so it has no score`;
    return { rowId, fault: "value", detail, provable: true };
  }
  if (record.first !== place.first) {
    const detail = `record ${rowId} has ${record.first} as its first row in place of ${place.first}`;
    const provable = record.first !== SKIPPED && record.first >= index.commitment.rows;
    return { rowId, fault: "first", detail, provable };
  }
  return undefined;
}
