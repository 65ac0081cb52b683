import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../base/paths.ts";
import { aiError } from "../errors.ts";

/** A moment in local time, as `strftime_now` shows it. */
export interface LocalTime {
  year: number;
  /** 1 to 12. */
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  microsecond: number;
}

/** One render. */
export interface TemplateRequest {
  template: string;
  variables: Readonly<Record<string, unknown>>;
  /** What `strftime_now` shows; without it the template has no such function, so that its text can't depend on the time. */
  clock?: LocalTime;
}

/** The text, or the kind of refusal with its message. */
export type TemplateAnswer = { text: string } | { kind: TemplateRefusal; message: string };

/**
 * `syntax`: no template; `unknown`: of a filter, test, function or method; `raised`: by the template's own
 * `raise_exception`; `undefined`, `type`: a value that isn't there or does not fit; `limit`: fuel, memory or time.
 */
export type TemplateRefusal = "syntax" | "unknown" | "raised" | "undefined" | "type" | "limit";

/** Fuel of one render: an instruction or 64 bytes made cost one. The longest conversations take a third of it. */
const FUEL = 1_000_000;

interface TemplateExports {
  memory: WebAssembly.Memory;
  buffer(length: number): number;
  render(): number;
  answer_pointer(): number;
  answer_length(): number;
}

/** Compiles the module of native/template. @throws CodedError `TEMPLATE_MODULE_UNREADABLE`. */
export function templateModule(): WebAssembly.Module {
  const file = join(packageRoot(), "native/template/openledger_template.wasm");
  try {
    return new WebAssembly.Module(readFileSync(file));
  } catch (cause) {
    throw aiError("TEMPLATE_MODULE_UNREADABLE", {
      message: `the module of chat templates ${file} can't be read or compiled`,
      fix: "restore it from the repository, or build it again: native/template/README.md",
      facts: { file },
      cause,
    });
  }
}

/** Renders in an instance of its own, so that what it allocates goes with it. Blocks until it ends. */
export function renderInModule(module: WebAssembly.Module, request: TemplateRequest): TemplateAnswer {
  const bytes = new TextEncoder().encode(
    JSON.stringify({ ...request, clock: request.clock ?? null, fuel: FUEL }),
  );
  try {
    const exports = new WebAssembly.Instance(module, {}).exports as unknown as TemplateExports;
    const pointer = exports.buffer(bytes.length);
    new Uint8Array(exports.memory.buffer).set(bytes, pointer);
    const status = exports.render();
    const answer = new Uint8Array(exports.memory.buffer, exports.answer_pointer(), exports.answer_length());
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(answer);
    if (status === 0) return { text };
    const line = text.indexOf("\n");
    return { kind: text.slice(0, line) as TemplateRefusal, message: text.slice(line + 1) };
  } catch (error) {
    // The module traps where it has no more memory or stack; everything else it answers.
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: "limit", message: `the template takes more memory than a render may have (${reason})` };
  }
}
