/**
 * Errors with a stable code. Logs, RPC answers and tests match on `code`, control flow on `severity`, nobody on the text.
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

/**
 * What a failure means for the work that met it. `input`: refuse this input, go on; `temporary`: try again;
 * `reset`: what was derived no longer fits its source, begin again from the last agreed point; `fatal`: stop.
 */
export type Severity = "input" | "temporary" | "reset" | "fatal";

/** The failures of one room of the house, each with its severity. */
export type ErrorTable = Readonly<Record<string, Severity>>;

export class CodedError<Code extends string = string, S extends Severity = Severity> extends Error {
  readonly code: Code;
  readonly severity: S;
  readonly fix: string | undefined;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(code: Code, severity: S, init: CodedErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = "CodedError";
    this.code = code;
    this.severity = severity;
    this.fix = init.fix;
    this.facts = init.facts ?? {};
  }
}

/** The union of a table's errors: its code tells an error's severity. */
export type ErrorOf<T extends ErrorTable> = { [C in keyof T & string]: CodedError<C, T[C]> }[keyof T &
  string];

/** A function that makes a table's errors by their code. */
export function errorMaker<const T extends ErrorTable>(table: T) {
  return <C extends keyof T & string>(code: C, init: CodedErrorInit): CodedError<C, T[C]> =>
    new CodedError(code, table[code]!, init) as CodedError<C, T[C]>;
}

/** True if `error` is a {@link CodedError}, with that code if one is given. */
export function isCodedError<Code extends string = string>(
  error: unknown,
  code?: Code,
): error is CodedError<Code> {
  return error instanceof CodedError && (code === undefined || error.code === code);
}

/** True for a failure that goes away by itself: the same work is worth trying again. */
export function isTemporary(error: unknown): error is CodedError<string, "temporary"> {
  return error instanceof CodedError && error.severity === "temporary";
}

/** For `catch`: nothing where the work can't be done at all; what may go another time, or elsewhere, is thrown on. */
export function unlessTemporary(error: unknown): undefined {
  if (isTemporary(error)) throw error;
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

/** Every failure of this room's own. */
export const BASE_ERRORS = {
  PART_HANGS: "temporary",
} as const;

/** Makes the error with its severity. */
export const baseError = errorMaker(BASE_ERRORS);
