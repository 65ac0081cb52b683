import type { Account } from "viem";
import { isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { appealVerdict, caseOf, casesIn, giveEvidence, panelFee } from "../client/audits.ts";
import type { ChainClient } from "../client/chain.ts";
import type { Claim } from "../client/claims.ts";
import { getDispute, panelsIn, windowsOf } from "../client/disputes.ts";
import { LogScan } from "../client/log-scan.ts";
import { verifierOf } from "../client/verifiers.ts";
import type { ContentSink } from "../content/source.ts";
import { AppealDesk } from "../verify/appeals.ts";
import type { ClaimBoard } from "../verify/board.ts";
import { encodeEvidence, type OpenedRequest } from "../verify/evidence.ts";

export interface EvidenceDeskOptions {
  client: ChainClient;
  /** Where the claims stand. */
  board: ClaimBoard;
  account: Account;
  content: ContentSink;
  /** A claim of this host's with what it answered; undefined of any other. */
  answered: (requestId: bigint) => Promise<{ claim: Claim; request: OpenedRequest } | undefined>;
  logger: Logger;
}

/** Wei that the host keeps for its claims' gas: appeals take the rest. */
const KEEP = 10n ** 18n;
/** Blocks in which a case that is still open may have been opened before this host started: two days of them. */
const LOOK_BACK = 86_400n;

/**
 * Gives the panels that are drawn over a host's claims what they need to run them again, sealed to their keys: silence would cost the
 * claim and the stake. Where a small panel finds something else all the same, a larger one is asked.
 */
export class EvidenceDesk {
  private readonly options: EvidenceDeskOptions;
  /** Requests of this host with a case that is not over. */
  private readonly open = new Set<bigint>();
  private readonly appeals: AppealDesk;
  private scan: LogScan | undefined;

  constructor(options: EvidenceDeskOptions) {
    this.options = options;
    const { client, account, logger } = options;
    this.appeals = new AppealDesk({ client, address: account.address, keep: KEEP, logger });
  }

  /** Reads new cases and gives evidence where a panel waits for it; what fails is tried again. */
  async answerNew(): Promise<void> {
    const { client, board, answered, logger } = this.options;
    const head = await client.public.getBlockNumber();
    this.scan ??= new LogScan(client, head > LOOK_BACK ? head - LOOK_BACK : 0n);
    await this.scan.advance(async (from, to) => {
      for (const { requestId } of await casesIn(client, board.at, { from, to })) {
        if ((await answered(requestId)) !== undefined) this.open.add(requestId);
      }
    });
    for (const requestId of [...this.open]) {
      try {
        if (await this.isAnswered(requestId)) this.open.delete(requestId);
      } catch (error) {
        const code = isCodedError(error) ? error.code : undefined;
        logger.warn({ error, code, requestId }, "evidence could not be given yet");
      }
    }
  }

  /** True when no round of the case can come any more. */
  private async isAnswered(requestId: bigint): Promise<boolean> {
    const { client, board, account, content, answered, logger } = this.options;
    const { at } = board;
    if (!(await board.standing(requestId)).isOpen) return true;
    const { disputeId, isUpheld, evidenceRounds } = await caseOf(client, at, requestId);
    if (isUpheld) return true;
    const dispute = await getDispute(client, at, disputeId);
    const { round } = dispute;
    const found = await answered(requestId);
    if (found === undefined) return true;
    const { claim, request } = found;
    const { timestamp } = await client.public.getBlock();
    await this.appeals.consider(this.appealOf(claim), dispute, { value: dispute.claimed }, timestamp);
    if (dispute.status !== "drawn" || evidenceRounds > round) return false;
    if (timestamp > windowsOf(dispute).evidence) return false;
    const panels = await panelsIn(client, at, { from: 0n, disputeId });
    const drawn = panels.findLast((panel) => panel.round === round)?.members ?? [];
    const keys = [];
    for (const { verifier } of drawn) {
      keys.push({ verifier, key: (await verifierOf(client, at, verifier)).key });
    }
    const hash = await content.put(encodeEvidence({ requestId, round }, request, keys));
    const sent = await giveEvidence(client, at, account, claim, hash);
    logger.info(
      { requestId, round, panel: drawn.length, transaction: sent.hash },
      "gave evidence to a panel",
    );
    return false;
  }

  private appealOf(claim: Claim) {
    const { client, board, account } = this.options;
    const { at } = board;
    return {
      facts: { requestId: claim.requestId },
      appealFee: () => panelFee(client, at),
      appeal: () => appealVerdict(client, at, account, claim),
    };
  }
}
