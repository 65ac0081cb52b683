import type { Adapter, Arithmetic, Session } from "../../../native/js/index.ts";
import type { InfluenceList } from "../../../precompiles/influence-verifier/types.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { decodeBasis } from "../attribution/basis-file.ts";
import { querySketch } from "../attribution/build.ts";
import { type IndexFiles, storedIndex } from "../attribution/index-files.ts";
import {
  decodeManifest,
  fetchFiles,
  hashOfList,
  type Manifest,
  registryHashes,
} from "../attribution/manifest.ts";
import { basisBytes, basisSizes, type ModelBasis } from "../attribution/model-basis.ts";
import { encodeQuery, type QuerySketch } from "../attribution/record.ts";
import { bestList, type RowScores } from "../attribution/score.ts";
import { type AttributionIndex, indexMemory, recordOf } from "../attribution/sketch-index.ts";
import type { Claim, ClaimWithQuery } from "../client/claims.ts";
import type { RegisteredModel } from "../client/models.ts";
import { hashOfTokens } from "../client/request-hash.ts";
import { hexOfBytes, keccakOf } from "../codec/hash.ts";
import type { ContentSource } from "../content/source.ts";
import { type ComposedPrompt, type ContextRows, composePrompt, promptRoom } from "../context/compose.ts";
import { contextLosses } from "../context/leave-one-out.ts";
import { type ContextLosses, NO_CONTEXT } from "../context/rule.ts";
import { promptIds, type Question } from "../datanet/row-tokens.ts";
import { aiError } from "../errors.ts";
import { ALL_EARNED, DISCOUNT_RULE, type Discount, ownTokens } from "../fusion/discount.ts";
import { requestMemory, requireMemory, servingMemory } from "../model/estimate.ts";
import type { ModelFiles, ModelSource } from "../model/files.ts";
import { type LoadedModel, loadModel, loadNativeAdapter, openModel } from "../model/load.ts";
import { SharedBases } from "../model/shared-bases.ts";
import { fetchBase } from "../model/stored-base.ts";
import { decodeMethod, type Method, servedArithmetic } from "../train/method.ts";

/** A registered model in memory: everything it takes to answer and to attribute. */
export interface ServedModel {
  registered: RegisteredModel;
  manifest: Manifest;
  method: Method;
  base: LoadedModel;
  adapter: Adapter;
  basis: ModelBasis;
  index: AttributionIndex;
}

/** As much of a model as reading a prompt takes. */
export interface PromptReader {
  tokenizer: LoadedModel["tokenizer"];
  config: Pick<LoadedModel["config"], "contextLength">;
}

/** An answer with what made it. */
export interface Inference {
  /** Of the question alone. */
  promptIds: number[];
  /** The end token included, when there is one. */
  outputIds: number[];
  answer: string;
  /** Of the answer's tokens, one each: what no claim publishes. */
  logits: Float32Array;
  /** Behind the question alone, whatever rows were shown. */
  query: QuerySketch;
  /** Rows that stood before the question, and what they added; absent where the method shows none. */
  context?: ContextLosses;
  /** What the base model answers by itself; absent where the method discounts nothing. */
  discount?: Discount;
  /** Of all rows. */
  scores: RowScores;
  list: InfluenceList;
}

export interface LoadOptions {
  /** Most bytes that the model may take: its files, its index and its basis in memory. */
  maxBytes?: number;
  /** Where the base is looked for first, and kept for other models. */
  bases?: SharedBases;
  /** Where the files of indexes are kept; absent: one that nobody else sees is made each time. */
  indexes?: IndexFiles;
}

/**
 * Loads a model by the hashes that the registry holds; every document and file is checked against its hash, and sizes against
 * the limit before what they are the sizes of is fetched.
 * @throws CodedError `MODEL_HASH_MISMATCH` naming the hash that differs, `MODEL_TOO_LARGE`, and whatever loading throws.
 */
export async function loadServedModel(
  source: ContentSource,
  registered: RegisteredModel,
  { maxBytes, bases = new SharedBases(), indexes }: LoadOptions = {},
): Promise<ServedModel> {
  const manifest = await checkedManifest(source, registered);
  const { dimension } = registered.index;
  const files = [...manifest.base, ...manifest.tokenizer, ...manifest.adapter];
  const bytes = files.reduce((sum, { size }) => sum + size, 0) + indexMemory(registered.index);
  requireRoom(registered.modelId, bytes, maxBytes);
  const base = await sharedBase(source, manifest, bases);
  const adapter = loadNativeAdapter(await fetchFiles(source, manifest.adapter), base.config);
  const method = decodeMethod(await source.get(manifest.method));
  const sizes = basisSizes(method, base.config, adapter, dimension);
  requireRoom(registered.modelId, bytes + basisBytes(sizes), maxBytes);
  return {
    ...{ registered, manifest, method, base, adapter },
    basis: decodeBasis(await source.get(manifest.basis), sizes),
    index: await storedIndex(source, manifest, registered.index, indexes),
  };
}

/** The manifest of a model, which leads to what is registered. @throws CodedError `MODEL_HASH_MISMATCH`, and of the source. */
export async function checkedManifest(source: ContentSource, registered: RegisteredModel): Promise<Manifest> {
  const manifest = decodeManifest(await source.get(registered.manifestHash));
  const hashes = registryHashes(manifest);
  for (const [name, found] of Object.entries(hashes) as [keyof typeof hashes, string][]) {
    if (found === registered[name]) continue;
    throw aiError("MODEL_HASH_MISMATCH", {
      message: `model ${registered.modelId}: the manifest leads to the ${name} ${found}, but ${registered[name]} is registered`,
      fix: "the model's owner registered a wrong document: use another model",
      facts: { name, found, registered: registered[name] },
    });
  }
  return manifest;
}

/** The base of a manifest, loaded where no other model has it in memory. @throws CodedError of the source and of loading. */
export function sharedBase(
  source: ContentSource,
  manifest: Manifest,
  bases: SharedBases,
): Promise<LoadedModel> {
  return bases.get(`${hashOfList(manifest.base)} ${hashOfList(manifest.tokenizer)}`, async () =>
    loadBase(await fetchBase(source, manifest.base), await fetchFiles(source, manifest.tokenizer)),
  );
}

/** Positions for which there must be memory before a base is loaded; a longer request needs more. */
const ORDINARY_POSITIONS = 4096;

async function loadBase(files: ModelSource, tokenizer: ModelFiles): Promise<LoadedModel> {
  const opened = openModel(files, tokenizer);
  const { config, weightBytes } = opened;
  const positions = Math.min(config.contextLength, ORDINARY_POSITIONS);
  requireMemory("serving this base model", servingMemory(config, weightBytes, { positions }));
  return await loadModel(opened);
}

function requireRoom(modelId: bigint, bytes: number, limit: number | undefined): void {
  if (limit === undefined || bytes <= limit) return;
  throw aiError("MODEL_TOO_LARGE", {
    message: `model ${modelId} takes ${bytes} bytes; this host loads at most ${limit}`,
    fix: "serve it with more memory and a higher limit, or ask another host",
    facts: { modelId, bytes, limit },
  });
}

/**
 * Ids of a question, checked against the model's context; at least one token must be left for the answer. A question with a
 * conversation before it keeps its roles, as the model's chat template writes them.
 * @throws CodedError `CONTEXT_LENGTH_EXCEEDED` with the counts, `PROMPT_EMPTY`. A prompt is never cut.
 */
export async function checkedPrompt(base: PromptReader, asked: string | Question): Promise<number[]> {
  const question = typeof asked === "string" ? { prompt: asked } : asked;
  const text = question.prompt.trim();
  if (text === "") throw aiError("PROMPT_EMPTY", { message: "the prompt is empty", fix: "ask something" });
  const ids = await promptIds({ ...question, prompt: text }, base.tokenizer);
  const limit = base.config.contextLength - 1;
  if (ids.length <= limit) return ids;
  throw aiError("CONTEXT_LENGTH_EXCEEDED", {
    message: `the prompt has ${ids.length} tokens; this model takes at most ${limit}`,
    fix: `shorten the prompt by at least ${ids.length - limit} tokens`,
    facts: { tokens: ids.length, limit, contextLength: base.config.contextLength },
  });
}

/** Most tokens that an answer to that prompt can have, whatever the request allows. */
export function answerLimit(model: { base: PromptReader; method: Method }, promptLength: number): number {
  return Math.min(model.method.generation.maxTokens, model.base.config.contextLength - promptLength);
}

/** Greedy answer, the end token included; with the adapter if one is given; by f32 unless told otherwise. */
export async function generateAnswer(
  session: Session,
  base: LoadedModel,
  adapter: Adapter | undefined,
  prompt: readonly number[],
  maxTokens: number,
  { arithmetic = "f32", signal }: { arithmetic?: Arithmetic; signal?: AbortSignal } = {},
): Promise<Pick<Inference, "outputIds" | "answer" | "logits">> {
  const stopIds = base.tokenizer.eosTokenIds;
  const vocabulary = base.tokenizer.idLimit;
  const prompts = [prompt];
  const request = { model: base.native, adapter, prompts, maxTokens, stopIds, vocabulary, arithmetic };
  const { tokens, logits } = await session.generate(request).wait({ signal, intervalMs: 5 });
  const outputIds = [...tokens[0]!];
  return { outputIds, logits: logits[0]!, answer: (await base.tokenizer.decode(outputIds, true)).trim() };
}

/** What else an inference takes. */
export interface InferenceOptions {
  /** Those that the model may show; asked for only where its method shows rows. */
  rows?: (() => Promise<ContextRows>) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Answers a prompt and works out which rows made the answer. Anybody who has the model's documents gets the same bytes.
 * @param maxTokens what the request allows for the answer.
 * @throws CodedError `CONTEXT_LENGTH_EXCEEDED`, `PROMPT_EMPTY`, `MEMORY_TOO_SMALL`, `CONTEXT_ROWS_ABSENT`, those of `rows`; NativeError.
 */
export async function runInference(
  session: Session,
  model: Omit<ServedModel, "registered" | "manifest">,
  asked: string | Question,
  maxTokens: number,
  { rows, signal }: InferenceOptions = {},
): Promise<Inference> {
  const ids = await checkedPrompt(model.base, asked);
  const limit = Math.min(maxTokens, answerLimit(model, ids.length));
  const question =
    typeof asked === "string" ? { prompt: asked.trim() } : { ...asked, prompt: asked.prompt.trim() };
  const composed = await shownPrompt(model, question, ids, rows);
  const use = {
    positions: (composed?.ids ?? ids).length + limit,
    adapter: model.adapter.shape,
    mantissas: model.basis.mantissas.length,
  };
  requireMemory("answering this question", requestMemory(model.base.config, use));
  const arithmetic = servedArithmetic(model.method);
  const prompt = composed?.ids ?? ids;
  const generated = await generateAnswer(session, model.base, model.adapter, prompt, limit, {
    arithmetic,
    signal,
  });
  const { outputIds } = generated;
  const { commitment } = model.index;
  const query = await querySketch(
    session,
    model.base.native,
    model.adapter,
    model.basis,
    commitment,
    { ids: [...ids, ...outputIds], completionStart: ids.length },
    { signal, intervalMs: 5 },
  );
  const scores = await model.index.score(query);
  const list = await bestList(commitment, scores, (rowId) => recordOf(model.index, rowId));
  const meter = { session, base: model.base, adapter: model.adapter, signal };
  const context = composed && (await contextLosses(meter, composed, outputIds));
  const discount =
    model.method.discount &&
    (await discountOf(session, model, ids, ownTokens(outputIds.length, limit), signal));
  return {
    ...{ promptIds: ids, ...generated, query },
    ...(context ? { context } : {}),
    ...(discount ? { discount } : {}),
    ...{ scores, list },
  };
}

/** The base model's own answer to the question alone, by the same arithmetic. */
async function discountOf(
  session: Session,
  { base, method }: Pick<ServedModel, "base" | "method">,
  ids: readonly number[],
  limit: number,
  signal: AbortSignal | undefined,
): Promise<Discount> {
  const options = { arithmetic: servedArithmetic(method), ...(signal ? { signal } : {}) };
  const { answer } = await generateAnswer(session, base, undefined, ids, limit, options);
  return { rule: DISCOUNT_RULE, answer };
}

/**
 * The question behind the rows that the method shows with it; undefined where it shows none.
 * @param alone the question's own tokens.
 * @param maxTokens of the answer; the method's unless given.
 * @throws CodedError `CONTEXT_ROWS_ABSENT`, those of `rows` and of writing prompts.
 */
export async function shownPrompt(
  { base, method }: { base: PromptReader; method: Method },
  question: Question,
  alone: readonly number[],
  rows: InferenceOptions["rows"],
  maxTokens = method.generation.maxTokens,
): Promise<ComposedPrompt | undefined> {
  const { context } = method;
  if (context === undefined) return undefined;
  if (rows === undefined) {
    throw aiError("CONTEXT_ROWS_ABSENT", {
      message: "this model answers with rows in the prompt, and they were not given",
      fix: "read the rows of its snapshots first",
    });
  }
  const room = promptRoom(context.rows, maxTokens, base.config.contextLength, alone.length);
  return await composePrompt(await rows(), question, base.tokenizer, room);
}

/** By which arithmetic a model answers, from which weights: what a receipt names. */
export function howComputed({ method, base, manifest }: Pick<ServedModel, "method" | "base" | "manifest">): {
  arithmetic: Arithmetic;
  formats: string[];
  files: { name: string; sha256: Hash }[];
} {
  const files = manifest.base.map(({ name, sha256 }) => ({ name, sha256 }));
  return { arithmetic: servedArithmetic(method), formats: [...base.formats], files };
}

/** The claim of an inference for a request, by influence alone: of no rows in the prompt, and without a discount. */
export function claimOf(
  inference: Inference,
  request: Pick<Claim, "requestId" | "modelId" | "requestHash">,
): ClaimWithQuery {
  const { requestId, modelId, requestHash } = request;
  const query = encodeQuery(inference.query);
  const claim: Claim = {
    ...{ requestId, modelId, requestHash },
    tokensIn: inference.promptIds.length,
    tokensOut: inference.outputIds.length,
    outputHash: hashOfTokens(inference.outputIds),
    queryHash: keccakOf(query),
    earnedBps: ALL_EARNED,
    list: inference.list,
    context: NO_CONTEXT,
  };
  return { claim, query: hexOfBytes(query) };
}
