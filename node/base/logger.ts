import { pino } from "pino";

export const LOG_LEVELS = ["silent", "error", "warn", "info", "debug", "trace"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One level's function: facts first, then one sentence. */
export type LogFunction = (facts: Readonly<Record<string, unknown>>, message: string) => void;

/** What the parts of the node log with. `error`: somebody must act; `warn`: it heals by itself; `info`: a milestone. */
export interface Logger {
  error: LogFunction;
  warn: LogFunction;
  info: LogFunction;
  debug: LogFunction;
  trace: LogFunction;
  /** A logger whose every line names `module`. */
  child(bindings: Readonly<Record<string, unknown>>): Logger;
}

export interface LoggerOptions {
  level: LogLevel;
  /** `json`: one object a line; `text`: one readable line. */
  format: "json" | "text";
  /** Takes each finished line, with its line break. Default: the process's standard output. */
  write?: (line: string) => void;
}

/** A logger over pino. Bigints are written as decimal strings, errors with code, fix and facts. */
export function createLogger(options: LoggerOptions): Logger {
  const write = options.write ?? ((line: string) => void process.stdout.write(line));
  const format = options.format === "json" ? (line: string) => line : textLine;
  return pino(
    {
      level: options.level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: plainFacts },
    },
    { write: (line: string) => write(format(line)) },
  );
}

/** Says nothing; for tests and one-shot commands. */
export const silentLogger: Logger = pino({ level: "silent" });

function plainFacts(facts: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(facts).map(([key, value]) => [key, plainValue(value)]));
}

function plainValue(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value instanceof Error) {
    const { code, fix } = value as { code?: unknown; fix?: unknown };
    const cause = value.cause instanceof Error ? plainValue(value.cause) : undefined;
    return { code, message: value.message, fix, cause };
  }
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value === "object" && value !== null) return plainFacts(value);
  return value;
}

function textLine(line: string): string {
  const { level, time, msg, module, ...facts } = JSON.parse(line) as Record<string, unknown>;
  const clock = String(time).slice(11, 19);
  const label = String(level).toUpperCase().padEnd(5);
  const details = Object.entries(facts).map(([key, value]) => `${key}=${textValue(value)}`);
  return `${clock} ${label} ${module ? `[${String(module)}] ` : ""}${[String(msg ?? ""), ...details].join(" ")}\n`;
}

function textValue(value: unknown): string {
  return typeof value === "string" && !/\s/.test(value) ? value : JSON.stringify(value);
}
