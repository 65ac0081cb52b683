import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { getSnapshot } from "../client/datanets.ts";
import type { ContentSource } from "../content/source.ts";
import { tokenizeRow } from "../datanet/row-tokens.ts";
import { aiError } from "../errors.ts";
import { type MemoryPart, totalBytes } from "../model/estimate.ts";
import { openModelSource } from "../model/files.ts";
import { type OpenedModel, openModel } from "../model/load.ts";
import type { Method } from "../train/method.ts";
import { buildMemory } from "../train/model-build.ts";
import { requireWarmUp, stepsOf, visitsAnEpoch } from "../train/plan.ts";
import { type Snapshot, type TrainingSet, trainingSet } from "../train/snapshot.ts";
import type { JobOrder } from "./order.ts";

/** Rows that a preview shows. */
const SHOWN = 20;
/** Tokens that one job may visit, so that nobody takes the machine for days. */
const MAX_TOKENS = 20_000_000;
/** Rows of all snapshots of an order: as many are read and tokenized before anything is estimated. */
const MAX_ROWS = 50_000;

/** A snapshot with its name on chain. */
export type NamedSnapshot = Snapshot & { datanetId: bigint; number: number };

/** Rows as the base model will see them, and what training on all of them takes. */
export interface Preview {
  rows: readonly { rowId: number; text: string; tokens: number; answerTokens: number }[];
  examples: number;
  repeats: number;
  skipped: number;
  longestRow: number;
  steps: number;
  /** That training visits, by the rows' own words. */
  tokens: number;
  memory: readonly MemoryPart[];
  memoryBytes: number;
}

export interface PreviewSources {
  client: ChainClient;
  at: ProtocolAddresses;
  content: ContentSource;
}

/** The snapshots that an order names. @throws CodedError `SNAPSHOT_UNKNOWN`, `JOB_TOO_LARGE`. */
export async function snapshotsOf(
  { client, at }: Pick<PreviewSources, "client" | "at">,
  { snapshots }: Pick<JobOrder, "snapshots">,
): Promise<NamedSnapshot[]> {
  const found: NamedSnapshot[] = [];
  for (const { datanetId, number } of snapshots) {
    const snapshot = await getSnapshot(client, at, BigInt(datanetId), number);
    found.push({ ...snapshot, datanetId: BigInt(datanetId), number });
  }
  requireRows(found);
  return found;
}

/**
 * Reads an order's rows as its base model sees them, and estimates the job, by the estimator that judges it when it starts.
 * @param method of the order's settings.
 * @throws CodedError `SNAPSHOT_UNKNOWN`, `TRAINING_SET_EMPTY`, `JOB_TOO_LARGE`, `JOB_TOO_SHORT`, and of the model's files.
 */
export async function previewOrder(
  sources: PreviewSources,
  basePath: string,
  order: JobOrder,
  method: Method,
): Promise<Preview> {
  const opened = openModel(await openModelSource(basePath));
  const snapshots = await snapshotsOf(sources, order);
  const reader = { ...opened, copies: method.copies };
  const set = await trainingSet(snapshots, (id) => sources.content.get(id), reader);
  const { rows, longest, mean } = await shownRows(set, opened);
  const visits = visitsAnEpoch(set.examples, method);
  const tokens = Math.round(mean * visits * order.settings.epochs);
  const steps = stepsOf(visits, order.settings);
  requireSize(tokens);
  requireWarmUp(order.settings.warmupSteps, steps);
  const memory = buildMemory(opened, set.examples, method);
  return {
    ...{ rows, memory, tokens, examples: set.examples.length, longestRow: longest },
    ...{ repeats: set.repeats, skipped: set.skipped },
    steps,
    memoryBytes: totalBytes(memory),
  };
}

/** Tokens of the first rows; of the others only how many, from up to so many rows. */
const COUNTED = 2_000;

async function shownRows(
  { examples }: TrainingSet,
  { tokenizer }: OpenedModel,
): Promise<{ rows: Preview["rows"]; longest: number; mean: number }> {
  const rows: { rowId: number; text: string; tokens: number; answerTokens: number }[] = [];
  let [longest, sum] = [0, 0];
  const counted = examples.slice(0, COUNTED);
  for (const { rowId, row } of counted) {
    const { ids, completionStart } = await tokenizeRow(row, tokenizer);
    longest = Math.max(longest, ids.length);
    sum += ids.length;
    if (rows.length < SHOWN) {
      const text = await tokenizer.decode(ids, false);
      rows.push({ rowId, text, tokens: ids.length, answerTokens: ids.length - completionStart });
    }
  }
  return { rows, longest, mean: counted.length === 0 ? 0 : sum / counted.length };
}

/** Rows of all these snapshots, copies among them. */
export function rowsIn(snapshots: readonly Snapshot[]): number {
  return snapshots
    .flatMap(({ contributions }) => contributions)
    .reduce((sum, { rowCount }) => sum + rowCount, 0);
}

function requireRows(snapshots: readonly Snapshot[]): void {
  const rows = rowsIn(snapshots);
  if (rows <= MAX_ROWS) return;
  throw aiError("JOB_TOO_LARGE", {
    message: `these snapshots have ${rows} rows; one job may have ${MAX_ROWS}`,
    fix: "take fewer snapshots, or train with `openledger model train` on a machine of your own",
    facts: { rows, limit: MAX_ROWS },
  });
}

function requireSize(tokens: number): void {
  if (tokens <= MAX_TOKENS) return;
  throw aiError("JOB_TOO_LARGE", {
    message: `this training would visit about ${tokens} tokens; one job may visit ${MAX_TOKENS}`,
    fix: "take fewer epochs or fewer snapshots, or train with `openledger model train` on a machine of your own",
    facts: { tokens, limit: MAX_TOKENS },
  });
}
