import type { AdmissionRules } from "../../execution/mempool/candidate.ts";
import type { DoorLimits } from "./limits.ts";
import type { PackedCandidates } from "./packed-candidates.ts";

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
}

/**
 * What the door collected in one turn of its event loop. Numbers name calls and pages from 1 on, connections (WebSockets) and
 * batches likewise; 0 stands for none.
 */
export interface DoorBatch {
  /** Number, connection, batch, method, params: five by five. */
  calls: (number | string)[];
  /** Transactions for the pool. The answer is JSON: a list of each refused one's place and error. */
  admissions: [number, PackedCandidates][];
  /** Number and path. */
  pages: [number, string][];
  /** Address of each connection that calls for the first time. */
  opened: [connection: number, address: string][];
  closed: number[];
  endedBatches: number[];
}

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
  | { kind: "beat" };

/** Milliseconds between two beats of the door's thread. */
export const BEAT_MS = 2_000;

/** To the door's thread. */
export type ToDoor = { kind: "batch"; batch: ChainBatch } | { kind: "close" };
