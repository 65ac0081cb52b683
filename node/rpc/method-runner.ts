import { errorText, type MethodAnswer } from "./door/answer-text.ts";
import { RPC_CODE, toErrorObject } from "./errors.ts";
import { JsonText } from "./json-text.ts";
import type { RpcContext, RpcMethods } from "./types.ts";

/** Called with what a method threw that is neither an RpcError nor a coded error. */
export type OnInternalError = (method: string, error: unknown) => void;

/** Called after each call of a method that exists: how long it took, in ms. */
export type OnAnswer = (method: string, ms: number, isError: boolean) => void;

export interface MethodRunnerOptions {
  methods: RpcMethods;
  /** Characters of one answer. */
  maxResponseBytes: number;
  onInternalError: OnInternalError;
}

/** Runs one method; `params` is JSON of a list. Never throws or rejects. */
export type RunMethod = (
  method: string,
  params: string,
  context: RpcContext,
) => MethodAnswer | Promise<MethodAnswer>;

/** From a method's name and the text of its parameters to the text of its answer. */
export function methodRunner(options: MethodRunnerOptions): RunMethod {
  const { methods, maxResponseBytes, onInternalError } = options;

  const failed = (method: string, error: unknown): MethodAnswer => {
    const object = toErrorObject(error);
    if (object.code === RPC_CODE.internal) onInternalError(method, error);
    return { text: JSON.stringify(object), isError: true };
  };

  /** What is too large, or no JSON (a bigint that a method forgot to format), becomes an error. */
  const answered = (result: unknown): MethodAnswer => {
    try {
      const text = result instanceof JsonText ? result.text : JSON.stringify(result ?? null);
      if (text.length <= maxResponseBytes) return { text, isError: false };
    } catch (error) {
      return failed("(answer)", error);
    }
    return { text: errorText(RPC_CODE.tooLarge, "response too large"), isError: true };
  };

  return (method, params, context) => {
    if (!Object.hasOwn(methods, method)) {
      const message = `the method ${method.slice(0, 100)} does not exist/is not available`;
      return { text: errorText(RPC_CODE.methodNotFound, message), isError: true };
    }
    try {
      const result = methods[method]!(JSON.parse(params) as unknown[], context);
      if (!(result instanceof Promise)) return answered(result);
      return result.then(answered, (error: unknown) => failed(method, error));
    } catch (error) {
      return failed(method, error);
    }
  };
}
