import type { Account } from "viem";
import { isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { type AttributionIndex, readIndex } from "../attribution/build.ts";
import { decodeManifest } from "../attribution/manifest.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { followBlocks } from "../client/follow.ts";
import {
  type CounterExample,
  challengeClaim,
  getRequest,
  type PostedClaim,
  postedClaims,
} from "../client/market.ts";
import { getModel } from "../client/models.ts";
import type { ContentSource } from "../content/source.ts";
import { findCounterExample } from "./check-claim.ts";

export interface WatcherOptions {
  client: ChainClient;
  at: ProtocolAddresses;
  /** Receives the bonds of false claims. */
  account: Account;
  content: ContentSource;
  logger: Logger;
}

/** What became of a claim that was looked at. */
export type Verdict =
  | { kind: "stands" }
  | { kind: "decided" }
  | { kind: "refuted"; counter: CounterExample; bond: bigint; transactionHash: `0x${string}` };

const POLL_MS = 1_000;

/** Checks every posted claim against the committed index and brings a counter-example to the false ones. */
export class Watcher {
  private readonly options: WatcherOptions;
  private readonly done = new Map<string, Verdict>();
  private readonly indexes = new Map<bigint, AttributionIndex>();

  constructor(options: WatcherOptions) {
    this.options = options;
  }

  /** Looks at one posted claim; a false one is challenged. */
  async examine(posted: PostedClaim): Promise<Verdict> {
    const key = `${posted.requestId}:${posted.claimHash}:${posted.transactionHash}`;
    const known = this.done.get(key);
    if (known) return known;
    const verdict = await this.judge(posted);
    this.done.set(key, verdict);
    return verdict;
  }

  /** Looks at the claims of blocks `from`…`to`. */
  async examineBlocks(from: bigint, to: bigint): Promise<void> {
    const { client, at } = this.options;
    let failure: unknown;
    for (const posted of await postedClaims(client, at, { from, to })) {
      // One claim whose evidence is missing must not keep the others from being looked at.
      await this.examine(posted).catch((error: unknown) => {
        failure = error;
      });
    }
    if (failure) throw failure;
  }

  /** Follows the chain until the signal. */
  run(from: bigint, signal: AbortSignal): Promise<void> {
    const { client, logger } = this.options;
    const onError = (error: unknown) => {
      const code = isCodedError(error) ? error.code : undefined;
      logger.warn({ error, code }, "a claim could not be checked yet");
    };
    return followBlocks(client, { from, intervalMs: POLL_MS, signal, onError }, (first, last) =>
      this.examineBlocks(first, last),
    );
  }

  private async judge(posted: PostedClaim): Promise<Verdict> {
    const { client, at, account, logger } = this.options;
    const { requestId, claim } = posted;
    const request = await getRequest(client, at, requestId);
    if (request.status !== "claimed" || request.claimHash !== posted.claimHash) return { kind: "decided" };
    const index = await this.index(posted.modelId);
    const counter = findCounterExample(claim, index);
    if (!counter) {
      logger.debug({ requestId }, "a claim was checked and stands");
      return { kind: "stands" };
    }
    logger.warn(
      { requestId, host: posted.host, ...counter },
      "a claim is false: bringing the counter-example",
    );
    const sent = await challengeClaim(client, at, account, requestId, claim, index, counter);
    logger.info({ requestId, transaction: sent.hash, bond: sent.bond }, "a false claim was refuted");
    return { kind: "refuted", counter, bond: sent.bond, transactionHash: sent.hash };
  }

  private async index(modelId: bigint): Promise<AttributionIndex> {
    const known = this.indexes.get(modelId);
    if (known) return known;
    const { client, at, content } = this.options;
    const model = await getModel(client, at, modelId);
    const manifest = decodeManifest(await content.get(model.manifestHash));
    const index = readIndex(await content.get(manifest.index), model.index);
    this.indexes.set(modelId, index);
    return index;
  }
}
