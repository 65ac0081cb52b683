import { type ListTerms, listByGain, type ScoredRow, trueList } from "../../../node/ai/attribution/score.ts";
import { type Cover, gainOf, heldSum } from "../../../node/ai/fusion/rule.ts";
import { FULL_GAIN } from "../../../precompiles/influence-verifier/rule.ts";
import type { InfluenceList } from "../../../precompiles/influence-verifier/types.ts";
import type { World } from "./world.ts";

/** Ways to pay: the product's, and what it would be without one of its defences. */
export const PAY_RULES = {
  product: "the product's rule",
  influence: "influence alone",
  uncapped: "influence alone, norms not capped",
  floorless: "influence alone, without a floor",
  spans: "spans alone",
  heads: "equal parts for all that are listed",
} as const;
export type PayRule = keyof typeof PAY_RULES;

/** What one answer is paid by. */
export interface AnswerEvidence {
  terms: ListTerms;
  /** Influence of all rows: as committed, and of sketches that nothing cuts or rounds. */
  scores: readonly ScoredRow[];
  uncapped: readonly ScoredRow[];
  cover: Cover;
}

/** Parts of the contributors' pay of one answer by wallet; they sum to 1. */
export type Shares = ReadonlyMap<string, number>;

/** Whom a rule pays for an answer. What no row earned goes to the snapshot's pool, by rows. */
export function sharesBy(rule: PayRule, evidence: AnswerEvidence, world: World): Shares {
  const weights = weightsBy(rule, evidence, world);
  const total = weights.reduce((sum, { weight }) => sum + weight, 0n);
  if (total === 0n) return poolShares(world);
  const shares = new Map<string, number>();
  for (const { wallet, weight } of weights)
    shares.set(wallet, (shares.get(wallet) ?? 0) + Number(weight) / Number(total));
  return shares;
}

interface WalletWeight {
  wallet: string;
  weight: bigint;
}

function weightsBy(rule: PayRule, evidence: AnswerEvidence, world: World): WalletWeight[] {
  const { terms, scores, uncapped, cover } = evidence;
  const headOf = (rowId: number) => world.set.places[rowId]!;
  const fused = () => listByGain(terms, scores, headOf, (row, score) => gainOf(cover, row, score));
  const weightsOf = ({ contributionIds, weights }: InfluenceList) =>
    weights.map((weight, i) => ({ wallet: world.walletOf(contributionIds[i]!), weight }));
  if (rule === "product") return weightsOf(fused());
  if (rule === "influence") return weightsOf(trueList(terms, scores, headOf));
  if (rule === "uncapped") return weightsOf(trueList(terms, uncapped, headOf));
  if (rule === "spans") {
    const held = scores.map(({ rowId }) => ({
      rowId,
      score: BigInt(heldSum(cover.spans, cover.held.get(rowId))),
    }));
    return weightsOf(listByGain(terms, held, headOf, (_, score) => (score > 0n ? FULL_GAIN : 0)));
  }
  if (rule === "floorless") {
    const { rowIds, scores: listed } = trueList(terms, scores, headOf);
    return rowIds.map((rowId, i) => ({
      wallet: world.walletOf(headOf(rowId).contributionId),
      weight: listed[i]!,
    }));
  }
  const listed = new Set(fused().rowIds.map((rowId) => world.walletOf(headOf(rowId).contributionId)));
  return [...listed].map((wallet) => ({ wallet, weight: 1n }));
}

function poolShares({ set, walletOf }: World): Shares {
  const shares = new Map<string, number>();
  for (const { rowId } of set.examples) {
    const wallet = walletOf(set.places[rowId]!.contributionId);
    shares.set(wallet, (shares.get(wallet) ?? 0) + 1 / set.examples.length);
  }
  return shares;
}

/** Mean over answers of what some wallets get of the contributors' pay. */
export function meanPay(answers: readonly Shares[], wallets: readonly string[]): number {
  const paid = answers.map((shares) => wallets.reduce((sum, name) => sum + (shares.get(name) ?? 0), 0));
  return answers.length === 0 ? 0 : paid.reduce((sum, share) => sum + share, 0) / answers.length;
}

/** Pay with the attack for each unit of pay without it. @throws RangeError for who had none: such a one has a share, and no factor. */
export function inflationOf(withRows: number, without: number): number {
  if (without > 0) return withRows / without;
  throw new RangeError("a contributor that was paid nothing can't be paid so many times more");
}
