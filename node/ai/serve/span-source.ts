import { isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { hashOfFile } from "../attribution/manifest.ts";
import { NO_SPANS } from "../attribution/score.ts";
import { recordOf } from "../attribution/sketch-index.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import type { ContentSource } from "../content/source.ts";
import { ContextRows } from "../context/compose.ts";
import type { Completions } from "../fusion/completions.ts";
import { type SpanSource, type Verbatim, verbatimOf } from "../fusion/layer.ts";
import { completionsOf } from "../fusion/texts.ts";
import { readTokenizerJson } from "../model/tokenizer-json.ts";
import { readRows, requireSpans } from "../spans/model-spans.ts";
import { type TokenPieces, tokenPieces } from "../spans/token-pieces.ts";
import type { Inference, ServedModel } from "./inference.ts";

/** What the answers of a model are compared with. @throws CodedError of the source, for its tokenizer.json. */
export async function spanSourceOf(
  source: ContentSource,
  { manifest, base }: Pick<ServedModel, "manifest" | "base">,
  completions: Completions,
): Promise<SpanSource> {
  const json = await source.get(hashOfFile(manifest.tokenizer, "tokenizer.json"));
  return { completions, tokenizer: base.tokenizer, pieces: piecesOf(json) };
}

/** None where the tokenizer is of another kind: then spans are told in tokens alone. */
function piecesOf(tokenizerJson: Uint8Array): TokenPieces | undefined {
  try {
    return tokenPieces(readTokenizerJson(new Map([["tokenizer.json", tokenizerJson]])));
  } catch (error) {
    if (isCodedError(error, "TOKENIZER_UNSUPPORTED") || isCodedError(error, "TOKENIZER_INVALID"))
      return undefined;
    throw error;
  }
}

export interface SpanSourcesOptions {
  client: ChainClient;
  at: ProtocolAddresses;
  content: ContentSource;
}

/** What the answers of a model are compared with, and the rows that it may show: none where its method shows none. */
export interface ServedRows extends SpanSource {
  context: ContextRows;
}

/** As much of a model as its rows are read by. */
type Served = Pick<ServedModel, "registered" | "manifest" | "method" | "base">;

/** Whether the answers of a model can't be made, or claimed, without its rows. */
export function readsRows({ index, method }: Pick<ServedModel, "index" | "method">): boolean {
  return (
    [method.context, method.discount].some((needs) => needs !== undefined) ||
    index.commitment.spans !== NO_SPANS
  );
}

/** The sources of the models in memory, each made when it is asked for first; it goes with its model. */
export class SpanSources {
  private readonly options: SpanSourcesOptions;
  private readonly made = new WeakMap<Served, Promise<ServedRows>>();

  constructor(options: SpanSourcesOptions) {
    this.options = options;
  }

  /**
   * Reads the rows that the registry froze, and compares them with what the index commits of them, if it does: asked again after a failure,
   * it tries again.
   * @throws CodedError `INDEX_MISMATCH`; those of readRows and of {@link spanSourceOf}.
   */
  of(model: Served): Promise<ServedRows> {
    const known = this.made.get(model);
    if (known) return known;
    const making = this.make(model);
    this.made.set(model, making);
    making.catch(() => this.made.delete(model));
    return making;
  }

  private async make(model: Served): Promise<ServedRows> {
    const { client, at, content } = this.options;
    const { registered, manifest, method, base } = model;
    const { set } = await readRows(client, at, content, registered, manifest);
    const completions = await completionsOf(set.examples, base.tokenizer);
    const { spans } = registered.index;
    if (spans !== NO_SPANS) await requireSpans(set, completions, spans);
    const source = await spanSourceOf(content, model, completions);
    return { ...source, context: new ContextRows(method.context ? set.examples : []) };
  }
}

/** The answer's verbatim spans; none where they can't be looked for, which a claim that depends on them has shown before. */
export async function shownSpans(
  sources: SpanSources,
  model: ServedModel,
  inference: Pick<Inference, "answer" | "scores">,
  logger: Logger,
): Promise<Verbatim | undefined> {
  const { index, registered } = model;
  try {
    const source = await sources.of(model);
    return await verbatimOf(source, index.commitment, inference, (row) => recordOf(index, row));
  } catch (error) {
    const code = isCodedError(error) ? error.code : undefined;
    logger.warn({ modelId: registered.modelId, code, error }, "no verbatim spans with an answer");
    return undefined;
  }
}
