import { type Shard, shardVocabulary, type TracedSpan, traceAnswer } from "../../../native/js/spans.ts";
import type { SpanIndex } from "./index-folder.ts";
import { checkSpanMethod, informationOf, marksOf, type SpanMethod } from "./method.ts";
import { type Pieces, textBorders } from "./pieces.ts";

/** A verbatim span of an answer. */
export interface AnswerSpan {
  /** Tokens of the answer; `end` is exclusive. */
  tokens: { start: number; end: number };
  /** UTF-16 units of the answer's text. */
  text: { start: number; end: number };
  /** Whole bits, by the method's table. */
  information: number;
  /** Occurrences in all documents. */
  count: number;
  /** The first of them in the order of the suffixes. */
  occurrences: AnswerSpanOccurrence[];
}

export interface AnswerSpanOccurrence {
  /** The document over all shards, its row and contributor (20 bytes), and its token at which the span begins. */
  document: number;
  row: number;
  contributor: Uint8Array;
  offset: number;
  /** Where to prove it: the shard in the index, and the position in its text. */
  shard: number;
  position: number;
}

/**
 * All spans of an answer that `method` asks for: the same for any number of threads and any division of the documents into shards.
 * @param pieces bytes of each token id of the model's tokenizer
 * @throws CodedError `METHOD_INVALID`, NativeError `SPANS_INPUT` (an answer above 65,536 tokens), `SPANS_FILE`
 */
export async function traceSpans(
  index: SpanIndex,
  method: SpanMethod,
  answer: Uint32Array,
  pieces: Pieces,
  threads = 1,
): Promise<AnswerSpan[]> {
  checkSpanMethod(method);
  if (index.shards.length === 0) return [];
  const { leastLength, leastInformation, maxSpans, maxOccurrences, maxTotal } = method;
  const { spans } = await traceAnswer(index.shards, {
    answer,
    information: informationOf(method, answer),
    marks: marksOf(method, answer),
    leastLength,
    leastInformation,
    maxSpans,
    maxOccurrences,
    maxTotal,
    threads,
  });
  const { starts, ends } = textBorders(pieces, answer);
  const bases = documentBases(index.shards);
  return spans.map((span) => ({
    tokens: { start: span.start, end: span.end },
    text: { start: starts[span.start]!, end: ends[span.end]! },
    information: span.information,
    count: span.count,
    occurrences: placed(span, bases),
  }));
}

function placed({ occurrences }: TracedSpan, bases: readonly number[]): AnswerSpanOccurrence[] {
  return occurrences.map(({ document, row, contributor, offset, shard, position }) => ({
    document: bases[shard]! + document,
    row,
    contributor,
    offset,
    shard,
    position,
  }));
}

/** Number of each shard's first document. */
function documentBases(shards: readonly Shard[]): number[] {
  let base = 0;
  return shards.map(({ commitment }) => {
    base += commitment.documents;
    return base - commitment.documents;
  });
}

/** Occurrences of each token in the index, shard after shard: what the method's table of information is made of. */
export async function tokenCounts(
  index: SpanIndex,
): Promise<{ token: number; count: number; documents: number }[]> {
  const all = await Promise.all(index.shards.map(shardVocabulary));
  return all
    .flat()
    .filter(({ symbol }) => symbol !== 0)
    .map(({ symbol, count, documents }) => ({ token: symbol - 1, count, documents }));
}
