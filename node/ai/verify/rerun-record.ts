import { attributionOf } from "../attribution/build.ts";
import { placed, sketchRows } from "../attribution/row-sketches.ts";
import { getSnapshot } from "../client/datanets.ts";
import type { PanelResult } from "../client/disputes.ts";
import { valueOfRecord } from "../client/model-disputes.ts";
import { getModel } from "../client/models.ts";
import { hexOfBytes, keccakOf } from "../codec/hash.ts";
import { loadServedModel } from "../serve/inference.ts";
import { SPANS_ROW } from "../spans/commitment.ts";
import { type Snapshot, trainingSet } from "../train/snapshot.ts";
import type { RerunContext } from "./rerun-request.ts";
import { rerunSpans } from "./rerun-spans.ts";

/**
 * Computes a record of a registered model again: from its adapter and its method, over the rows that the registry froze. The digest is
 * of the row's sketch before it is rounded, which no index holds; where the row takes no part, of the first row that does. By
 * `SPANS_ROW` what the index commits of spans is computed.
 * @throws CodedError of loading the model and its rows, where this machine can't.
 */
export async function rerunRecord(
  context: RerunContext,
  modelId: bigint,
  rowId: number,
  signal?: AbortSignal,
): Promise<PanelResult> {
  if (rowId === SPANS_ROW) return rerunSpans(context, modelId);
  const { client, at, content, session, maxModelBytes: maxBytes } = context;
  const registered = await getModel(client, at, modelId);
  const { base, adapter, method } = await loadServedModel(content, registered, { maxBytes });
  const snapshots: Snapshot[] = [];
  for (const { datanetId, number } of registered.snapshots) {
    snapshots.push(await getSnapshot(client, at, datanetId, number));
  }
  const reader = { ...base, copies: method.copies };
  const set = await trainingSet(snapshots, (contentId) => content.get(contentId), reader);
  const options = { signal };
  const stages = { fit: options, sketch: options };
  const { basis, index } = await attributionOf(session, base, adapter, set, method, stages);
  const rows = placed(set.examples);
  const row = rows.find((example) => example.rowId === rowId) ?? rows[0]!;
  const coordinates = await sketchRows(session, { base, adapter, basis, method }, [row], options);
  const record = hexOfBytes(index.record(rowId));
  return { value: valueOfRecord(modelId, rowId, record), digest: digestOf(rowId, coordinates) };
}

/** keccak256 over row u32 and coordinates float32, little endian. */
function digestOf(rowId: number, coordinates: Float32Array) {
  const view = new DataView(new ArrayBuffer(4 + 4 * coordinates.length));
  view.setUint32(0, rowId, true);
  for (const [i, coordinate] of coordinates.entries()) view.setFloat32(4 + 4 * i, coordinate, true);
  return keccakOf(new Uint8Array(view.buffer));
}
