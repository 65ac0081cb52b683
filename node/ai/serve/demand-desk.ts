import type { Account } from "viem";
import { isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import {
  type Demand,
  type DemandEvent,
  deliverAnswer,
  demandOf,
  demandsIn,
  publishQuery,
} from "../client/demands.ts";
import { LogScan } from "../client/log-scan.ts";
import { hexOfBytes } from "../codec/hash.ts";
import { seal } from "../codec/sealed.ts";
import type { ReceiptFiles } from "./receipt-files.ts";

export interface DemandDeskOptions {
  client: ChainClient;
  at: ProtocolAddresses;
  account: Account;
  files: ReceiptFiles;
  logger: Logger;
}

/** Blocks in which a demand that is still open may have been made before this host started: two days of them. */
const LOOK_BACK = 86_400n;

/**
 * Answers the demands to a host's claims before their time is over: the query sketch to anybody, the answer to its payer, sealed for the
 * key that the payer gave. Silence would cost the stake or the bond.
 */
export class DemandDesk {
  private readonly options: DemandDeskOptions;
  private readonly open = new Map<bigint, DemandEvent>();
  private scan: LogScan | undefined;

  constructor(options: DemandDeskOptions) {
    this.options = options;
  }

  /** Reads new demands and answers those to this host's claims; one that fails is tried again. */
  async answerNew(): Promise<void> {
    const { client, at } = this.options;
    const head = await client.public.getBlockNumber();
    this.scan ??= new LogScan(client, head > LOOK_BACK ? head - LOOK_BACK : 0n);
    await this.scan.advance(async (from, to) => {
      for (const demand of await demandsIn(client, at, { from, to })) this.open.set(demand.requestId, demand);
    });
    for (const demand of [...this.open.values()]) {
      if (await this.tryAnswer(demand)) this.open.delete(demand.requestId);
    }
  }

  private async tryAnswer(demand: DemandEvent): Promise<boolean> {
    const { client, at, logger } = this.options;
    const { requestId } = demand;
    try {
      const { timestamp } = await client.public.getBlock();
      const { kind } = await demandOf(client, at, requestId);
      if (timestamp > demand.deadline || kind !== demand.kind) return true;
      return await this.answer(demand, kind);
    } catch (error) {
      const code = isCodedError(error) ? error.code : undefined;
      logger.warn({ error, code, requestId }, "a demand could not be answered yet");
      // A key that is none can't be sealed for, however often it is tried.
      return code === "SEAL_INVALID";
    }
  }

  private async answer({ requestId, publicKey }: DemandEvent, kind: Demand["kind"]): Promise<boolean> {
    const { client, at, account, files, logger } = this.options;
    const kept = await files.read(requestId);
    // Another host's.
    if (kept === undefined) return true;
    const { claim, query, answer } = kept.receipt;
    const sent =
      kind === "query"
        ? await publishQuery(client, at, account, { claim, query })
        : await deliverAnswer(
            client,
            at,
            account,
            claim,
            hexOfBytes(seal(new TextEncoder().encode(answer), publicKey)),
          );
    logger.info({ requestId, kind, transaction: sent.hash }, "answered a demand");
    return true;
  }
}
