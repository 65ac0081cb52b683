import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openShard, writeShard } from "../../../native/js/spans.ts";
import { hexToBytes } from "../../base/bytes.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { fetchFiles, type Manifest } from "../attribution/manifest.ts";
import { NO_SPANS } from "../attribution/score.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { getContribution, getSnapshot } from "../client/datanets.ts";
import type { RegisteredModel } from "../client/models.ts";
import { keccakOf } from "../codec/hash.ts";
import type { ContentSource } from "../content/source.ts";
import { aiError } from "../errors.ts";
import type { Completions } from "../fusion/completions.ts";
import { completionsOf } from "../fusion/texts.ts";
import { parseModelConfig } from "../model/config.ts";
import { requireJson } from "../model/files.ts";
import { loadTokenizer, type ModelTokenizer } from "../model/tokenizer.ts";
import { documentsOfRows } from "../train/documents.ts";
import { decodeMethod } from "../train/method.ts";
import { type Snapshot, type TrainingSet, trainingSet } from "../train/snapshot.ts";
import { type CommittedSpans, commitSpans, type SpanIndex, spanIndexOf, spansHash } from "./commitment.ts";

/** What the index of a model has to commit of spans. */
export interface ModelSpans {
  /** What the commitment opens to. */
  index: SpanIndex;
  /** The commitment: an index's `spans`. */
  hash: Hash;
  /** Of the completions' tokens, which neither the commitment nor what it opens to tells. */
  digest: Hash;
}

/** The rows of a model's snapshots, and how they are read. */
export interface ReadRows {
  set: TrainingSet;
  tokenizer: ModelTokenizer;
}

/**
 * Reads the rows of a registered model, as the registry froze its snapshots: what a datanet takes out later keeps its place and takes part
 * as before, as long as its text is to be had.
 * @throws CodedError `TEXT_GONE` where it is not, `CONTENT_TOO_LARGE`; of the chain, of the content source, of tokenizer and method.
 */
export async function readRows(
  client: ChainClient,
  at: ProtocolAddresses,
  content: ContentSource,
  model: Pick<RegisteredModel, "snapshots">,
  manifest: Pick<Manifest, "tokenizer" | "method">,
): Promise<ReadRows> {
  const files = await fetchFiles(content, manifest.tokenizer);
  const { contextLength } = parseModelConfig(requireJson(files, "config.json"));
  const { copies } = decodeMethod(await content.get(manifest.method));
  const tokenizer = loadTokenizer(files);
  const snapshots: Snapshot[] = [];
  for (const { datanetId, number } of model.snapshots) {
    snapshots.push(await getSnapshot(client, at, datanetId, number));
  }
  const idOf = new Map(
    snapshots.flatMap(({ contributions }) =>
      contributions.map(({ contentId, contributionId }) => [contentId, contributionId] as const),
    ),
  );
  const takenOutFrom = async (contentId: Hash) =>
    (await getContribution(client, at, idOf.get(contentId)!)).skippedFrom;
  const reader = { tokenizer, config: { contextLength }, copies };
  return { set: await trainingSet(snapshots, documentsOfRows(content, takenOutFrom), reader), tokenizer };
}

/** Computes what a model's index has to commit of spans. Errors as {@link withSpans}'s. */
export async function modelSpans(
  set: ReadRows["set"],
  tokenizer: Pick<ModelTokenizer, "encodeText" | "idLimit">,
): Promise<ModelSpans> {
  const completions = await completionsOf(set.examples, tokenizer);
  return withSpans(set, completions, async (spans) => ({
    index: spanIndexOf(spans),
    hash: spansHash(spans),
    digest: digestOf(completions),
  }));
}

/**
 * Makes the suffix array of a model's rows: a document for each that takes part, in their order, with the account that contributed it.
 * It lies in a file as long as `use` runs.
 * @throws NativeError of writeShard and openShard
 */
export async function withSpans<T>(
  { places, examples }: Pick<TrainingSet, "places" | "examples">,
  completions: Completions,
  use: (spans: CommittedSpans) => Promise<T>,
): Promise<T> {
  const contributors = new Uint8Array(20 * examples.length);
  for (const [i, { rowId }] of examples.entries()) {
    contributors.set(hexToBytes(places[rowId]!.contributor), 20 * i);
  }
  const folder = mkdtempSync(join(tmpdir(), "openledger-spans-"));
  try {
    const path = join(folder, "rows.spans");
    await writeShard(path, { ...completions, contributors });
    return await use(commitSpans(await openShard(path), completions.information));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Rows with their completions, which are those that the model's index commits. */
export interface CommittedRows extends ReadRows {
  completions: Completions;
}

/**
 * Reads the rows of a registered model, and compares them with what its index commits of spans, if it does.
 * @throws CodedError `INDEX_MISMATCH` where they don't give it; those of readRows and withSpans.
 */
export async function committedRows(
  client: ChainClient,
  at: ProtocolAddresses,
  content: ContentSource,
  model: Pick<RegisteredModel, "snapshots" | "index">,
  manifest: Pick<Manifest, "tokenizer" | "method">,
): Promise<CommittedRows> {
  const { set, tokenizer } = await readRows(client, at, content, model, manifest);
  const completions = await completionsOf(set.examples, tokenizer);
  if (model.index.spans !== NO_SPANS) await requireSpans(set, completions, model.index.spans);
  return { set, tokenizer, completions };
}

/** @throws CodedError `INDEX_MISMATCH` where the rows don't give what an index commits of spans; NativeError of withSpans. */
export async function requireSpans(
  set: Pick<TrainingSet, "places" | "examples">,
  completions: Completions,
  committed: Hash,
): Promise<void> {
  const found = await withSpans(set, completions, async (spans) => spansHash(spans));
  if (found === committed) return;
  throw aiError("INDEX_MISMATCH", {
    message: `the rows give the spans ${found}, but ${committed} is committed`,
    fix: "its answers can't be checked: ask another model",
    facts: { found, committed },
  });
}

/** keccak256 over the number of completions, where each ends and all tokens, each u32, little endian. */
function digestOf({ ends, tokens }: Completions): Hash {
  const view = new DataView(new ArrayBuffer(4 * (1 + ends.length + tokens.length)));
  let at = 0;
  for (const part of [[ends.length], ends, tokens]) {
    for (const value of part) {
      view.setUint32(at, value, true);
      at += 4;
    }
  }
  return keccakOf(new Uint8Array(view.buffer));
}
