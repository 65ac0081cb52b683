import type { Program } from "../../e2e/program.ts";

/** A request of a fault's file, with what should come. */
export interface RequestCase {
  request?: { id: number; method: string; params: unknown[] };
  /** Sent as it is. */
  raw_request?: string;
  expect?: unknown;
  expect_text?: string;
}

/** A fault's file, as far as the runner reads it; the folder's README describes the form. */
export interface Fault {
  kind: "rpc" | "http" | "ws" | "cli" | "files" | "intake";
  cases?: RequestCase[];
  do?: string[];
  name?: string;
  text?: string;
  rows?: string[];
}

/** The devnet that the cases are run against. */
export interface FaultDevnet {
  program: Program;
  /** Its data folder, with keys of rita, edda and the others. */
  dataDir: string;
  first: string;
  second: string;
  l1Pid: number;
  /** A folder in which `npx openledger` is this program; the cases write their files there. */
  folder: string;
}

/** Undefined if the behaviour is right, else what is wrong. */
export type Verdict = string | undefined;

/** Says what came when it is not what should come. */
export function unless(holds: boolean, came: unknown): Verdict {
  return holds ? undefined : `came: ${typeof came === "string" ? came : JSON.stringify(came)}`.slice(0, 600);
}
