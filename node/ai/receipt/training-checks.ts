import type { Session } from "../../../native/js/index.ts";
import { encodeBasis } from "../attribution/basis-file.ts";
import { buildIndex, fitModelBasis } from "../attribution/build.ts";
import { faultOf, findFaultyRecord } from "../attribution/provenance.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { getSnapshot } from "../client/datanets.ts";
import { contentIdOf } from "../codec/hash.ts";
import type { ContentSource } from "../content/source.ts";
import type { ServedModel } from "../serve/inference.ts";
import { decodeSnapshot, type Snapshot, type TrainingSet, trainingSet } from "../train/snapshot.ts";
import { trainAdapter } from "../train/train.ts";
import { CheckFailed, type CheckList, expectSame } from "./checks.ts";
import type { Receipt } from "./receipt.ts";

export interface TrainingCheckOptions {
  receipt: Receipt;
  source: ContentSource;
  session: Session;
  chain?: { client: ChainClient; at: ProtocolAddresses };
  index?: boolean;
  train?: boolean;
  signal?: AbortSignal;
  onProgress?: (stage: string, done: number, total: number) => void;
}

/** Whose row each listed one is, then those of all: the index names what the frozen snapshots hold. */
export async function checkProvenance(
  list: CheckList,
  options: TrainingCheckOptions,
  model: ServedModel,
): Promise<TrainingSet | undefined> {
  let set: TrainingSet | undefined;
  await list.check("training rows", async () => {
    const snapshots = await snapshotsOf(options, model);
    set = await trainingSet(snapshots, (contentId) => options.source.get(contentId), model.base);
    expectSame("rows", model.manifest.rows, set.places.length);
    expectSame("repeats", model.manifest.repeats, set.repeats);
    expectSame("skipped rows", model.manifest.skipped, set.skipped);
    const faulty = findFaultyRecord(model.index, set.places);
    if (faulty) throw new CheckFailed(faulty.detail);
    return `${set.places.length} records of ${snapshots.length} snapshots name the rows that stand there`;
  });
  if (!set) return undefined;
  for (const rowId of options.receipt.claim.list.rowIds) await checkRow(list, model, set, rowId);
  return set;
}

async function checkRow(
  list: CheckList,
  model: ServedModel,
  { places }: TrainingSet,
  rowId: number,
): Promise<void> {
  await list.check(`row ${rowId}`, () => {
    const faulty = faultOf(model.index, places, rowId);
    if (faulty) throw new CheckFailed(faulty.detail);
    const { contributionId, contributor, row, exampleHash } = places[rowId]!;
    return `row ${row} of contribution ${contributionId} by ${contributor}, example ${exampleHash}`;
  });
}

/** Replays the fine-tuning and makes the index again, as far as the options ask for it. */
export async function checkTraining(
  list: CheckList,
  options: TrainingCheckOptions,
  model: ServedModel,
  set: TrainingSet,
): Promise<void> {
  const { session, signal } = options;
  let adapter = model.adapter;
  const progress = (stage: string) => ({
    signal,
    onProgress: ({ done, total }: { done: number; total: number }) =>
      options.onProgress?.(stage, done, total),
  });
  if (options.train) {
    await list.check("fine-tuning", async () => {
      const trained = await trainAdapter(session, model.base, set.examples, model.method, progress("train"));
      const hash = contentIdOf(trained.files.get("adapter_model.safetensors")!);
      expectSame("adapter hash", options.receipt.model.adapterHash, hash);
      adapter = trained.native;
      return `${trained.losses.length} steps lead to the same adapter ${hash}`;
    });
  }
  if (!options.index) return;
  await list.check("index", async () => {
    const { base, method } = model;
    const basis = await fitModelBasis(session, base, adapter, set.examples, method, progress("fit"));
    expectSame("basis", model.manifest.basis, contentIdOf(encodeBasis(basis)));
    const index = await buildIndex(session, base, adapter, basis, set, method, progress("sketch"));
    expectSame("index commitment", options.receipt.model.index, index.commitment);
    const { rows, root } = index.commitment;
    return `basis and ${rows} records are the same: root ${root}`;
  });
}

/** The snapshots' contributions, from content; the roots are the registry's where there is a chain. */
async function snapshotsOf({ chain, source }: TrainingCheckOptions, model: ServedModel): Promise<Snapshot[]> {
  const snapshots: Snapshot[] = [];
  for (const [i, { content, root, datanetId, number }] of model.manifest.snapshots.entries()) {
    const registered = model.registered.snapshots[i];
    expectSame(
      "snapshot",
      { datanetId, number },
      registered && { ...registered, datanetId: String(registered.datanetId) },
    );
    const snapshot = decodeSnapshot(await source.get(content));
    expectSame(`root of snapshot ${datanetId}:${number}`, snapshot.root, root);
    if (chain) {
      const { root: onChain } = await getSnapshot(chain.client, chain.at, BigInt(datanetId), number);
      expectSame(`root of snapshot ${datanetId}:${number} on chain`, root, onChain);
    }
    snapshots.push(snapshot);
  }
  expectSame("number of snapshots", snapshots.length, model.registered.snapshots.length);
  return snapshots;
}
