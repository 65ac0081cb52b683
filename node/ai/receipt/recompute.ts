import { encodeQuery } from "../attribution/record.ts";
import { NO_SPANS } from "../attribution/score.ts";
import { recordOf } from "../attribution/sketch-index.ts";
import type { Claim } from "../client/claims.ts";
import type { RegisteredModel } from "../client/models.ts";
import { GREEDY, hashOfRequest, hashOfTokens, type Sampling } from "../client/request-hash.ts";
import { bytesOfHex, hexOfBytes, keccakOf } from "../codec/hash.ts";
import { ContextRows } from "../context/compose.ts";
import { NAT_UNITS } from "../context/nats.ts";
import { type ContextCredit, partsOf } from "../context/rule.ts";
import type { Completions } from "../fusion/completions.ts";
import { verbatimOf } from "../fusion/layer.ts";
import { completionsOf } from "../fusion/texts.ts";
import { type CoverSource, type TrueClaim, trueClaim } from "../serve/claim-with-cover.ts";
import {
  checkedPrompt,
  howComputed,
  type Inference,
  loadServedModel,
  runInference,
  type ServedModel,
} from "../serve/inference.ts";
import { readsRows, spanSourceOf } from "../serve/span-source.ts";
import { requireSpans } from "../spans/model-spans.ts";
import type { TrainingSet } from "../train/snapshot.ts";
import { CheckFailed, type CheckList, expectSame } from "./checks.ts";
import type { Receipt } from "./receipt.ts";
import { checkProvenance, checkTraining, type TrainingCheckOptions } from "./training-checks.ts";

export interface RecomputeOptions extends TrainingCheckOptions {
  /** Make the index again from the snapshots' rows and the adapter. */
  index?: boolean;
  /** Replay the fine-tuning. */
  train?: boolean;
}

/** What a document of either kind says of an answer. */
export interface Answered
  extends Pick<
    Receipt,
    "salt" | "prompt" | "before" | "answer" | "outputIds" | "verbatim" | "context" | "discount"
  > {
  claim: Omit<Claim, "requestId">;
  query: Receipt["query"];
  sampling: Sampling;
  maxTokensIn: number;
  maxTokensOut: number;
  requestHash: Receipt["request"]["requestHash"];
  /** "unsaid" where documents of its kind never name it. */
  computed: Receipt["computed"] | "unsaid";
}

/**
 * Computes an answer again and compares every number with what is said of it, and every record of the index with the rows of the frozen
 * snapshots. Nothing that is fetched is believed: contents are checked against their hashes, hashes against the model.
 */
export async function checkAnswer(
  list: CheckList,
  options: RecomputeOptions,
  registered: RegisteredModel,
  answered: Answered,
): Promise<void> {
  let model: ServedModel | undefined;
  await list.check("documents", async () => {
    model = await loadServedModel(options.source, registered);
    const files =
      model.manifest.base.length + model.manifest.tokenizer.length + model.manifest.adapter.length;
    return `${files} files, method, basis and index of ${model.index.commitment.rows} rows have their hashes`;
  });
  if (!model) return;
  await checkComputed(list, answered, model);
  const found = await checkProvenance(list, options, model, answered.claim.list.rowIds);
  const set = found?.gone.length === 0 ? found.set : undefined;
  const rows = set && (await checkCommittedSpans(list, model, set));
  if (found && set === undefined && model.method.context) {
    await checkPrompt(list, answered, model);
    skipAnswer(list, model);
    skipTexts(list, options, model);
    return;
  }
  const again = await checkInference(list, options, model, answered, { rows, set });
  if (set && rows) await checkTexts(list, options, model, { ...rows, set, again, answered });
  else if (found) skipTexts(list, options, model);
}

/** The completions of the rows; what the index commits of them, if it does, is made again and compared. */
async function checkCommittedSpans(
  list: CheckList,
  model: ServedModel,
  set: TrainingSet,
): Promise<CoverSource> {
  const { tokenizer } = model.base;
  const completions = await completionsOf(set.examples, tokenizer);
  const { spans } = model.index.commitment;
  if (spans !== NO_SPANS) {
    await list.check("spans", async () => {
      await requireSpans(set, completions, spans);
      return `${completions.rows.length} completions of ${completions.tokens.length} tokens give the suffix array and the table that the index commits`;
    });
  }
  return { completions, tokenizer };
}

/** What needs the text of every row. */
async function checkTexts(
  list: CheckList,
  options: RecomputeOptions,
  model: ServedModel,
  rows: CoverSource & { set: TrainingSet; again: Inference | undefined; answered: Answered },
): Promise<void> {
  const { completions, set, again, answered } = rows;
  if (again) await checkVerbatim(list, options, model, completions, { again, answered });
  if (options.index || options.train) await checkTraining(list, options, model, set);
}

/** What was shown can't be chosen again where a row's text is gone, and so the answer can't be made again. */
function skipAnswer(list: CheckList, { method }: ServedModel): void {
  for (const name of [
    "answer",
    "context",
    ...(method.discount ? ["discount"] : []),
    "query sketch",
    "scores",
    "weights",
  ])
    list.skip(
      name,
      "texts that were taken out are not there: which rows stood in the prompt can't be found again",
    );
}

function skipTexts(list: CheckList, { index, train }: RecomputeOptions, model: ServedModel): void {
  const spans = model.index.commitment.spans === NO_SPANS ? [] : ["spans"];
  for (const name of [...spans, "verbatim", ...(train ? ["fine-tuning"] : []), ...(index ? ["index"] : [])])
    list.skip(name, "texts that were taken out are not there to make it again");
}

/** A receipt of before names none: it is of f32. */
async function checkComputed(list: CheckList, { computed }: Answered, model: ServedModel): Promise<void> {
  const found = howComputed(model);
  await list.check("arithmetic", () => {
    if (computed === "unsaid") return `${found.arithmetic}, as the model's method says`;
    if (computed === undefined) expectSame("arithmetic", "f32", found.arithmetic);
    else expectSame("arithmetic, formats and files", computed, found);
    return `${found.arithmetic} over weights of ${found.formats.join(", ")}`;
  });
}

/** The inference as it was computed again; undefined where it could not be. */
async function checkInference(
  list: CheckList,
  options: RecomputeOptions,
  model: ServedModel,
  answered: Answered,
  { rows, set }: { rows: CoverSource | undefined; set: TrainingSet | undefined },
): Promise<Inference | undefined> {
  const { session, signal } = options;
  const { claim, maxTokensOut } = answered;
  await checkPrompt(list, answered, model);
  let again: Inference | undefined;
  await list.check("answer", async () => {
    const shown = set && (async () => new ContextRows(set.examples));
    again = await runInference(session, model, answered, maxTokensOut, { rows: shown, signal });
    expectSame("answer tokens", answered.outputIds, again.outputIds);
    expectSame("answer", answered.answer, again.answer);
    expectSame("answer's hash", claim.outputHash, hashOfTokens(again.outputIds));
    expectSame("number of answer tokens", claim.tokensOut, again.outputIds.length);
    return `the same ${again.outputIds.length} tokens: ${JSON.stringify(again.answer)}`;
  });
  const isWhole = rows !== undefined || !readsRows(model);
  if (isWhole) await checkClaim(list, answered, model, again, rows);
  else await checkSketch(list, answered, model, again);
  return again;
}

async function checkPrompt(list: CheckList, answered: Answered, model: ServedModel): Promise<void> {
  const { claim, salt, sampling, maxTokensIn, maxTokensOut, requestHash } = answered;
  await list.check("prompt", async () => {
    const promptIds = await checkedPrompt(model.base, answered);
    const { adapterHash } = model.registered;
    expectSame("sampling", sampling, GREEDY);
    const terms = { salt, promptIds, adapterHash, maxTokensIn, maxTokensOut, sampling };
    expectSame("request hash", hashOfRequest(terms), requestHash);
    expectSame("prompt tokens", claim.tokensIn, promptIds.length);
    return `${promptIds.length} tokens, adapter, sampling and limits have the request's hash`;
  });
}

/** Query, list and weights of the claim that the host had to post. */
async function checkClaim(
  list: CheckList,
  { claim, query, context, discount }: Answered,
  model: ServedModel,
  again: Inference | undefined,
  rows: CoverSource | undefined,
): Promise<void> {
  const { dimension, spans } = model.index.commitment;
  const byWhat = spans === NO_SPANS ? "" : ", and the same cover behind them";
  let honest: TrueClaim | undefined;
  const claimed = (): TrueClaim => {
    if (honest) return honest;
    throw new CheckFailed(NOT_RECOMPUTED);
  };
  await list.check("query sketch", async () => {
    if (again === undefined) throw new CheckFailed(NOT_RECOMPUTED);
    honest = await trueClaim(again, { ...claim, requestId: 0n }, model.index, async () => rows!);
    expectSame("query sketch", query, honest.query);
    expectSame("query's hash", claim.queryHash, honest.claim.queryHash);
    return `the same ${dimension} integers and exponent${byWhat}`;
  });
  await list.check("scores", () => {
    const found = claimed().claim.list;
    for (const key of ["rowIds", "scores", "gains"] as const) expectSame(key, claim.list[key], found[key]);
    return `the best ${found.rowIds.length} of ${model.index.commitment.rows} rows, the same scores`;
  });
  await list.check("weights", () => {
    const found = claimed().claim.list;
    for (const key of ["floor", "contributionIds", "weights"] as const)
      expectSame(key, claim.list[key], found[key]);
    expectSame("earned part", claim.earnedBps, claimed().claim.earnedBps);
    return `the same weights of ${found.weights.length} contributors above the floor ${found.floor}`;
  });
  if (model.method.discount || discount) {
    await list.check("discount", () => {
      expectSame("the base model's own answer", discount, again?.discount);
      expectSame("earned part", claim.earnedBps, claimed().claim.earnedBps);
      return `the base model's own answer is the one named: beside it training earned ${claim.earnedBps / 100} % of its part`;
    });
  }
  if (model.method.context || context) {
    await list.check("context", () => {
      const found = claimed();
      expectSame("rows in the prompt, losses and gains", context, found.context);
      expectSame("part and weights of the context", claim.context, found.claim.context);
      return contextSaid(found.context!, claim);
    });
  } else await checkNoContext(list, claim);
}

function contextSaid(credit: ContextCredit, { context }: Pick<Claim, "context">): string {
  const { base, training, context: added } = partsOf(credit);
  const nats = (units: number) => (units / NAT_UNITS).toFixed(2);
  return `the same ${credit.rows.length} rows stood in the prompt; log p is ${nats(base)} by the base, ${nats(training)} by training, ${nats(added)} by the rows, whose ${context.contributionIds.length} contributions have ${context.partBps / 100} %`;
}

/** A model that shows no rows pays for none. */
async function checkNoContext(list: CheckList, { context }: Pick<Claim, "context">): Promise<void> {
  if (context.partBps === 0) return;
  await list.check("context", () => {
    throw new CheckFailed(
      `the claim gives ${context.partBps / 100} % to rows in the prompt; the method shows none`,
    );
  });
}

const NOT_RECOMPUTED = "the answer could not be recomputed";

/** What is left where spans decide and a text is gone: the sketch, and influence of the listed rows. */
async function checkSketch(
  list: CheckList,
  { claim, query }: Answered,
  model: ServedModel,
  again: Inference | undefined,
): Promise<void> {
  await list.check("query sketch", () => {
    if (again === undefined) throw new CheckFailed(NOT_RECOMPUTED);
    const sketch = hexOfBytes(encodeQuery(again.query));
    expectSame("query sketch", query.slice(0, sketch.length), sketch);
    expectSame("query's hash", claim.queryHash, keccakOf(bytesOfHex(query)));
    return `the same ${model.index.commitment.dimension} integers and exponent; the cover behind them was not made again`;
  });
  await list.check("scores", () => {
    if (again === undefined) throw new CheckFailed(NOT_RECOMPUTED);
    const { scores } = again;
    const found = scores.of(claim.list.rowIds).map(({ score }) => score);
    expectSame("scores", claim.list.scores, found);
    return `the same scores of ${found.length} listed rows; which rows belong there takes the texts that are gone`;
  });
  list.skip(
    "weights",
    "texts that were taken out are not there: what spans leave of each score is not known",
  );
  await checkNoContext(list, claim);
  if (model.method.discount)
    list.skip("discount", "texts that were taken out are not there: their words say how much a span counts");
}

/** The verbatim spans, looked for in the rows again, and the list that they and influence make. */
async function checkVerbatim(
  list: CheckList,
  { source }: RecomputeOptions,
  model: ServedModel,
  completions: Completions,
  { again, answered: { verbatim } }: { again: Inference; answered: Answered },
): Promise<void> {
  if (verbatim === undefined) {
    list.skip("verbatim", "the receipt names no verbatim spans");
    return;
  }
  await list.check("verbatim", async () => {
    const spans = await spanSourceOf(source, model, completions);
    const found = await verbatimOf(spans, model.index.commitment, again, (row) => recordOf(model.index, row));
    expectSame("verbatim spans", verbatim, found);
    return `${found.spans.length} spans of the answer stand in the rows: ${found.information - found.free} of ${found.information} bits`;
  });
}
