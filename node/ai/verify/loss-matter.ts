import type { SentTransaction } from "../client/chain.ts";
import { getDispute, type PanelResult } from "../client/disputes.ts";
import { endLoss, escalateLoss, lossOf, lossPanelFee } from "../client/losses.ts";
import { advanceDispute, type Standing, type StepOptions } from "./dispute-steps.ts";
import type { Matter } from "./matter.ts";

/** Takes the next step of a lost stake that anybody may take. `now` is the chain's time in seconds. */
export async function advanceLoss(
  options: StepOptions,
  contributionId: bigint,
  now: bigint,
): Promise<Standing> {
  const { client, at, account, logger } = options;
  const { status, deadline, disputeId } = await lossOf(client, at, contributionId);
  if (status === "held" && now <= deadline) return { kind: "later", due: deadline + 1n };
  if (status === "appealed") {
    const standing = await advanceDispute(options, disputeId, await getDispute(client, at, disputeId), now);
    if (standing !== "final") return standing;
  }
  if (status === "none" || status === "ended") return { kind: "over" };
  const { hash } = await endLoss(client, at, account, contributionId);
  logger.info({ contributionId, transaction: hash }, "a lost stake was paid out");
  return { kind: "over" };
}

/** An appeal against the loss of a stake. No program judges it: its operator reads the text and votes (`openledger verifier vote`). */
export class LossMatter implements Matter {
  readonly facts: { contributionId: bigint };
  private readonly options: StepOptions;
  /** Rounds in which the operator was told. */
  private readonly told = new Set<number>();

  constructor(contributionId: bigint, options: StepOptions) {
    this.facts = { contributionId };
    this.options = options;
  }

  advance(now: bigint): Promise<Standing> {
    return advanceLoss(this.options, this.facts.contributionId, now);
  }

  async compute(round: number): Promise<PanelResult | undefined> {
    if (!this.told.has(round)) {
      this.options.logger.warn(
        { ...this.facts, round },
        "this verifier is asked about a lost stake: read its text and vote with `openledger verifier vote`",
      );
    }
    this.told.add(round);
    return undefined;
  }

  appealFee(): Promise<bigint> {
    return lossPanelFee(this.options.client, this.options.at);
  }

  appeal(): Promise<SentTransaction> {
    const { client, at, account } = this.options;
    return escalateLoss(client, at, account, this.facts.contributionId);
  }
}
