import { type PostedClaim, settleClaims } from "../client/claims.ts";
import { demandOf, demandQuery, endSilent, publishedQuery } from "../client/demands.ts";
import { collectReward, getRequest, rewardOf } from "../client/market.ts";
import { getModel } from "../client/models.ts";
import type { ClaimLies } from "./claim-lies.ts";
import { BLOCK_SECONDS, type JudgeOptions, NEVER, type Verdict, verdictOf } from "./verdict.ts";

/** Judges one posted claim and acts on it; it keeps nothing from one to the next. */
export class ClaimJudge {
  private readonly options: JudgeOptions;
  private readonly lies: ClaimLies;

  constructor(options: JudgeOptions, lies: ClaimLies) {
    this.options = options;
    this.lies = lies;
  }

  /** A false one is challenged, a withheld query is demanded. */
  async claim(posted: PostedClaim, now: bigint): Promise<Verdict> {
    const { client, at, account, logger } = this.options;
    const { requestId, claim } = posted;
    const request = await getRequest(client, at, requestId);
    if (request.status !== "claimed" || request.claimHash !== posted.claimHash) return { kind: "decided" };
    const query = posted.query === "0x" ? await publishedQuery(client, at, requestId) : posted.query;
    if (query === undefined) return this.withheld(posted, now);
    const model = await getModel(client, at, posted.modelId);
    const lie = await this.lies.find(model, { claim, query });
    if (lie === undefined) {
      logger.debug({ requestId }, "a claim was checked and stands");
      return { kind: "stands" };
    }
    logger.warn(
      { requestId, host: posted.host, ...lie.counter },
      "a claim is false: bringing the counter-example",
    );
    const sent = await lie.refute(account, at.challenges, `claim ${posted.claimHash}`);
    logger.info({ requestId, transaction: sent.hash }, "a false claim was refuted");
    return { kind: "refuted", reason: lie.counter.kind, transactionHash: sent.hash };
  }

  /** The host did not publish the query sketch: it is demanded once, and silence ends the claim. */
  private async withheld({ requestId, claim }: PostedClaim, now: bigint): Promise<Verdict> {
    const { client, at, account, logger } = this.options;
    const open = await demandOf(client, at, requestId);
    if (open.kind === "query" && now > open.deadline) {
      const sent = await endSilent(client, at, account, claim);
      logger.info({ requestId, transaction: sent.hash }, "a claim ended: its query sketch was withheld");
      return { kind: "refuted", reason: "silence", transactionHash: sent.hash };
    }
    // One demand at a time: while the payer waits for its answer, the claim's window is kept open.
    if (open.kind === "none") await demandQuery(client, at, account, claim);
    const { deadline } = await getRequest(client, at, requestId);
    return { kind: "later", due: now + BLOCK_SECONDS, deadline };
  }

  /** The reward of a refutation that this watcher brought. */
  async collect(requestId: bigint, now: bigint): Promise<Verdict> {
    const { client, at, account, logger } = this.options;
    const { challenger, finalBlock, reward } = await rewardOf(client, at, requestId);
    if (reward === 0n || challenger !== account.address.toLowerCase()) return { kind: "decided" };
    if ((await client.public.getBlockNumber()) <= finalBlock) {
      return { kind: "later", due: now + BLOCK_SECONDS, deadline: NEVER };
    }
    await collectReward(client, at, account, requestId);
    logger.info({ requestId, reward }, "drew what a refuted host lost");
    return { kind: "decided" };
  }

  /** Whatever audits and disputes of a claim anybody may bring forward. */
  async audit({ claim }: PostedClaim, now: bigint): Promise<Verdict> {
    return verdictOf(await this.options.docket.advance(claim, now));
  }

  /** Pays out a claim that was checked and that its host left lying after its window. */
  async settle(posted: PostedClaim, now: bigint): Promise<Verdict> {
    const { client, at, account } = this.options;
    const request = await getRequest(client, at, posted.requestId);
    if (request.status !== "claimed" || request.claimHash !== posted.claimHash) return { kind: "decided" };
    if (now <= request.deadline) return { kind: "later", due: request.deadline + 1n, deadline: NEVER };
    const standing = await this.audit(posted, now);
    if (standing.kind !== "stands") return standing;
    await settleClaims(client, at, account, [posted.claim]);
    return { kind: "decided" };
  }
}
