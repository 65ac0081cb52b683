import { monotonicMs } from "../../base/clock.ts";
import { RPC_CODE } from "../errors.ts";
import { answerText, failureText, type MethodAnswer } from "./answer-text.ts";
import { type RequestText, requestsIn, shapeOf } from "./json-text.ts";
import type { BodyLimits } from "./limits.ts";

/** One call as a method gets it. */
export interface MethodCall {
  method: string;
  /** JSON of a list. */
  params: string;
  /** The same for all calls of one batch, so that they can share a budget; undefined outside batches. */
  batch: object | undefined;
}

/** Answers one call; never rejects. */
export type AnswerCall = (call: MethodCall) => MethodAnswer | Promise<MethodAnswer>;

const ID_IS_NO_SCALAR = /^[{[]/;
const PARSE_ERROR = "parse error";

/**
 * Answers one body, piece by piece as the answers come; nothing for notifications alone. The next piece is made when it is
 * asked for, so that a reader's pace bounds what is kept. Codes and texts are those of geth's rpc package.
 */
export async function* answerBody(
  body: Uint8Array,
  limits: BodyLimits,
  answerCall: AnswerCall,
): AsyncGenerator<string, void> {
  const read = readRequests(body, limits);
  if ("failure" in read) {
    yield read.failure;
  } else if (read.isBatch) {
    yield* answerBatch(read.requests, limits, answerCall);
  } else {
    const answer = await answerRequest(read.requests[0], answerCall);
    if (answer !== undefined) yield answer;
  }
}

/** The requests of a body, or the answer to what holds none. */
export function readRequests(
  body: Uint8Array,
  limits: Pick<BodyLimits, "maxDepth" | "maxBatch">,
):
  | { isBatch: boolean; requests: readonly (RequestText | undefined)[] }
  | { isBatch: false; failure: string } {
  const fail = (code: number, message: string) => ({
    isBatch: false as const,
    failure: failureText(undefined, code, message),
  });
  const shape = shapeOf(body, limits.maxDepth);
  if (shape.isTooDeep)
    return fail(RPC_CODE.parse, `${PARSE_ERROR}: nested deeper than ${limits.maxDepth} levels`);
  if (shape.items > limits.maxBatch) return fail(RPC_CODE.invalidRequest, "batch too large");
  const parsed = parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString("utf8"));
  return parsed ?? fail(RPC_CODE.parse, PARSE_ERROR);
}

/** The answer to one request outside batches; undefined for a notification. */
export function answerRequest(
  request: RequestText | undefined,
  answerCall: AnswerCall,
): Promise<string | undefined> {
  return answerOne(request, undefined, answerCall);
}

function parse(text: string): ReturnType<typeof requestsIn> | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  return requestsIn(text);
}

/** In order, one after the other; what no longer fits into the budget is not run. */
async function* answerBatch(
  requests: readonly (RequestText | undefined)[],
  limits: BodyLimits,
  answerCall: AnswerCall,
): AsyncGenerator<string, void> {
  if (requests.length === 0) {
    yield failureText(undefined, RPC_CODE.invalidRequest, "empty batch");
    return;
  }
  const batch = {};
  const deadline = monotonicMs() + limits.maxBatchMs;
  let left = limits.maxResponseBytes;
  let lead = "[";
  for (const request of requests) {
    const over =
      left <= 0
        ? { code: RPC_CODE.tooLarge, message: "response too large" }
        : monotonicMs() >= deadline
          ? { code: RPC_CODE.timeout, message: "request timed out" }
          : undefined;
    let answer =
      over === undefined
        ? await answerOne(request, batch, answerCall)
        : refusalOf(request, over.code, over.message);
    if (answer === undefined) continue;
    if (over === undefined && answer.length > left)
      answer = refusalOf(request, RPC_CODE.tooLarge, "response too large");
    left -= answer?.length ?? 0;
    yield `${lead}${answer}`;
    lead = ",";
  }
  if (lead === ",") yield "]";
}

function refusalOf(request: RequestText | undefined, code: number, message: string): string | undefined {
  return request !== undefined && request.id === undefined
    ? undefined
    : failureText(request?.id, code, message);
}

async function answerOne(
  request: RequestText | undefined,
  batch: object | undefined,
  answerCall: AnswerCall,
): Promise<string | undefined> {
  const { id, jsonrpc, params = "[]" } = request ?? {};
  const isIdValid = id === undefined || !ID_IS_NO_SCALAR.test(id);
  const method: unknown = request?.method === undefined ? undefined : JSON.parse(request.method);
  const isVersioned = jsonrpc !== undefined && JSON.parse(jsonrpc) === "2.0";
  if (!isIdValid || !isVersioned || typeof method !== "string" || method === "")
    return failureText(isIdValid ? id : undefined, RPC_CODE.invalidRequest, "invalid request");
  const given = params === "null" ? "[]" : params;
  const answer = given.startsWith("[")
    ? await answerCall({ method, params: given, batch })
    : {
        text: JSON.stringify({ code: RPC_CODE.invalidParams, message: "non-array args" }),
        isError: true,
      };
  return id === undefined ? undefined : answerText(id, answer);
}
