import type { Session } from "../../../native/js/index.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { decodeBasis } from "../attribution/basis-file.ts";
import { storedIndex } from "../attribution/index-files.ts";
import { decodeManifest, fetchFiles } from "../attribution/manifest.ts";
import { basisSizes } from "../attribution/model-basis.ts";
import { type IndexCommitment, NO_SPANS } from "../attribution/score.ts";
import { recordOf } from "../attribution/sketch-index.ts";
import { ContextRows } from "../context/compose.ts";
import { loadNativeAdapter } from "../model/load.ts";
import type { SharedBases } from "../model/shared-bases.ts";
import { trueListOf } from "../serve/claim-with-cover.ts";
import {
  answerLimit,
  generateAnswer,
  runInference,
  type ServedModel,
  sharedBase,
} from "../serve/inference.ts";
import { type CommittedRows, committedRows } from "../spans/model-spans.ts";
import { decodeMethod, servedArithmetic } from "../train/method.ts";
import type { JobResult } from "./job.ts";
import type { JobOrder } from "./order.ts";
import type { PreviewSources } from "./preview.ts";

/** The same prompt to both models. */
export interface Comparison {
  base: string;
  tuned: string;
  tokensIn: number;
  /** Rows that made the tuned model's answer, the first most; weights of their contributions. */
  rows: readonly { rowId: number; contributionId: string; row: number; score: string }[];
  contributions: readonly { contributionId: string; weight: string }[];
}

export interface CompareParts extends PreviewSources {
  session: Session;
  bases: SharedBases;
}

/** A job's model in memory. */
export interface TrainedModel extends Omit<ServedModel, "registered" | "manifest"> {
  /** What its answers are compared with, and shown; undefined where its index commits no spans and its method shows no rows. */
  rows: CommittedRows | undefined;
}

/** The commitment of a finished job. */
export function commitmentOf({ index }: Pick<JobResult, "index">): IndexCommitment {
  return { ...index, root: index.root as Hash, spans: index.spans as Hash, floor: BigInt(index.floor) };
}

/** Loads what a job made, from the contents that it stored. @throws CodedError of loading a model and of reading its rows. */
export async function loadTrained(
  { client, at, content, bases }: CompareParts,
  { snapshots }: Pick<JobOrder, "snapshots">,
  result: Pick<JobResult, "hashes" | "index">,
): Promise<TrainedModel> {
  const manifest = decodeManifest(await content.get(result.hashes.manifestHash as Hash));
  const base = await sharedBase(content, manifest, bases);
  const adapter = loadNativeAdapter(await fetchFiles(content, manifest.adapter), base.config);
  const commitment = commitmentOf(result);
  const method = decodeMethod(await content.get(manifest.method));
  const sizes = basisSizes(method, base.config, adapter, commitment.dimension);
  const named = snapshots.map(({ datanetId, number }) => ({ datanetId: BigInt(datanetId), number }));
  const trained = { snapshots: named, index: commitment };
  const readsRows = commitment.spans !== NO_SPANS || method.context !== undefined;
  return {
    ...{ base, adapter },
    rows: readsRows ? await committedRows(client, at, content, trained, manifest) : undefined,
    method,
    basis: decodeBasis(await content.get(manifest.basis), sizes),
    index: await storedIndex(content, manifest, commitment),
  };
}

/**
 * Asks base and tuned model the same, and says which rows made the tuned one's answer: those that a claim of it would list.
 * @throws CodedError `CONTEXT_LENGTH_EXCEEDED`, `PROMPT_EMPTY`, `MEMORY_TOO_SMALL`.
 */
export async function compare(
  { session }: CompareParts,
  model: TrainedModel,
  prompt: string,
  signal: AbortSignal,
): Promise<Comparison> {
  const { maxTokens } = model.method.generation;
  const shown = model.rows && (async () => new ContextRows(model.rows!.set.examples));
  const tuned = await runInference(session, model, prompt, maxTokens, { rows: shown, signal });
  const { promptIds: ids } = tuned;
  const limit = answerLimit(model, ids.length);
  const arithmetic = servedArithmetic(model.method);
  const how = { arithmetic, signal };
  const { answer: base } = await generateAnswer(session, model.base, undefined, ids, limit, how);
  const { rowIds, scores, contributionIds, weights } = await trueListOf(
    tuned,
    model.index,
    async () => model.rows!,
  );
  return {
    base,
    tuned: tuned.answer,
    tokensIn: ids.length,
    rows: rowIds.map((rowId, i) => {
      const { contributionId, row } = recordOf(model.index, rowId);
      return { rowId, row, contributionId: contributionId.toString(), score: scores[i]!.toString() };
    }),
    contributions: contributionIds.map((contributionId, i) => ({
      contributionId: contributionId.toString(),
      weight: weights[i]!.toString(),
    })),
  };
}
