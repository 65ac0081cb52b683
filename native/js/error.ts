/** An error of the native core, with a stable code (NATIVE_...). */
export class NativeError extends Error {
  readonly code: string;
  readonly fix: string | undefined;

  constructor(code: string, message: string, fix?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "NativeError";
    this.code = code;
    this.fix = fix;
  }
}
