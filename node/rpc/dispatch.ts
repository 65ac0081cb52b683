import { answerBody } from "./door/answer-body.ts";
import type { BodyLimits } from "./door/limits.ts";
import { methodRunner, type OnInternalError } from "./method-runner.ts";
import { SimulationBudget, type SimulationBudgetLimits } from "./simulation-budget.ts";
import type { RpcContext, RpcMethods } from "./types.ts";

export type DispatchLimits = BodyLimits & SimulationBudgetLimits;

export interface Dispatcher {
  /** Answers a JSON text; undefined when nothing is to be sent (only notifications). */
  handle(body: string, context?: RpcContext): Promise<string | undefined>;
}

/** Dispatches JSON-RPC 2.0 texts to methods on the caller's own thread, as a server does across two. */
export function createDispatcher(
  methods: RpcMethods,
  limits: DispatchLimits,
  onInternalError: OnInternalError,
): Dispatcher {
  const run = methodRunner({ methods, maxResponseBytes: limits.maxResponseBytes, onInternalError });
  const budgets = new WeakMap<object, SimulationBudget>();
  const budgetOf = (batch: object | undefined) => {
    if (batch === undefined) return undefined;
    const budget = budgets.get(batch) ?? new SimulationBudget(limits);
    budgets.set(batch, budget);
    return budget;
  };
  return {
    async handle(body, context = { connection: undefined }) {
      let text = "";
      const pieces = answerBody(Buffer.from(body), limits, ({ method, params, batch }) =>
        run(method, params, { ...context, budget: budgetOf(batch) }),
      );
      for await (const piece of pieces) text += piece;
      return text === "" ? undefined : text;
    },
  };
}
