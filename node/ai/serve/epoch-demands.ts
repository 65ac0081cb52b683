import type { Account } from "viem";
import { isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { Address } from "../../chain/types/primitives.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import {
  answerLeaf,
  answerPayout,
  type LeafDemandEvent,
  leafDemandOf,
  leafDemandsIn,
} from "../client/epoch-demands.ts";
import { LogScan } from "../client/log-scan.ts";
import { hostOfEpoch } from "../epoch/epoch.ts";
import { shownLeaf, shownPayout } from "../epoch/shown.ts";
import type { ComposedEpoch } from "./epoch-composer.ts";

export interface EpochDemandsOptions {
  client: ChainClient;
  at: ProtocolAddresses;
  account: Account;
  leavesOf: (epochId: bigint) => Promise<ComposedEpoch | undefined>;
  logger: Logger;
}

/** Blocks in which a demand that is still open may have been made before this host started: two days of them. */
const LOOK_BACK = 86_400n;

/** Shows the leaves of a host's epochs that somebody demands: silence would cost the epoch. */
export class EpochDemandDesk {
  private readonly options: EpochDemandsOptions;
  private readonly open = new Map<string, LeafDemandEvent>();
  private scan: LogScan | undefined;

  constructor(options: EpochDemandsOptions) {
    this.options = options;
  }

  /** Reads new demands and answers those to this host's epochs; one that fails is tried again. */
  async answerNew(): Promise<void> {
    const { client, at, account } = this.options;
    const me = account.address.toLowerCase() as Address;
    const head = await client.public.getBlockNumber();
    this.scan ??= new LogScan(client, head > LOOK_BACK ? head - LOOK_BACK : 0n);
    await this.scan.advance(async (from, to) => {
      for (const demand of await leafDemandsIn(client, at, { from, to }))
        if (hostOfEpoch(demand.epochId) === me) this.open.set(keyOf(demand), demand);
    });
    for (const [key, demand] of [...this.open]) if (await this.tryAnswer(demand)) this.open.delete(key);
  }

  /** True when nothing is left to answer. */
  private async tryAnswer(demand: LeafDemandEvent): Promise<boolean> {
    const { client, at, logger } = this.options;
    const { epochId, isPayout, position } = demand;
    try {
      const { timestamp } = await client.public.getBlock();
      const { isAnswered } = await leafDemandOf(client, at, epochId, isPayout, position);
      if (isAnswered || timestamp > demand.deadline) return true;
      return await this.answer(demand);
    } catch (error) {
      const code = isCodedError(error) ? error.code : undefined;
      logger.warn({ error, code, epochId, isPayout, position }, "a leaf could not be shown yet");
      return false;
    }
  }

  private async answer({ epochId, isPayout, position }: LeafDemandEvent): Promise<boolean> {
    const { client, at, account, leavesOf, logger } = this.options;
    const leaves = await leavesOf(epochId);
    // Settled or refuted meanwhile.
    if (leaves === undefined) return true;
    const { epoch, inferences } = leaves;
    const sent = isPayout
      ? await answerPayout(client, at, account, epochId, shownPayout(epoch, position))
      : await answerLeaf(
          client,
          at,
          account,
          epochId,
          shownLeaf(epoch, position),
          inferences[position]!.query,
        );
    logger.info({ epochId, isPayout, position, transaction: sent.hash }, "showed a leaf that was demanded");
    return true;
  }
}

function keyOf({ epochId, isPayout, position }: LeafDemandEvent): string {
  return `${epochId} ${isPayout} ${position}`;
}
