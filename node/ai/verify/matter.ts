import type { SentTransaction } from "../client/chain.ts";
import type { PanelResult } from "../client/disputes.ts";
import type { Standing } from "./dispute-steps.ts";

/** What a dispute is over: everything in which a claim and a record of an index differ for a verifier. */
export interface Matter {
  /** For logs. */
  readonly facts: Readonly<Record<string, bigint | number>>;
  /** Takes the next step that anybody may take. `now` is the chain's time in seconds. */
  advance(now: bigint): Promise<Standing>;
  /**
   * Computes what the panel of a round is asked.
   * @param ms milliseconds that it may take.
   * @returns undefined while that from which it is computed is not there.
   */
  compute(round: number, ms: number): Promise<PanelResult | undefined>;
  /** Wei that an appeal of a small panel's verdict costs. */
  appealFee(): Promise<bigint>;
  appeal(): Promise<SentTransaction>;
}
