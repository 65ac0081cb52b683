import type { Account } from "viem";
import type { Logger } from "../../base/logger.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { settleClaims } from "../client/claims.ts";
import { getRequest, type MarketRequest, settlementOf } from "../client/market.ts";
import { type Receipt, withSettlement } from "../receipt/receipt.ts";
import type { Docket } from "../verify/docket.ts";
import type { ReceiptFiles } from "./receipt-files.ts";

export interface SettlementOptions {
  client: ChainClient;
  at: ProtocolAddresses;
  account: Account;
  files: ReceiptFiles;
  /** Brings audits of the claims forward. */
  docket: Docket;
  /** Posts a claim that the chain does not have yet, or completes a receipt whose claim it has. */
  ensureClaimed: (request: MarketRequest, receipt: Receipt) => Promise<Receipt>;
  onSettled: (receipt: Receipt) => Promise<void>;
  logger: Logger;
}

/** Claims that one transaction settles. */
const BATCH = 8;
/** Seconds after which a claim in an unsafe block is looked at again. */
const UNSAFE_S = 12n;
/** Seconds after which a claim that could not be moved is looked at again. */
const RETRY_S = 4n;

/**
 * The claims of a host that wait for their settlement. A claim is looked at when its window is over, not before; those that are due
 * together are settled together.
 */
export class Settlements {
  private readonly options: SettlementOptions;
  /** By request: the second, on the chain's clock, from which it is worth a look. */
  private readonly due = new Map<bigint, bigint>();

  constructor(options: SettlementOptions) {
    this.options = options;
  }

  get size(): number {
    return this.due.size;
  }

  ids(): bigint[] {
    return [...this.due.keys()];
  }

  /** A claim of this host waits, or may wait, for its settlement. */
  add(requestId: bigint): void {
    this.due.set(requestId, 0n);
  }

  /**
   * Brings every claim that is due forward; `busy` ones are left for later.
   * @returns the requests that it settled or found decided.
   * @throws the last failure, if nothing could be moved.
   */
  async settleDue(busy: (requestId: bigint) => boolean): Promise<bigint[]> {
    const now = (await this.options.client.public.getBlock()).timestamp;
    const ready: Receipt[] = [];
    const done: bigint[] = [];
    let failure: unknown;
    for (const [requestId, from] of [...this.due]) {
      if (now < from || busy(requestId)) continue;
      // One claim that can't be moved must not hold up the others.
      this.due.set(requestId, now + RETRY_S);
      try {
        const step = await this.advance(requestId, now);
        if (step === "decided") done.push(requestId);
        else if (step) ready.push(step);
      } catch (error) {
        failure = error;
      }
    }
    for (let start = 0; start < ready.length; start += BATCH) {
      const settled = await this.settle(ready.slice(start, start + BATCH)).catch((error: unknown) => {
        failure = error;
        return [];
      });
      done.push(...settled);
    }
    if (failure !== undefined && done.length === 0) throw failure;
    return done;
  }

  /** A receipt whose claim can be settled now, "decided" where nothing is left to do, or undefined: later. */
  private async advance(requestId: bigint, now: bigint): Promise<Receipt | "decided" | undefined> {
    const { client, at, files, ensureClaimed, logger } = this.options;
    const request = await getRequest(client, at, requestId);
    const kept = await files.read(requestId);
    if (kept === undefined) return this.forget(requestId);
    if (request.status === "cancelled") {
      logger.warn({ requestId }, "the payer took the escrow back before the claim was posted");
      return this.forget(requestId);
    }
    const receipt = await ensureClaimed(request, kept.receipt);
    if (request.status === "requested") return undefined;
    if (request.status === "refuted") {
      logger.error({ requestId }, "a claim of this host was refuted");
      return this.forget(requestId);
    }
    if (request.status === "settled") {
      await this.keep(receipt);
      return "decided";
    }
    const standing =
      now > request.deadline
        ? await this.options.docket.advance(receipt.claim, now)
        : ({ kind: "later", due: await this.nextLook(receipt, request.deadline, now) } as const);
    if (standing.kind === "clear") return receipt;
    if (standing.kind === "later") this.due.set(requestId, standing.due);
    return undefined;
  }

  /** Until L1 has the claim's block, a reorganisation may take it out; the answer is given by then. */
  private async nextLook(
    { claimTransaction: hash }: Receipt,
    deadline: bigint,
    now: bigint,
  ): Promise<bigint> {
    const { client } = this.options;
    const { blockNumber } = await client.public.getTransactionReceipt({ hash });
    const safe = await client.public.getBlock({ blockTag: "safe" });
    const again = now + UNSAFE_S;
    return blockNumber <= safe.number || again > deadline ? deadline + 1n : again;
  }

  private async settle(receipts: readonly Receipt[]): Promise<bigint[]> {
    const { client, at, account } = this.options;
    const claims = receipts.map(({ claim }) => claim);
    try {
      await settleClaims(client, at, account, claims);
    } catch (error) {
      if (receipts.length === 1) throw error;
      // Somebody else may have settled one of them meanwhile.
      for (const claim of claims) await settleClaims(client, at, account, [claim]).catch(() => undefined);
    }
    const settled: bigint[] = [];
    for (const receipt of receipts) if (await this.keep(receipt)) settled.push(receipt.request.requestId);
    return settled;
  }

  private async keep(receipt: Receipt): Promise<boolean> {
    const { client, at, files, logger, onSettled } = this.options;
    const { requestId } = receipt.request;
    const settlement = await settlementOf(client, at, requestId);
    if (!settlement) return false;
    const settled = withSettlement(receipt, settlement);
    const published = (await files.read(requestId))?.published ?? false;
    await files.write({ receipt: settled, published });
    if (published) await onSettled(settled);
    this.due.delete(requestId);
    const { fee, transactionHash: transaction } = settlement;
    logger.info({ requestId, fee, transaction }, "settled an inference");
    return true;
  }

  private forget(requestId: bigint): "decided" {
    this.due.delete(requestId);
    return "decided";
  }
}
