/** By which rule rows are chosen, shown and credited (spec.md). A rule never changes: methods and receipts name it. */
export const CONTEXT_RULE = "openledger/context/1";

/** Rows that a model shows with a question, at most. */
export const MAX_CONTEXT_ROWS = 8;

/** Parts of a nat: losses are told in whole units of 2^-20 nats. */
export const NAT_UNITS = 2 ** 20;

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

/** The shown rows' shares of what the context added: proportional to the drops above 0, in 1/10000, rounded down. All 0 where no drop is. */
export function sharesOf(losses: Pick<ContextLosses, "rows" | "base">): number[] {
  const drops = dropsOf(losses).map((drop) => BigInt(Math.max(drop, 0)));
  const sum = drops.reduce((all, drop) => all + drop, 0n);
  return drops.map((drop) => (sum === 0n ? 0 : Number((BigInt(WHOLE_SHARE) * drop) / sum)));
}

/**
 * The context's part of what training and context gained together, in 1/10000, rounded down. A loss counts as no gain; the part is 0 where
 * nothing was gained, and where no shown row has a drop, since then nobody is known to have made it.
 */
export function contextPart(losses: Pick<ContextLosses, "rows" | "base" | "model">): number {
  if (dropsOf(losses).every((drop) => drop <= 0)) return 0;
  const { training, context } = partsOf(losses);
  const [trained, shown] = [BigInt(Math.max(training, 0)), BigInt(Math.max(context, 0))];
  return shown === 0n ? 0 : Number((BigInt(WHOLE_SHARE) * shown) / (trained + shown));
}

/** A loss in nats as whole units, ties to even. Doubles times a power of two are exact, so this is the same on every machine. */
export function natUnits(nats: number): number {
  const scaled = Math.max(nats, 0) * NAT_UNITS;
  const below = Math.floor(scaled);
  const rest = scaled - below;
  const isUp = rest > 0.5 || (rest === 0.5 && below % 2 === 1);
  return isUp ? below + 1 : below;
}
