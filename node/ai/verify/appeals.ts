import type { Logger } from "../../base/logger.ts";
import type { Address } from "../../chain/types/primitives.ts";
import type { ChainClient } from "../client/chain.ts";
import { type Dispute, finalAt, LAST_ROUND, type PanelResult } from "../client/disputes.ts";
import type { Matter } from "./matter.ts";

export interface AppealOptions {
  client: ChainClient;
  address: Address;
  /** Wei that stay on the account: no appeal takes it below. */
  keep: bigint;
  logger: Logger;
}

/** Has a larger panel look again where a small one ends a dispute otherwise than what came out here. */
export class AppealDesk {
  private readonly options: AppealOptions;

  constructor(options: AppealOptions) {
    this.options = options;
  }

  /**
   * Appeals a verdict that can still be appealed and goes against `mine`, as long as the account's money reaches.
   * @param now the chain's time in seconds.
   */
  async consider(
    matter: Pick<Matter, "facts" | "appealFee" | "appeal">,
    dispute: Dispute,
    mine: Pick<PanelResult, "value">,
    now: bigint,
  ): Promise<void> {
    if (!isAgainst(dispute, mine) || now >= finalAt(dispute)) return;
    const { client, address, keep, logger } = this.options;
    const facts = { ...matter.facts, round: dispute.round };
    const fee = await matter.appealFee();
    const balance = await client.public.getBalance({ address });
    if (balance < fee + keep) {
      logger.warn(
        { ...facts, balance, fee, keep },
        "a verdict goes against what came out here, and there is no money for an appeal",
      );
      return;
    }
    const { hash } = await matter.appeal();
    logger.info({ ...facts, transaction: hash }, "appealed a verdict against what came out here");
  }
}

/** A verdict of a small panel under which what was claimed falls and by `mine` stands, or the other way round. */
function isAgainst({ status, round, value, claimed }: Dispute, mine: Pick<PanelResult, "value">): boolean {
  if (status !== "decided" || round === LAST_ROUND) return false;
  return (value === claimed) !== (mine.value === claimed);
}
