import { type QueryToken, rankDocuments } from "../../../native/js/spans.ts";
import type { SpanIndex } from "./index-folder.ts";
import { tokenCounts } from "./trace.ts";

const FRACTION_BITS = 16;
const MAX_QUERY = 4_096;

/**
 * 2^16 * log2(numerator / denominator) in whole numbers, for a quotient of at least 1: whole bits by comparing, each bit of the fraction by
 * squaring what is left, cut to 128 bits after the point. By definition: nothing else may compute it.
 */
export function fixedLog2(numerator: bigint, denominator: bigint): bigint {
  const precision = 128n;
  let whole = 0n;
  while (denominator << (whole + 1n) <= numerator) whole++;
  let rest = (numerator << precision) / (denominator << whole);
  let result = whole;
  for (let i = 0; i < FRACTION_BITS; i++) {
    rest = (rest * rest) >> precision;
    result <<= 1n;
    if (rest >> (precision + 1n) > 0n) {
      result += 1n;
      rest >>= 1n;
    }
  }
  return result;
}

/** BM25's inverse document frequency log2(1 + (D - d + 1/2) / (d + 1/2)) = log2((2D + 2) / (2d + 1)) in units of 2^-16. */
export function documentWeight(documents: number, holding: number): number {
  return Number(fixedLog2(2n * BigInt(documents) + 2n, 2n * BigInt(holding) + 1n));
}

/**
 * The best `limit` documents for a query's tokens by BM25 in integers (k1 = 6/5, b = 3/4; scores in units of 2^-16): score descending,
 * ties the earlier document, those that share no token left out. At most 4,096 distinct tokens count, the lowest ids first.
 */
export async function rankByBm25(
  index: SpanIndex,
  tokens: Uint32Array,
  limit: number,
  threads = 1,
): Promise<{ document: number; score: bigint }[]> {
  const times = new Map<number, number>();
  for (const token of tokens) times.set(token, (times.get(token) ?? 0) + 1);
  const holding = new Map<number, number>();
  for (const { token, documents } of await tokenCounts(index)) {
    if (times.has(token)) holding.set(token, (holding.get(token) ?? 0) + documents);
  }
  const total = index.shards.reduce((sum, { commitment }) => sum + commitment.documents, 0);
  const query: QueryToken[] = [...holding]
    .sort(([a], [b]) => a - b)
    .slice(0, MAX_QUERY)
    .map(([token, documents]) => ({
      token,
      times: times.get(token)!,
      weight: documentWeight(total, documents),
    }));
  return rankDocuments(index.shards, query, limit, threads);
}
