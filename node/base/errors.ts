/**
 * Errors with a stable code. Logs, RPC answers and tests match on `code`, never on the text.
 * `facts` holds typed values of the failure, `fix` says what the reader can do about it.
 */
export interface CodedErrorInit {
  /** What went wrong, in one sentence. */
  message: string;
  /** What the reader can do about it, in one sentence. */
  fix?: string;
  facts?: Readonly<Record<string, unknown>>;
  cause?: unknown;
}

export class CodedError extends Error {
  readonly code: string;
  readonly fix: string | undefined;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(code: string, init: CodedErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = "CodedError";
    this.code = code;
    this.fix = init.fix;
    this.facts = init.facts ?? {};
  }
}

/** True if `error` is a {@link CodedError}, with that code if one is given. */
export function isCodedError(error: unknown, code?: string): error is CodedError {
  return error instanceof CodedError && (code === undefined || error.code === code);
}

/** Three lines for a person: code and message, cause, fix. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const lines = [isCodedError(error) ? `${error.code}: ${error.message}` : error.message];
  // Some libraries put a page into a message; its first line says what it was.
  if (error.cause instanceof Error) lines.push(`  cause: ${error.cause.message.split("\n")[0]}`);
  if (isCodedError(error) && error.fix) lines.push(`  fix:   ${error.fix}`);
  return lines.join("\n");
}
