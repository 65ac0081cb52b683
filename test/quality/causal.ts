import type { Adapter, Example, Session } from "../../native/js/index.ts";
import type { LoadedModel } from "../../node/ai/model/load.ts";
import type { Method } from "../../node/ai/train/method.ts";
import { planWithout, type TrainingPlan } from "../../node/ai/train/plan.ts";
import { trainPlan } from "../../node/ai/train/train.ts";

/** Against what pay is judged: nothing, training without each contributor, or training with every coalition of them. */
export type Judge = "none" | "leave-one-out" | "shapley";

/** Whose rows made an answer. */
export interface Verdict {
  /** Without whom log p(answer) falls most; undefined where nothing judges. */
  causal: string | undefined;
  /** Shapley values of log p(answer) over all coalitions; they sum to what training added. */
  shapley?: ReadonlyMap<string, number> | undefined;
}

/** Most contributors whose coalitions are all trained. */
const MAX_PLAYERS = 8;

/** Adapters of coalitions of contributors, each from the same plan with their visits alone. */
export class Coalitions {
  private readonly session: Session;
  private readonly base: LoadedModel;
  private readonly names: readonly string[];
  /** By coalition: bit i is contributor i. The empty one is the base model. */
  private readonly adapters: ReadonlyMap<number, Adapter | undefined>;

  private constructor(
    session: Session,
    base: LoadedModel,
    names: readonly string[],
    adapters: ReadonlyMap<number, Adapter | undefined>,
  ) {
    this.session = session;
    this.base = base;
    this.names = names;
    this.adapters = adapters;
  }

  /**
   * Trains what the judge needs.
   * @param whole the adapter of all contributors.
   * @param owners of the plan's rows.
   */
  static async train(
    { session, base, method, judge }: { session: Session; base: LoadedModel; method: Method; judge: Judge },
    plan: TrainingPlan,
    whole: Adapter,
    names: readonly string[],
    owners: readonly string[],
  ): Promise<Coalitions> {
    const all = 2 ** names.length - 1;
    const adapters = new Map<number, Adapter | undefined>([[all, whole]]);
    if (judge === "shapley") adapters.set(0, undefined);
    for (const members of coalitionsOf(judge, names.length)) {
      const isOut = (row: number) => ((members >> names.indexOf(owners[row]!)) & 1) === 0;
      const { native } = await trainPlan(session, base, planWithout(plan, isOut), method);
      adapters.set(members, native);
    }
    return new Coalitions(session, base, names, adapters);
  }

  /** Whose rows made the answer of an example. */
  async judge(example: Example): Promise<Verdict> {
    const { names, adapters } = this;
    if (adapters.size === 1) return { causal: undefined };
    const values = new Map<number, number>();
    for (const [members, adapter] of adapters) values.set(members, -(await this.loss(adapter, example)));
    const all = 2 ** names.length - 1;
    const without = names.map((name, i) => ({ name, value: values.get(all - 2 ** i)! }));
    const causal = without.reduce((least, one) => (one.value < least.value ? one : least)).name;
    if (!adapters.has(0)) return { causal };
    const parts = shapleyValues(names.length, (members) => values.get(members)!);
    return { causal, shapley: new Map(names.map((name, i) => [name, parts[i]!])) };
  }

  private async loss(adapter: Adapter | undefined, example: Example): Promise<number> {
    const { session, base } = this;
    const job = session.evaluate({ model: base.native, adapter, examples: [example] });
    return (await job.wait()).losses[0]!;
  }
}

/** The coalitions that have to be trained: not that of all, not that of none. */
function coalitionsOf(judge: Judge, players: number): number[] {
  const all = 2 ** players - 1;
  if (judge === "none") return [];
  if (judge === "leave-one-out") return Array.from({ length: players }, (_, i) => all - 2 ** i);
  if (players > MAX_PLAYERS) throw new RangeError(`${players} contributors have too many coalitions`);
  return Array.from({ length: all - 1 }, (_, i) => i + 1);
}

/**
 * Shapley values (Shapley 1953): what each player adds to the coalitions of the others, over all orders in which they may come.
 * @param worthOf a coalition; bit i is player i.
 */
export function shapleyValues(players: number, worthOf: (members: number) => number): number[] {
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  const sizeOf = (members: number): number => (members === 0 ? 0 : (members & 1) + sizeOf(members >> 1));
  return Array.from({ length: players }, (_, player) => {
    let value = 0;
    for (let others = 0; others < 2 ** players; others++) {
      if ((others >> player) & 1) continue;
      const size = sizeOf(others);
      const orders = (factorial(size) * factorial(players - size - 1)) / factorial(players);
      value += orders * (worthOf(others | (1 << player)) - worthOf(others));
    }
    return value;
  });
}

/** What pay and Shapley values share: 1 where each is paid its part of what was added, 0 where nobody is. */
export function overlapWith(
  shapley: ReadonlyMap<string, number>,
  shares: ReadonlyMap<string, number>,
): number {
  const added = [...shapley].map(([name, value]) => [name, Math.max(0, value)] as const);
  const total = added.reduce((sum, [, value]) => sum + value, 0);
  if (total === 0) return 0;
  return added.reduce((sum, [name, value]) => sum + Math.min(value / total, shares.get(name) ?? 0), 0);
}
