import { type ListTerms, listByGain, type ScoredRow } from "../../node/ai/attribution/score.ts";
import { bm25 } from "../../node/ai/evaluation/bm25.ts";
import { type Pay, payOfList } from "../../node/ai/evaluation/pay.ts";
import type { Completions } from "../../node/ai/fusion/completions.ts";
import { type Cover, coverOf, gainOf, heldSum } from "../../node/ai/fusion/rule.ts";
import { FULL_GAIN } from "../../precompiles/influence-verifier/rule.ts";

/** Rules that are compared: each makes a list of the same length, with the same floor. */
export const RULES = {
  fused: "fused: spans choose, influence decides",
  influence: "influence alone",
  spans: "spans alone",
  bm25Question: "BM25, from the question",
  bm25Answer: "BM25, from question and answer",
  spansBm25: "spans choose, BM25 from question and answer decides",
  wholeRest: "fused, but all that no span covers is free (no step above half)",
  noRest: "fused, but nothing is free (U = 0)",
} as const;
export type Rule = keyof typeof RULES;

/** What the rules decide on. */
export interface Evidence {
  terms: ListTerms;
  /** Whose each row is, by row id. */
  owners: readonly string[];
  /** Influence of all rows. */
  scores: readonly ScoredRow[];
  completions: Completions;
  /** The answer in the completions' tokens. */
  answerTokens: Uint32Array;
  /** What BM25 reads of each row, and its queries. */
  texts: readonly string[];
  question: string;
  answer: string;
}

/** Whom each rule pays. */
export function payByRules(evidence: Evidence): ReadonlyMap<Rule, Pay> {
  const { scores, question, answer } = evidence;
  const cover = coverOf(evidence.answerTokens, evidence.completions);
  const counted = cover.spans.reduce((sum, { weight }) => sum + weight, 0);
  const held = scores.map(({ rowId }) => ({
    rowId,
    score: BigInt(heldSum(cover.spans, cover.held.get(rowId))),
  }));
  const byAnswer = bm25Scores(evidence, `${question} ${answer}`);
  const influence = (by: Cover) => payOf(evidence, scores, (row, score) => gainOf(by, row, score));
  return new Map<Rule, Pay>([
    ["fused", influence(cover)],
    ["influence", payOf(evidence, scores, full)],
    ["spans", payOf(evidence, held, full)],
    ["bm25Question", payOf(evidence, bm25Scores(evidence, question), full)],
    ["bm25Answer", payOf(evidence, byAnswer, full)],
    ["spansBm25", payOf(evidence, byAnswer, (row, score) => gainOf(cover, row, score))],
    ["wholeRest", influence({ ...cover, free: cover.information - counted })],
    ["noRest", influence({ ...cover, free: 0 })],
  ]);
}

const full = (_: number, score: bigint) => (score > 0n ? FULL_GAIN : 0);

/** Fractions of BM25's scores that count in whole numbers. */
const BM25_UNITS = 2 ** 20;

function bm25Scores({ texts }: Evidence, query: string): ScoredRow[] {
  return bm25(texts, query).map((score, rowId) => ({ rowId, score: BigInt(Math.round(score * BM25_UNITS)) }));
}

function payOf(
  { terms, owners }: Pick<Evidence, "terms" | "owners">,
  scores: readonly ScoredRow[],
  gain: (rowId: number, score: bigint) => number,
): Pay {
  const names = [...new Set(owners)];
  const headOf = (rowId: number) => ({
    first: rowId,
    contributionId: BigInt(names.indexOf(owners[rowId]!)),
  });
  return payOfList(listByGain(terms, scores, headOf, gain), (id) => names[Number(id)]!);
}
