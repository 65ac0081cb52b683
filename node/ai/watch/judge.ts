import type { LocalAccount } from "viem";
import { bytesToHex } from "../../base/bytes.ts";
import { randomBytes } from "../../base/clock.ts";
import { isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { type CounterExample, challengeClaim } from "../client/challenges.ts";
import { type PostedClaim, settleClaims } from "../client/claims.ts";
import { demandOf, demandQuery, endSilent, publishedQuery } from "../client/demands.ts";
import { collectReward, getRequest, rewardOf } from "../client/market.ts";
import { getModel, type RegisteredModel } from "../client/models.ts";
import {
  answerRecord,
  challengeRecord,
  demandedRows,
  demandRecord,
  failSilent,
  recordDemandOf,
} from "../client/registration.ts";
import type { ContentSource } from "../content/source.ts";
import { findCounterExample } from "./check-claim.ts";
import { findFault } from "./check-model.ts";
import type { IndexCache, LoadedIndex } from "./indexes.ts";

export interface JudgeOptions {
  client: ChainClient;
  at: ProtocolAddresses;
  /** Receives what liars lose. */
  account: LocalAccount;
  content: ContentSource;
  indexes: IndexCache;
  logger: Logger;
}

/** What became of something that was looked at. */
export type Verdict =
  | { kind: "stands"; detail?: string }
  /** It was settled, refuted or failed before. */
  | { kind: "decided" }
  | { kind: "refuted"; reason: CounterExample["kind"] | "silence" | "record"; transactionHash: Hash }
  /** Nothing can be said before that second; it can be judged until `deadline`. */
  | { kind: "later"; due: bigint; deadline: bigint };

/** Blocks for which a refutation's reward can still go to somebody who announced earlier. */
const BLOCK_SECONDS = 2n;

/** Judges one claim or one registration and acts on it; it keeps nothing from one to the next. */
export class Judge {
  private readonly options: JudgeOptions;

  constructor(options: JudgeOptions) {
    this.options = options;
  }

  /** A posted claim: a false one is challenged, a withheld query is demanded. */
  async claim(posted: PostedClaim, now: bigint): Promise<Verdict> {
    const { client, at, account, indexes, logger } = this.options;
    const { requestId, claim } = posted;
    const request = await getRequest(client, at, requestId);
    if (request.status !== "claimed" || request.claimHash !== posted.claimHash) return { kind: "decided" };
    const query = posted.query === "0x" ? await publishedQuery(client, at, requestId) : posted.query;
    if (query === undefined) return this.withheld(posted, now);
    const { index } = await indexes.get(await getModel(client, at, posted.modelId));
    const counter = await findCounterExample({ claim, query }, index);
    if (!counter) {
      logger.debug({ requestId }, "a claim was checked and stands");
      return { kind: "stands" };
    }
    logger.warn(
      { requestId, host: posted.host, ...counter },
      "a claim is false: bringing the counter-example",
    );
    const sent = await challengeClaim(client, at, account, { claim, query }, index, counter, newSalt());
    logger.info({ requestId, transaction: sent.hash }, "a false claim was refuted");
    return { kind: "refuted", reason: counter.kind, transactionHash: sent.hash };
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

  /** A registration: a record that is not its row's is shown, an index that nobody can open is demanded. */
  async model(modelId: bigint, now: bigint): Promise<Verdict> {
    const { client, at, account, content, logger } = this.options;
    const model = await getModel(client, at, modelId);
    if (model.status !== "registered" || now > model.pendingUntil) return { kind: "decided" };
    const loaded = await this.indexOf(model);
    if (loaded === undefined) return this.unopened(model, now);
    const fault = await findFault(client, at, content, model, loaded);
    if (fault === undefined) return { kind: "stands" };
    logger.warn({ modelId, ...fault }, "a registered index is not what the snapshots say");
    if (!fault.provable) return { kind: "stands", detail: fault.detail };
    const { index } = loaded;
    const sent = await challengeRecord(client, at, account, modelId, index, fault.rowId, newSalt());
    logger.info({ modelId, transaction: sent.hash }, "a false registration was refuted");
    return { kind: "refuted", reason: "record", transactionHash: sent.hash };
  }

  /** The index as its root commits it; undefined if what the manifest leads to is not that. */
  private async indexOf(model: RegisteredModel): Promise<LoadedIndex | undefined> {
    try {
      return await this.options.indexes.get(model);
    } catch (error) {
      const isMissing = [
        "CONTENT_NOT_FOUND",
        "INDEX_MISMATCH",
        "MANIFEST_INVALID",
        "JSON_NOT_CANONICAL",
      ].some((code) => isCodedError(error, code));
      if (!isMissing) throw error;
      return undefined;
    }
  }

  /** Nobody can look into the index: its owner has to show one record, or the registration fails. */
  private async unopened(model: RegisteredModel, now: bigint): Promise<Verdict> {
    const { client, at, account, logger } = this.options;
    const { modelId } = model;
    const later = async (): Promise<Verdict> => {
      const { pendingUntil } = await getModel(client, at, modelId);
      return { kind: "later", due: now + BLOCK_SECONDS, deadline: pendingUntil };
    };
    const demanded = await demandedRows(client, at, modelId);
    for (const rowId of demanded) {
      const { deadline } = await recordDemandOf(client, at, modelId, rowId);
      if (deadline === 0n) continue;
      if (now <= deadline) return later();
      const sent = await failSilent(client, at, account, modelId, rowId);
      logger.info({ modelId, transaction: sent.hash }, "a registration failed: its records were withheld");
      return { kind: "refuted", reason: "silence", transactionHash: sent.hash };
    }
    // An owner that answers one demand may answer all: each costs the deposit, so one has to do.
    if (demanded.length === 0) {
      const [high, low] = randomBytes(2);
      await demandRecord(client, at, account, modelId, (256 * high! + low!) % model.index.rows);
    }
    return later();
  }

  /** A record that somebody demanded of a pending model: whoever holds the index may show it, and earns the deposit. */
  async answer(modelId: bigint, rowId: number): Promise<Verdict> {
    const { client, at, account, indexes, logger } = this.options;
    const { deadline } = await recordDemandOf(client, at, modelId, rowId);
    if (deadline === 0n) return { kind: "decided" };
    const { index } = await indexes.get(await getModel(client, at, modelId));
    const sent = await answerRecord(client, at, account, modelId, index, rowId);
    logger.info({ modelId, rowId, transaction: sent.hash }, "showed a demanded record");
    return { kind: "decided" };
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

  /** Pays out a claim that was checked and that its host left lying after its window. */
  async settle(posted: PostedClaim, now: bigint): Promise<Verdict> {
    const { client, at, account } = this.options;
    const request = await getRequest(client, at, posted.requestId);
    if (request.status !== "claimed" || request.claimHash !== posted.claimHash) return { kind: "decided" };
    if (now <= request.deadline) return { kind: "later", due: request.deadline + 1n, deadline: NEVER };
    await settleClaims(client, at, account, [posted.claim]);
    return { kind: "decided" };
  }
}

/** A deadline for what can be done at any time. */
export const NEVER = (1n << 63n) - 1n;

function newSalt(): Hash {
  return bytesToHex(randomBytes(32));
}
