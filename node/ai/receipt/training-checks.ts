import type { Session } from "../../../native/js/index.ts";
import { isCodedError } from "../../base/errors.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { encodeBasis } from "../attribution/basis-file.ts";
import { attributionOf } from "../attribution/build.ts";
import { faultOf, findFaultyRecord } from "../attribution/provenance.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { getContribution, getSnapshot } from "../client/datanets.ts";
import { contentIdOf } from "../codec/hash.ts";
import type { ContentSource } from "../content/source.ts";
import type { ServedModel } from "../serve/inference.ts";
import {
  decodeSnapshot,
  type RowPlace,
  type Snapshot,
  type TrainingSet,
  trainingSet,
} from "../train/snapshot.ts";
import { trainAdapter } from "../train/train.ts";
import { CheckFailed, type CheckList, expectSame } from "./checks.ts";

export interface TrainingCheckOptions {
  source: ContentSource;
  session: Session;
  chain?: { client: ChainClient; at: ProtocolAddresses };
  index?: boolean;
  train?: boolean;
  signal?: AbortSignal;
  onProgress?: (stage: string, done: number, total: number) => void;
}

/** What the rows of the snapshots are, and whose text can't be had any more since its datanet took it out. */
export interface Provenance {
  set: TrainingSet;
  gone: readonly bigint[];
}

/**
 * Those of all rows, then whose each listed one is: the index names what the frozen snapshots hold. The text of a contribution that its
 * datanet took out since may be gone; whose rows they are still stands on chain.
 */
export async function checkProvenance(
  list: CheckList,
  options: TrainingCheckOptions,
  model: ServedModel,
  listed: readonly number[],
): Promise<Provenance | undefined> {
  let found: Provenance | undefined;
  await list.check("training rows", async () => {
    const snapshots = await snapshotsOf(options, model);
    const reader = { ...model.base, copies: model.method.copies };
    const texts = new Texts(options, snapshots);
    const set = await trainingSet(snapshots, (contentId) => texts.get(contentId), reader);
    const { gone } = texts;
    found = { set, gone };
    expectSame("rows", model.manifest.rows, set.places.length);
    const faulty = findFaultyRecord(model.index, set.places);
    if (faulty) throw new CheckFailed(faulty.detail);
    if (gone.length > 0)
      return `${set.places.length} records of ${snapshots.length} snapshots name whose rows stand there; the texts of contributions ${gone.join(", ")} were taken out`;
    expectSame("repeats", model.manifest.repeats, set.repeats);
    expectSame("skipped rows", model.manifest.skipped, set.skipped);
    return `${set.places.length} records of ${snapshots.length} snapshots name the rows that stand there`;
  });
  if (!found) return undefined;
  for (const rowId of listed) await checkRow(list, options, model, found.set.places, rowId);
  return found;
}

async function checkRow(
  list: CheckList,
  { chain }: TrainingCheckOptions,
  model: ServedModel,
  places: readonly RowPlace[],
  rowId: number,
): Promise<void> {
  await list.check(`row ${rowId}`, async () => {
    const faulty = faultOf(model.index, places, rowId);
    if (faulty) throw new CheckFailed(faulty.detail);
    const { contributionId, contributor, row, exampleHash } = places[rowId]!;
    const text = exampleHash === undefined ? "its text is gone" : `example ${exampleHash}`;
    const since = chain && (await takenOutFrom(chain, contributionId));
    const taken = since ? `; its datanet took it out: snapshots from ${since} on pass over it` : "";
    return `row ${row} of contribution ${contributionId} by ${contributor}, ${text}${taken}`;
  });
}

/** The first snapshot that passes over a contribution; 0 while none does. */
async function takenOutFrom(
  { client, at }: NonNullable<TrainingCheckOptions["chain"]>,
  contributionId: bigint,
): Promise<number> {
  return (await getContribution(client, at, contributionId)).skippedFrom;
}

/** The documents of the snapshots' contributions; only one that its datanet took out since may be missing. */
class Texts {
  readonly gone: bigint[] = [];
  private readonly options: TrainingCheckOptions;
  private readonly ids: ReadonlyMap<Hash, bigint>;

  constructor(options: TrainingCheckOptions, snapshots: readonly Snapshot[]) {
    this.options = options;
    this.ids = new Map(
      snapshots.flatMap(({ contributions }) =>
        contributions.map(({ contentId, contributionId }) => [contentId, contributionId] as const),
      ),
    );
  }

  /** @throws CodedError `CONTENT_NOT_FOUND` for a text that should be there. */
  async get(contentId: Hash): Promise<Uint8Array | undefined> {
    const { source, chain } = this.options;
    try {
      return await source.get(contentId);
    } catch (error) {
      const contributionId = this.ids.get(contentId);
      if (!chain || contributionId === undefined || !isCodedError(error, "CONTENT_NOT_FOUND")) throw error;
      if ((await takenOutFrom(chain, contributionId)) === 0) throw error;
      this.gone.push(contributionId);
      return undefined;
    }
  }
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
      expectSame("adapter hash", model.registered.adapterHash, hash);
      adapter = trained.native;
      return `${trained.losses.length} steps lead to the same adapter ${hash}`;
    });
  }
  if (!options.index) return;
  await list.check("index", async () => {
    const { base, method } = model;
    const stages = { fit: progress("fit"), sketch: progress("sketch") };
    const { basis, index } = await attributionOf(session, base, adapter, set, method, stages);
    expectSame("basis", model.manifest.basis, contentIdOf(encodeBasis(basis)));
    // What it commits of spans is a check of its own.
    const { spans } = model.registered.index;
    expectSame("index commitment", model.registered.index, { ...index.commitment, spans });
    const { rows, root } = index.commitment;
    return `basis and ${rows} records are the same: root ${root}`;
  });
}

/** Whose rows take no part. */
const takenOut = ({ contributions }: Snapshot): string[] =>
  contributions.filter(({ skipped }) => skipped).map(({ contributionId }) => `${contributionId}`);

/** The snapshots' contributions, from content; roots and what was taken out are the registry's where there is a chain. */
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
      const onChain = await getSnapshot(chain.client, chain.at, BigInt(datanetId), number);
      expectSame(`root of snapshot ${datanetId}:${number} on chain`, root, onChain.root);
      expectSame(`contributions taken out of ${datanetId}:${number}`, takenOut(onChain), takenOut(snapshot));
    }
    snapshots.push(snapshot);
  }
  expectSame("number of snapshots", snapshots.length, model.registered.snapshots.length);
  return snapshots;
}
