import type { InfluenceList } from "../../../precompiles/influence-verifier/types.ts";
import type { ListedHead, ListTerms, RowScores } from "../attribution/score.ts";
import type { ModelTokenizer } from "../model/tokenizer.ts";
import { type Pieces, textBorders } from "../spans/pieces.ts";
import type { Completions } from "./completions.ts";
import { listByCover } from "./list.ts";
import { type Cover, coverOf, FUSION_RULE, type HeldPart } from "./rule.ts";
import { comparedTokens } from "./texts.ts";

/** A range of tokens or of UTF-16 units; `end` is exclusive. */
export interface Stretch {
  start: number;
  end: number;
}

/** A verbatim span of an answer. */
export interface VerbatimSpan {
  /** Of the answer's text as completions are encoded. */
  tokens: Stretch;
  /** In the answer, in UTF-16 units; absent where the tokenizer does not say which bytes a token is. */
  text?: Stretch | undefined;
  /** Whole bits, and those that count. */
  information: number;
  weight: number;
  /** The first place where it stands: a row of the index, and the token of its completion. */
  rowId: number;
  offset: number;
}

/** A listed row with the parts of spans that it holds. */
export interface VerbatimRow {
  rowId: number;
  /** Parts by the number of their span: whole bits, and for how many sixteenths of the span they stand. */
  held: { span: number; information: number; factor: number }[];
}

/** What an answer has word for word in common with the rows, and the list that spans and influence make together. */
export interface Verbatim {
  rule: typeof FUSION_RULE;
  /** Whole bits of the answer; of them those that are left to influence alone. */
  information: number;
  free: number;
  spans: VerbatimSpan[];
  rows: VerbatimRow[];
  /** Keys are score times gain; the best rows by key, with floor and weights as a claim has them. */
  list: InfluenceList;
}

/** The rows of a model that answers are compared with. */
export interface SpanSource {
  completions: Completions;
  tokenizer: Pick<ModelTokenizer, "encodeText" | "idLimit">;
  /** Bytes of each token id, where the tokenizer says them (spans/token-pieces.ts). */
  pieces: Pieces | undefined;
}

/**
 * Looks for an answer's spans in the rows, and lets them meet influence. The same on every machine.
 * @param scores influence of all rows.
 * @throws CodedError `ANSWER_TOO_LONG`
 */
export async function verbatimOf(
  { completions, tokenizer, pieces }: SpanSource,
  terms: ListTerms,
  { answer, scores }: { answer: string; scores: RowScores },
  headOf: (rowId: number) => ListedHead,
): Promise<Verbatim> {
  const tokens = await comparedTokens(answer, tokenizer);
  const cover = coverOf(tokens, completions);
  const list = await listByCover(terms, scores, headOf, cover);
  const textOf = pieces && stretchOf(answer, tokens, pieces);
  return {
    rule: FUSION_RULE,
    information: cover.information,
    free: cover.free,
    spans: cover.spans.map(({ start, end, information, weight, rowId, offset }) => ({
      tokens: { start, end },
      ...(textOf ? { text: textOf(start, end) } : {}),
      ...{ information, weight, rowId, offset },
    })),
    rows: list.rowIds.map((rowId) => ({ rowId, held: heldOf(cover, rowId) })),
    list,
  };
}

function heldOf({ held }: Cover, rowId: number): VerbatimRow["held"] {
  return (held.get(rowId) ?? []).map(({ span, information, factor }: HeldPart) => ({
    ...{ span, information, factor },
  }));
}

/** Where tokens stand in the answer; undefined where their bytes are not the answer behind spaces. */
function stretchOf(
  answer: string,
  tokens: Uint32Array,
  pieces: Pieces,
): ((start: number, end: number) => Stretch) | undefined {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let text = "";
  for (const token of tokens) text += decoder.decode(pieces.of(token), { stream: true });
  text += decoder.decode();
  const lead = text.length - answer.length;
  if (lead < 0 || !text.endsWith(answer) || text.slice(0, lead).trim() !== "") return undefined;
  const { starts, ends } = textBorders(pieces, tokens);
  const within = (unit: number) => Math.max(0, unit - lead);
  return (start, end) => ({ start: within(starts[start]!), end: within(ends[end]!) });
}
