import type { AdmissionRules } from "../../execution/mempool/candidate.ts";
import type { DoorLimits } from "./limits.ts";
import type { PackedCandidates } from "./packed-candidates.ts";
import type { Upstream } from "./upstream.ts";

/** What the door's thread is started with. */
export interface DoorThreadData {
  host: string;
  port: number;
  limits: DoorLimits;
  /** Origins that browsers may call from; `*` lets all. */
  origins: readonly string[];
  /** Names under which the node may be called; `*` lets all. */
  hosts: readonly string[];
  /** Answers that never change: JSON by method. */
  constants: Readonly<Record<string, string>>;
  /** Paths of GET. */
  pages: readonly string[];
  /** Present: signed transactions are decoded and their senders recovered at the door. */
  rules: AdmissionRules | undefined;
  /** Present: requests below its path go to another process. */
  upstream: Upstream | undefined;
}

/**
 * What the door collected in one turn of its event loop. Numbers name calls and pages from 1 on, connections (WebSockets) and
 * batches likewise; 0 stands for none.
 */
export interface DoorBatch {
  /** Number, connection, batch, method, params: five by five. */
  calls: (number | string)[];
  /** Number and path. */
  pages: [number, string][];
  /** Address of each connection that calls for the first time. */
  opened: [connection: number, address: string][];
  closed: number[];
  endedBatches: number[];
}

/**
 * Transactions for the pool with the number of the call that they make together; the answer is JSON, a list of each refused
 * one's place and error. It goes alone and at once: most of what a busy door sends is this.
 */
export type Admission = [number: number, candidates: PackedCandidates];

/** What the chain's thread answers in one turn. */
export interface ChainBatch {
  /** Number, JSON, 1 for an error: three by three. */
  answers: (number | string)[];
  notices: Notice[];
  pages: { number: number; page: Page }[];
}

/** One result for many subscriptions. */
export interface Notice {
  /** Connection and subscription, in turn. */
  targets: (number | string)[];
  /** JSON. */
  result: string;
}

/** The answer to a GET. */
export interface Page {
  status: number;
  type: string;
  body: string;
}

/** From the door's thread. */
export type FromDoor =
  | { kind: "listening"; port: number }
  | { kind: "failed"; code: string | undefined; message: string }
  | { kind: "batch"; batch: DoorBatch }
  | { kind: "beat" }
  | Admission;

/** Milliseconds between two beats of the door's thread. */
export const BEAT_MS = 2_000;

/** Numbers of admissions of which nothing was refused. */
export type Admitted = number[];

/** To the door's thread. */
export type ToDoor = { kind: "batch"; batch: ChainBatch } | { kind: "close" } | Admitted;
