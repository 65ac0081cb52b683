import { FRAMES_ONLY, type ResultTracer } from "./result-tracer.ts";

/** geth's noopTracer: only runs. */
export class NoopTracer implements ResultTracer {
  readonly wants = FRAMES_ONLY;
  begin(): void {}
  enter(): void {}
  leave(): void {}
  step(): void {}
  log(): void {}
  before(): void {}
  end(): void {}

  result(): string {
    return "{}";
  }
}
