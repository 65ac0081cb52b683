import type { Severity } from "../../base/errors.ts";
import type { PartStatus } from "../../base/supervisor.ts";
import type { HostQueue, WorkerFigures } from "../metrics.ts";

/** Where an AI worker listens: on a socket in the file system, for this machine's user alone, or at an address. */
export type WorkerAddress = { socketPath: string } | { host: string; port: number };

/** One call of a method in a worker, as the body of a POST to `/`. */
export interface WorkerCall {
  method: string;
  params: readonly unknown[];
}

/** A coded error on its way between two processes. */
export interface WorkerFailure {
  code: string;
  severity: Severity;
  message: string;
  fix?: string;
  facts: Readonly<Record<string, unknown>>;
}

/** The body of the answer. */
export type WorkerAnswer = { result: unknown } | { error: WorkerFailure };

/** What `worker_status` gives. */
export interface WorkerStatus {
  pid: number;
  /** The host and the watcher, where they run. */
  parts: readonly PartStatus[];
  queue: HostQueue | null;
  figures: WorkerFigures;
}

/** Bytes of one call: a prompt of the longest form with its escapes. */
export const MAX_CALL_BYTES = 2 * 1024 * 1024;
/** Bytes of one answer: a receipt with its records. */
export const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
