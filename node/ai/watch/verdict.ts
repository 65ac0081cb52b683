import type { LocalAccount } from "viem";
import type { Logger } from "../../base/logger.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import type { CounterExample } from "../client/challenges.ts";
import type { ContentSource } from "../content/source.ts";
import type { EpochFault } from "../epoch/faults.ts";
import type { Standing } from "../verify/dispute-steps.ts";
import type { Docket } from "../verify/docket.ts";
import type { SeedRecorder } from "../verify/seed-recorder.ts";
import type { IndexCache } from "./indexes.ts";

export interface JudgeOptions {
  client: ChainClient;
  at: ProtocolAddresses;
  /** Receives what liars lose. */
  account: LocalAccount;
  content: ContentSource;
  indexes: IndexCache;
  /** Bytes of rows in memory of models whose claims go by spans. */
  maxRowBytes: number;
  /** Brings audits and disputes of claims forward. */
  docket: Docket;
  seeds: SeedRecorder;
  logger: Logger;
}

/** What became of something that was looked at. */
export type Verdict =
  | { kind: "stands"; detail?: string }
  /** It was settled, refuted or failed before. */
  | { kind: "decided" }
  | {
      kind: "refuted";
      reason: CounterExample["kind"] | EpochFault["kind"] | "cover" | "silence" | "record";
      transactionHash: Hash;
    }
  /** Nothing can be said before that second; it can be judged until `deadline`. */
  | { kind: "later"; due: bigint; deadline: bigint };

/** Blocks for which a refutation's reward can still go to somebody who announced earlier. */
export const BLOCK_SECONDS = 2n;
/** A deadline for what can be done at any time. */
export const NEVER = (1n << 63n) - 1n;

/** What follows for a watcher from where a dispute stands. */
export function verdictOf(standing: Standing): Verdict {
  if (standing.kind === "later") return { kind: "later", due: standing.due, deadline: NEVER };
  return standing.kind === "clear" ? { kind: "stands" } : { kind: "decided" };
}
