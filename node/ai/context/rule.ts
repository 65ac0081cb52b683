/** By which rule rows are chosen, shown and credited (spec.md). A rule never changes: methods and receipts name it. */
export const CONTEXT_RULE = "openledger/context/1";

/** Rows that a model shows with a question, at most. */
export const MAX_CONTEXT_ROWS = 8;

/** Shares are told in parts of this. */
export const WHOLE_SHARE = 10_000;

/** A row that was shown, and the answer's loss by the base model without it. */
export interface ShownRow {
  rowId: number;
  without: number;
}

/** Rows that stood in the prompt of an answer, and its loss (minus the logarithm of its probability) in units of 2^-20 nats. */
export interface ContextLosses {
  rule: typeof CONTEXT_RULE;
  /** As they stand in the prompt: the one that fits the question best is the last. */
  rows: readonly ShownRow[];
  /** By the base model without the adapter: of the question alone, and behind all rows. */
  base: { none: number; all: number };
  /** By the model that answered. */
  model: { none: number; all: number };
}

/** A shown row, and sixteenths of the answer that it says (`fusion/rule.ts`); 16 where the index commits no spans. */
export interface CreditedRow extends ShownRow {
  gain: number;
}

/** The same with what each row says of the answer: what shares follow from. */
export interface ContextCredit extends ContextLosses {
  rows: readonly CreditedRow[];
}

/** What a claim says of the rows in the prompt: the contracts' struct of the same name. All empty where nobody has a share. */
export interface ContextShares {
  /** The context's part of what training and context gained together, in 1/10000. */
  partBps: number;
  /** Ascending. */
  contributionIds: readonly bigint[];
  weights: readonly bigint[];
}

/** log p of an answer in units of 2^-20 nats, as the sum of what the base knew, what training added and what the rows added. */
export interface LogProbability {
  total: number;
  base: number;
  training: number;
  context: number;
}

/** total = base + training + context, exactly. */
export function partsOf({ base, model }: Pick<ContextLosses, "base" | "model">): LogProbability {
  return {
    total: 0 - model.all,
    base: 0 - base.none,
    training: base.none - model.none,
    context: model.none - model.all,
  };
}

/** What leaving each shown row out takes from the answer's log p by the base model; negative where the row spoke against it. */
export function dropsOf({ rows, base }: Pick<ContextLosses, "rows" | "base">): number[] {
  return rows.map(({ without }) => without - base.all);
}

/** What each shown row counts: its drop, if that is above 0, times its gain. */
export function countsOf(credit: Pick<ContextCredit, "rows" | "base">): bigint[] {
  const drops = dropsOf(credit);
  return credit.rows.map(({ gain }, i) => BigInt(Math.max(drops[i]!, 0)) * BigInt(gain));
}

/** The shown rows' shares of what the context added, in 1/10000, rounded down. All 0 where no row counts. */
export function sharesOf(credit: Pick<ContextCredit, "rows" | "base">): number[] {
  const counts = countsOf(credit);
  const sum = counts.reduce((all, count) => all + count, 0n);
  return counts.map((count) => (sum === 0n ? 0 : Number((BigInt(WHOLE_SHARE) * count) / sum)));
}

/**
 * The context's part of what training and context gained together, in 1/10000, rounded down. A loss counts as no gain; the part is 0 where
 * nothing was gained, and where no shown row counts, since then nobody is known to have made it.
 */
export function contextPart(credit: Pick<ContextCredit, "rows" | "base" | "model">): number {
  if (countsOf(credit).every((count) => count === 0n)) return 0;
  return addedPart(credit);
}

/** The same, whoever added it. */
export function addedPart(losses: Pick<ContextLosses, "base" | "model">): number {
  const { training, context } = partsOf(losses);
  const [trained, shown] = [BigInt(Math.max(training, 0)), BigInt(Math.max(context, 0))];
  return shown === 0n ? 0 : Number((BigInt(WHOLE_SHARE) * shown) / (trained + shown));
}

/** Of an answer that no row in the prompt made a part of. */
export const NO_CONTEXT: ContextShares = { partBps: 0, contributionIds: [], weights: [] };

/**
 * What a claim says of rows in the prompt: the part, and what the rows of each contribution count.
 * @param contributionOf of a row of the model's index.
 */
export function claimedContext(
  credit: ContextCredit,
  contributionOf: (rowId: number) => bigint,
): ContextShares {
  const partBps = contextPart(credit);
  if (partBps === 0) return NO_CONTEXT;
  const weights = new Map<bigint, bigint>();
  for (const [i, count] of countsOf(credit).entries()) {
    if (count === 0n) continue;
    const id = contributionOf(credit.rows[i]!.rowId);
    weights.set(id, (weights.get(id) ?? 0n) + count);
  }
  const ids = [...weights.keys()].sort((a, b) => (a < b ? -1 : 1));
  return { partBps, contributionIds: ids, weights: ids.map((id) => weights.get(id)!) };
}
