import {
  type ListedHead,
  type ListTerms,
  listByGain,
  type ScoredRow,
  trueList,
} from "../../../node/ai/attribution/score.ts";
import { type Cover, gainOf, heldSum } from "../../../node/ai/fusion/rule.ts";
import { copyKey } from "../../../node/ai/train/copies.ts";
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
  heads: "influence alone, equal parts for all wallets that it lists",
  firstTeller: "the product's, but an earlier row with the same completion leaves nothing to a later one",
  precise: "the product's, but what a row holds of the answer counts by its part of the row's completion",
  both: "the product's with both changes",
} as const;
export type PayRule = keyof typeof PAY_RULES;

/** Rules that are not the product's and may resist better: each is measured on all attacks. */
export const PROPOSALS = ["firstTeller", "precise", "both"] as const satisfies readonly PayRule[];
export type Proposal = (typeof PROPOSALS)[number];

/** What one answer is paid by. */
export interface AnswerEvidence {
  terms: ListTerms;
  /** Influence of all rows: as committed, and of sketches that nothing cuts or rounds. */
  scores: readonly ScoredRow[];
  uncapped: readonly ScoredRow[];
  cover: Cover;
  /** By row id: whole bits of information of the row's completion. */
  completionBits: ReadonlyMap<number, number>;
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
  const headOf = rule === "firstTeller" || rule === "both" ? firstTellers(world) : headsOf(world);
  const walletOf = (rowId: number) => world.walletOf(headOf(rowId).contributionId);
  const weightsOf = ({ contributionIds, weights }: InfluenceList) =>
    weights.map((weight, i) => ({ wallet: world.walletOf(contributionIds[i]!), weight }));
  const influence = () => trueList(terms, scores, headOf);
  const held = () =>
    scores.map(({ rowId }) => ({ rowId, score: BigInt(heldSum(cover.spans, cover.held.get(rowId))) }));
  const gain = (rowId: number, score: bigint) => gainOf(cover, rowId, score);
  const precise = (rowId: number, score: bigint) => preciseGain(evidence, rowId, score);
  switch (rule) {
    case "product":
    case "firstTeller":
      return weightsOf(listByGain(terms, scores, headOf, gain));
    case "precise":
    case "both":
      return weightsOf(listByGain(terms, scores, headOf, precise));
    case "influence":
      return weightsOf(influence());
    case "uncapped":
      return weightsOf(trueList(terms, uncapped, headOf));
    case "spans":
      return weightsOf(trueList(terms, held(), headOf));
    case "floorless": {
      const list = influence();
      return list.rowIds.map((rowId, i) => ({ wallet: walletOf(rowId), weight: list.scores[i]! }));
    }
    case "heads":
      return [...new Set(influence().rowIds.map(walletOf))].map((wallet) => ({ wallet, weight: 1n }));
  }
}

function headsOf({ set }: World): (rowId: number) => ListedHead {
  return (rowId) => set.places[rowId]!;
}

/** A row whose completion has the words of an earlier one's repeats that one, whatever it asks. */
function firstTellers({ set }: World): (rowId: number) => ListedHead {
  const firstOf = new Map<string, number>();
  const heads = new Map<number, ListedHead>();
  for (const { rowId, row } of set.examples) {
    const said = copyKey({ prompt: "", completion: row.completion }, "words/1");
    const first = firstOf.get(said) ?? rowId;
    firstOf.set(said, first);
    heads.set(rowId, { ...set.places[rowId]!, first });
  }
  return (rowId) => heads.get(rowId) ?? set.places[rowId]!;
}

/** As the product's gain, with H times the part of the completion's bits that the answer has. */
function preciseGain({ cover, completionBits }: AnswerEvidence, rowId: number, score: bigint): number {
  const { information, spans, free, held } = cover;
  const parts = held.get(rowId) ?? [];
  const sum = heldSum(spans, parts);
  if (sum === 0 || information === 0) return gainOf(cover, rowId, score);
  const bits = parts.reduce((all, part) => all + part.information, 0);
  const whole = Math.max(bits, completionBits.get(rowId)!);
  return Math.floor((FULL_GAIN * free + Math.floor((sum * bits) / whole)) / information);
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
