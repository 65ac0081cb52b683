import { isCodedError } from "../../base/errors.ts";

/** An error as OpenAI's API tells it. */
export class ApiError extends Error {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
  readonly param: string | null;
  /** Seconds after which the same may be tried again. */
  readonly retryAfter: number | undefined;

  constructor(
    status: number,
    message: string,
    more: { type?: string; code?: string; param?: string; retryAfter?: number } = {},
  ) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.type = more.type ?? "invalid_request_error";
    this.code = more.code ?? null;
    this.param = more.param ?? null;
    this.retryAfter = more.retryAfter;
  }

  body(): { error: { message: string; type: string; param: string | null; code: string | null } } {
    const { message, type, param, code } = this;
    return { error: { message, type, param, code } };
  }
}

/** Seconds that a client is told to wait where the queue is full. */
const BUSY_S = 1;

export function invalidValue(param: string, what: string): ApiError {
  return new ApiError(400, `Invalid value for '${param}': ${what}.`, { param, code: "invalid_value" });
}

export function unsupported(param: string): ApiError {
  const message = `Unsupported parameter: '${param}' is not supported with this model.`;
  return new ApiError(400, message, { param, code: "unsupported_parameter" });
}

export function modelNotFound(model: string): ApiError {
  const message = `The model \`${model.slice(0, 200)}\` does not exist or you do not have access to it.`;
  return new ApiError(404, message, { code: "model_not_found", param: "model" });
}

/** `where` names what the prompt is in: messages or prompt. */
export function contextExceeded(limit: number, prompt: number, answer: number, where: string): ApiError {
  const message =
    `This model's maximum context length is ${limit} tokens. However, you requested ${prompt + answer} tokens ` +
    `(${prompt} in the ${where}, ${answer} in the completion). Please reduce the length of the ${where} or completion.`;
  return new ApiError(400, message, { code: "context_length_exceeded", param: where });
}

export function busy(): ApiError {
  const message = "Rate limit reached: the queue of this model is full. Please try again in 1s.";
  return new ApiError(429, message, { type: "requests", code: "rate_limit_exceeded", retryAfter: BUSY_S });
}

export function shuttingDown(): ApiError {
  const message = "The server is shutting down and takes no new requests. Please try again later.";
  return new ApiError(503, message, { type: "server_error", code: "server_shutting_down", retryAfter: 5 });
}

/** The native core's own errors are plain ones with a code. */
function nativeCode(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

/** What any failure is to a client; one that is none of the project's own tells nothing of the inside. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (nativeCode(error) === "NATIVE_BUSY") return busy();
  if (nativeCode(error) === "NATIVE_MEMORY") return new ApiError(400, (error as Error).message);
  if (isCodedError(error)) {
    const text = error.fix === undefined ? error.message : `${error.message}: ${error.fix}`;
    if (error.severity === "input") return new ApiError(400, text, { code: error.code.toLowerCase() });
    if (error.severity === "temporary")
      return new ApiError(503, text, { type: "server_error", code: error.code.toLowerCase(), retryAfter: 2 });
  }
  return new ApiError(500, "The server had an error while processing your request.", {
    type: "server_error",
  });
}
