import type { LocalAccount } from "viem";
import type { Session } from "../../../native/js/index.ts";
import { isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import type { ContentSink } from "../content/source.ts";
import { EpochBook } from "../epoch/book.ts";
import type { PayerState } from "../epoch/credit.ts";
import { epochIdOfRequest, positionOfRequest } from "../epoch/epoch.ts";
import type { KeptVoucher, PrepaidAnswer } from "../epoch/prepaid.ts";
import { epochBoard } from "../verify/board.ts";
import type { SeedRecorder } from "../verify/seed-recorder.ts";
import { EpochDemandDesk } from "./epoch-demands.ts";
import { EpochDesk } from "./epoch-desk.ts";
import { EvidenceDesk } from "./evidence-desk.ts";
import type { HostLimits } from "./host-limits.ts";
import type { ModelShelf } from "./model-shelf.ts";
import { PrepaidDesk, type PrepaidOrder } from "./prepaid-desk.ts";
import type { SpanSources } from "./span-source.ts";

export interface PrepaidHostOptions {
  client: ChainClient;
  at: ProtocolAddresses;
  account: LocalAccount;
  content: ContentSink;
  session: Session;
  /** Of the book. */
  bookFolder: string;
  shelf: ModelShelf;
  spans: SpanSources;
  seeds: SeedRecorder;
  limits: HostLimits;
  /** Questions that the host answers otherwise. */
  others: () => number;
  logger: Logger;
}

/** A host's work for payers with purses: answers, epochs of them, and what is asked about those. */
export class PrepaidHost {
  private readonly options: PrepaidHostOptions;
  private readonly book: EpochBook;
  private readonly desk: PrepaidDesk;
  private readonly epochDesk: EpochDesk;
  private readonly demands: EpochDemandDesk;
  private readonly evidence: EvidenceDesk;

  constructor(options: PrepaidHostOptions) {
    this.options = options;
    const { client, at, account, content, logger } = options;
    this.book = new EpochBook(options.bookFolder);
    this.desk = new PrepaidDesk({ ...options, book: this.book });
    this.epochDesk = new EpochDesk({ ...options, book: this.book });
    const leavesOf = (epochId: bigint) => this.epochDesk.leavesOf(epochId);
    this.demands = new EpochDemandDesk({ client, at, account, logger, leavesOf });
    this.evidence = new EvidenceDesk({
      ...{ client, account, content, logger, board: epochBoard(client, at) },
      answered: (requestId) => this.answered(requestId),
    });
  }

  /** Where its payers' purses are. */
  get chainId(): number {
    return this.options.client.chain.id;
  }

  get epochs(): Address {
    return this.options.at.epochs;
  }

  /** Questions that are being answered. */
  get size(): number {
    return this.desk.size;
  }

  /** Answers that no settled epoch has. */
  get unsettled(): number {
    return this.book.size;
  }

  /** Reads the book. @throws CodedError `BOOK_INVALID`, `PREPAID_INVALID` for a damaged file. */
  open(): Promise<void> {
    return this.book.open();
  }

  /** See {@link PrepaidDesk.ask}. */
  ask(order: PrepaidOrder, signal?: AbortSignal): Promise<PrepaidAnswer> {
    return this.desk.ask(order, signal);
  }

  /** See {@link PrepaidDesk.setLimit}. */
  setLimit(payer: Address, voucher: KeptVoucher): Promise<PayerState> {
    return this.desk.setLimit(payer, voucher);
  }

  /** What a payer signed for its API keys. */
  limitOf(payer: Address): KeptVoucher | undefined {
    return this.desk.limitOf(payer);
  }

  /** What this host has of a payer. */
  stateOf(payer: Address): Promise<PayerState> {
    return this.desk.stateOf(payer);
  }

  /** An answer that this host gave, with its place. */
  kept(id: Hash): ReturnType<PrepaidDesk["kept"]> {
    return this.desk.kept(id);
  }

  /** Answers demands, gives panels evidence, brings epochs forward. What fails is logged and tried again. */
  async round(): Promise<void> {
    const { logger } = this.options;
    const steps: [what: string, step: () => Promise<void>][] = [
      ["demands for leaves could not be read", () => this.demands.answerNew()],
      ["audits of epochs could not be read", () => this.evidence.answerNew()],
      ["epochs could not be closed or settled yet", () => this.epochDesk.round()],
    ];
    for (const [what, step] of steps) {
      await step().catch((error: unknown) => {
        const code = isCodedError(error) ? error.code : undefined;
        logger.warn({ error, code }, what);
      });
    }
  }

  /** An inference of an epoch of this host that is not over, with what was asked. */
  private async answered(requestId: bigint) {
    const leaves = await this.epochDesk.leavesOf(epochIdOfRequest(requestId));
    const inference = leaves?.epoch.inferences[positionOfRequest(requestId)];
    if (inference === undefined) return undefined;
    const { payer, claim } = inference;
    const kept = await this.book.answerTo(payer, claim.requestHash);
    if (kept === undefined) return undefined;
    const { prompt, before, salt, maxTokensOut } = kept.answer;
    return { claim, request: { prompt, before, salt, maxTokensOut } };
  }
}
