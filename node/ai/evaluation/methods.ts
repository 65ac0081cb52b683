import { FULL_GAIN, keyOf } from "../../../precompiles/influence-verifier/rule.ts";
import { Random } from "../../base/random.ts";
import { type ListTerms, listByGain, type ScoredRow } from "../attribution/score.ts";
import type { Completions } from "../fusion/completions.ts";
import { coverOf, gainOf, heldSum } from "../fusion/rule.ts";
import { bm25 } from "./bm25.ts";
import type { MethodName } from "./method-names.ts";
import { type Pay, payOfList } from "./pay.ts";

/** Of one answer, what all methods decide on. */
export interface Evidence {
  question: string;
  answer: string;
  /** In the completions' tokens. */
  tokens: Uint32Array;
  /** Influence of all rows of the index. */
  scores: readonly ScoredRow[];
  /** By the place of a row among those that take part. */
  gradDot: readonly number[];
  gradCos: readonly number[];
  repSim: readonly number[];
  factored: readonly number[];
  /** Absent where they don't fit in memory. */
  dense?: { ekfacFull: readonly number[]; dataInf: readonly number[] };
  /** EK-FAC in full by other arithmetic, where there is one to compare with. */
  ekfacDoubles?: readonly number[] | undefined;
}

/** What is the same for all answers. */
export interface Ground {
  terms: ListTerms;
  completions: Completions;
  /** Of the rows that take part, in their order: what BM25 reads, and whose each is. */
  texts: readonly string[];
  owners: readonly string[];
}

/** What a method makes of an answer. */
export interface Judged {
  pay: Pay;
  /** By the place of a row among those that take part. */
  values: readonly number[];
}

const RANDOM = 0x43;
/** Steps of the largest value, for lists in whole numbers. */
const UNITS = 2 ** 40;

/** All methods' judgement of one answer. @param number of the answer, for the random one. */
export function judge(ground: Ground, evidence: Evidence, number: number): Map<MethodName, Judged> {
  const { completions, texts, owners, terms } = ground;
  const { question, answer, scores } = evidence;
  const cover = coverOf(evidence.tokens, completions);
  const random = new Random(RANDOM, number);
  const rows = [...completions.rows];
  const byInfluence = rows.map((rowId) => scores[rowId]?.score);
  const gains = rows.map((rowId, i) => gainOf(cover, rowId, byInfluence[i] ?? 0n));
  const listed = (keys: readonly (bigint | undefined)[], gain: (place: number, score: bigint) => number) => {
    const scored = rows.map((rowId, i) => ({ rowId, score: keys[i] }));
    const places = new Map(rows.map((rowId, i) => [rowId, i]));
    const names = [...new Set(owners)];
    const headOf = (rowId: number) => ({
      first: rowId,
      contributionId: BigInt(names.indexOf(owners[places.get(rowId)!]!)),
    });
    const list = listByGain(terms, scored, headOf, (rowId, score) => gain(places.get(rowId)!, score));
    return payOfList(list, (id) => names[Number(id)]!);
  };
  const plain = (values: readonly number[]): Judged => ({
    pay: listed(wholeOf(values), (_, score) => (score > 0n ? FULL_GAIN : 0)),
    values,
  });
  return new Map<MethodName, Judged>([
    ["random", plain(rows.map(() => random.next()))],
    ["bm25Question", plain(bm25(texts, question))],
    ["bm25Answer", plain(bm25(texts, `${question} ${answer}`))],
    ["gradDot", plain(evidence.gradDot)],
    ["gradCos", plain(evidence.gradCos)],
    ...(evidence.dense === undefined
      ? []
      : ([
          ["dataInf", plain(evidence.dense.dataInf)],
          ["ekfacFull", plain(evidence.dense.ekfacFull)],
        ] as const)),
    ...(evidence.ekfacDoubles === undefined
      ? []
      : ([["ekfacDoubles", plain(evidence.ekfacDoubles)]] as const)),
    ["repSim", plain(evidence.repSim)],
    ["factored", plain(evidence.factored)],
    [
      "influence",
      {
        pay: listed(byInfluence, (_, score) => (score > 0n ? FULL_GAIN : 0)),
        values: byInfluence.map((score) => Number(score ?? 0n)),
      },
    ],
    ["spans", plain(rows.map((rowId) => heldSum(cover.spans, cover.held.get(rowId))))],
    [
      "fused",
      {
        pay: listed(byInfluence, (place) => gains[place]!),
        values: byInfluence.map((score, i) => Number(keyOf(score ?? 0n, gains[i]!, true))),
      },
    ],
  ]);
}

function wholeOf(values: readonly number[]): bigint[] {
  const most = Math.max(...values.map(Math.abs));
  return values.map((value) => BigInt(most === 0 ? 0 : Math.round((value / most) * UNITS)));
}
