import { caseOf, causeOf, concludeCase, endSilentCase, openAudit } from "../client/audits.ts";
import type { Claim } from "../client/claims.ts";
import { getDispute, windowsOf } from "../client/disputes.ts";
import { type ClaimBoard, marketBoard } from "./board.ts";
import { advanceDispute, type Standing, type StepOptions, soon, untilSeed } from "./dispute-steps.ts";

/**
 * Takes each step of audits and disputes of claims that anybody may take: opens the audit that a claim is due, draws panels, ends the
 * case of a host that is silent, has rounds counted, acts on verdicts. It keeps nothing from one look to the next.
 */
export class Docket {
  private readonly options: StepOptions;
  private readonly board: ClaimBoard;

  /** @param board where the claims stand; the market unless given. */
  constructor(options: StepOptions, board: ClaimBoard = marketBoard(options.client, options.at)) {
    this.options = { ...options, at: board.at };
    this.board = board;
  }

  /** Brings a posted claim forward by one step. `now` is the chain's time in seconds. */
  async advance(claim: Claim, now: bigint): Promise<Standing> {
    const { client, at, account, seeds, logger } = this.options;
    const { requestId } = claim;
    const { isOpen, seedBlock } = await this.board.standing(requestId);
    if (!isOpen) return { kind: "over" };
    const open = await caseOf(client, at, requestId);
    if (open.isUpheld) return { kind: "clear" };
    if (open.cause !== "none") return this.follow(claim, open, now);
    if (!(await seeds.obtain(seedBlock))) return untilSeed(seeds, seedBlock, now);
    const cause = await causeOf(client, at, claim);
    if (cause === "none") return { kind: "clear" };
    const { hash } = await openAudit(client, at, account, claim);
    logger.info({ requestId, cause, transaction: hash }, "opened the audit that a claim is due");
    return soon(now);
  }

  private async follow(
    claim: Claim,
    { disputeId, evidenceRounds }: { disputeId: bigint; evidenceRounds: number },
    now: bigint,
  ): Promise<Standing> {
    const { client, at, account, logger } = this.options;
    const { requestId } = claim;
    const dispute = await getDispute(client, at, disputeId);
    if (dispute.status === "drawn" && evidenceRounds <= dispute.round) {
      const { evidence } = windowsOf(dispute);
      if (now <= evidence) return { kind: "later", due: evidence + 1n };
      const { hash } = await endSilentCase(client, at, account, claim);
      logger.info({ requestId, disputeId, transaction: hash }, "a claim ended: its host gave no evidence");
      return { kind: "over" };
    }
    const standing = await advanceDispute(this.options, disputeId, dispute, now);
    if (standing !== "final") return standing;
    const { hash } = await concludeCase(client, at, account, claim);
    logger.info({ requestId, disputeId, transaction: hash }, "acted on the verdict of a panel");
    return soon(now);
  }
}
