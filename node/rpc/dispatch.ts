import { RPC_CODE, toErrorObject } from "./errors.ts";
import { SimulationBudget, type SimulationBudgetLimits } from "./simulation-budget.ts";
import { type RpcContext, RpcError, type RpcMethods } from "./types.ts";

export interface DispatchLimits extends SimulationBudgetLimits {
  /** Requests in one batch. */
  maxBatch: number;
  /** Bytes of one answer. */
  maxResponseBytes: number;
}

export interface Dispatcher {
  /** Answers a JSON text; undefined when nothing is to be sent (only notifications). */
  handle(body: string, context: RpcContext): Promise<string | undefined>;
}

type Id = string | number | null;

interface Answer {
  jsonrpc: "2.0";
  id: Id;
  result?: unknown;
  error?: unknown;
}

/** Called with what a method threw that is neither an RpcError nor a coded error. */
export type OnInternalError = (method: string, error: unknown) => void;

function failure(id: Id, error: unknown): Answer {
  return { jsonrpc: "2.0", id, error: toErrorObject(error) };
}

function invalidRequest(message: string): RpcError {
  return new RpcError(RPC_CODE.invalidRequest, message);
}

function idOf(request: Record<string, unknown>): Id | undefined {
  const { id } = request;
  return id === null || typeof id === "string" || typeof id === "number" ? id : undefined;
}

/** An answer as text; what is too large, or no JSON (a bigint that a method forgot to format), becomes an error. */
function stringifyAnswer(value: Answer, maxBytes: number, onInternalError: OnInternalError): string {
  try {
    const text = JSON.stringify(value);
    if (text.length <= maxBytes) return text;
  } catch (error) {
    onInternalError("(answer)", error);
    return JSON.stringify(failure(value.id, error));
  }
  return JSON.stringify(failure(value.id, new RpcError(RPC_CODE.server, "response too large")));
}

/** Dispatches JSON-RPC 2.0 texts to methods, batches in order. */
export function createDispatcher(
  methods: RpcMethods,
  limits: DispatchLimits,
  onInternalError: OnInternalError,
): Dispatcher {
  const call = async (method: string, params: readonly unknown[], context: RpcContext): Promise<unknown> => {
    if (!Object.hasOwn(methods, method)) {
      throw new RpcError(
        RPC_CODE.methodNotFound,
        `the method ${method.slice(0, 100)} does not exist/is not available`,
      );
    }
    return (await methods[method]!(params, context)) ?? null;
  };

  const answer = async (request: unknown, context: RpcContext): Promise<Answer | undefined> => {
    if (typeof request !== "object" || request === null || Array.isArray(request)) {
      return failure(null, invalidRequest("invalid request"));
    }
    const fields = request as Record<string, unknown>;
    const id = idOf(fields);
    const { method, params } = fields;
    if (typeof method !== "string") return failure(id ?? null, invalidRequest("invalid request"));
    try {
      if (params !== undefined && params !== null && !Array.isArray(params)) {
        throw new RpcError(RPC_CODE.invalidParams, "non-array args");
      }
      const result = await call(method, params ?? [], context);
      return id === undefined ? undefined : { jsonrpc: "2.0", id, result };
    } catch (error) {
      const object = failure(id ?? null, error);
      if ((object.error as { code: number }).code === RPC_CODE.internal) onInternalError(method, error);
      return id === undefined ? undefined : object;
    }
  };

  const stringify = (value: Answer, maxBytes = limits.maxResponseBytes) =>
    stringifyAnswer(value, maxBytes, onInternalError);

  /** In order, one after the other; what no longer fits into the answer is not run. */
  const answerBatch = async (requests: readonly unknown[], context: RpcContext) => {
    const shared = { ...context, budget: new SimulationBudget(limits) };
    const texts: string[] = [];
    let left = limits.maxResponseBytes;
    for (const request of requests) {
      const one = await answer(request, shared);
      if (one === undefined) continue;
      const text = stringify(one, left);
      left -= text.length;
      if (left < 0) return stringify(failure(null, new RpcError(RPC_CODE.server, "response too large")));
      texts.push(text);
    }
    return texts.length === 0 ? undefined : `[${texts.join(",")}]`;
  };

  return {
    async handle(body, context) {
      let request: unknown;
      try {
        request = JSON.parse(body);
      } catch {
        return stringify(failure(null, new RpcError(RPC_CODE.parse, "parse error")));
      }
      if (!Array.isArray(request)) {
        const single = await answer(request, context);
        return single && stringify(single);
      }
      if (request.length === 0) return stringify(failure(null, invalidRequest("empty batch")));
      if (request.length > limits.maxBatch)
        return stringify(failure(null, invalidRequest("batch too large")));
      return answerBatch(request, context);
    },
  };
}
