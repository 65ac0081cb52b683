import type { LocalAccount } from "viem";
import type { Session } from "../../../native/js/index.ts";
import { sleep } from "../../base/clock.ts";
import { type CodedError, isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { IndexFiles } from "../attribution/index-files.ts";
import { type ChainClient, type ProtocolAddresses, senderOf } from "../client/chain.ts";
import { hashOfClaim, postClaim, postedClaims } from "../client/claims.ts";
import { getRequest, type MarketRequest } from "../client/market.ts";
import { GREEDY, hashOfRequest } from "../client/request-hash.ts";
import { keccakOf } from "../codec/hash.ts";
import type { ContentSink, ContentSource } from "../content/source.ts";
import type { RowMessage } from "../datanet/rows.ts";
import { aiError } from "../errors.ts";
import type { HostQueue } from "../metrics.ts";
import type { SharedBases } from "../model/shared-bases.ts";
import { encodeReceipt, makeReceipt, type Receipt } from "../receipt/receipt.ts";
import { marketBoard } from "../verify/board.ts";
import { Docket } from "../verify/docket.ts";
import { type L1Headers, SeedRecorder } from "../verify/seed-recorder.ts";
import { requireClaimable, trueClaim } from "./claim-with-cover.ts";
import { contributorsOf } from "./contributors.ts";
import { DemandDesk } from "./demand-desk.ts";
import { EvidenceDesk } from "./evidence-desk.ts";
import {
  DEFAULT_HOST_LIMITS,
  type HostLimits,
  hostBusy,
  requireClaimRoom,
  requireWithin,
} from "./host-limits.ts";
import { checkedPrompt, howComputed, runInference, type ServedModel } from "./inference.ts";
import { ModelShelf } from "./model-shelf.ts";
import { PrepaidHost } from "./prepaid-host.ts";
import { type KeptReceipt, ReceiptFiles } from "./receipt-files.ts";
import { Settlements } from "./settlement.ts";
import { readsRows, SpanSources, shownSpans } from "./span-source.ts";

export interface HostOptions {
  client: ChainClient;
  at: ProtocolAddresses;
  account: LocalAccount;
  content: ContentSource & ContentSink;
  session: Session;
  /** Of the receipts; claims that wait for settlement are among them. */
  folder: string;
  /** Of the book of answers that purses pay for. */
  bookFolder: string;
  /** Proved claims carry records and paths; optimistic ones do not. */
  proved: boolean;
  limits?: HostLimits;
  /** Of L1, for draws whose block was missed; absent: such draws wait for somebody else. */
  l1Headers?: L1Headers;
  /** Bases that others on this machine have in memory too. */
  bases?: SharedBases;
  /** Where the files of indexes are kept. */
  indexes?: IndexFiles;
  logger: Logger;
}

/** A question with what opens the request's hash: who has both is the payer or has them of it. */
export interface Question {
  requestId: bigint;
  prompt: string;
  /** The conversation before the prompt. */
  before?: readonly RowMessage[] | undefined;
  salt: Hash;
}

/** All that is asked, as one text; no conversation before is the same as none. */
function conversationOf({ prompt, before = [] }: Pick<Question, "prompt" | "before">): string {
  return JSON.stringify([...before.map(({ role, content }) => [role, content]), prompt.trim()]);
}

/** Stands for the transaction of a claim that is not on the chain yet. */
const NOT_POSTED: Hash = `0x${"00".repeat(32)}`;
const REQUEST_WAIT_MS = 20_000;
const POLL_MS = 500;

/** Answers paid requests: generates, attributes, signs, claims, settles after the window, keeps receipts. */
export class Host {
  private readonly options: HostOptions;
  private readonly limits: HostLimits;
  private readonly shelf: ModelShelf;
  private readonly spans: SpanSources;
  private readonly files: ReceiptFiles;
  private readonly settlements: Settlements;
  private readonly demands: DemandDesk;
  private readonly evidence: EvidenceDesk;
  /** Answers that purses pay for, and their epochs. */
  readonly prepaid: PrepaidHost;
  /** By request, prompt and salt: a stranger's wrong prompt shares nothing with the payer's. */
  private readonly running = new Map<string, { requestId: bigint; answer: Promise<Receipt> }>();
  /** Answers whose claims are not among the settlements yet. */
  private making = 0;

  constructor(options: HostOptions) {
    this.options = options;
    this.limits = options.limits ?? DEFAULT_HOST_LIMITS;
    const { client, at, account, content, l1Headers: headers, logger } = options;
    this.files = new ReceiptFiles(options.folder);
    this.shelf = new ModelShelf({
      ...{ client, at, content },
      maxBytes: this.limits.maxModelBytes,
      allowed: this.limits.models,
      bases: options.bases,
      indexes: options.indexes,
    });
    this.spans = new SpanSources({ client, at, content });
    this.demands = new DemandDesk({ client, at, account, files: this.files, logger });
    this.evidence = new EvidenceDesk({
      ...{ client, account, content, logger, board: marketBoard(client, at) },
      answered: (requestId) => this.answered(requestId),
    });
    const seeds = new SeedRecorder({ client, at, send: senderOf(client, account), headers, logger });
    this.prepaid = new PrepaidHost({
      ...{ ...options, limits: this.limits, seeds, shelf: this.shelf, spans: this.spans },
      others: () => this.running.size,
    });
    this.settlements = new Settlements({
      ...{ client, at, account, logger },
      docket: new Docket({ client, at, account, seeds, logger }),
      files: this.files,
      ensureClaimed: (request, receipt) => this.ensureClaimed(request, receipt),
      onSettled: (receipt) => this.store(receipt),
    });
  }

  get address(): Address {
    return this.options.account.address.toLowerCase() as Address;
  }

  /** What it has to do right now. */
  queue(): HostQueue {
    const answering = this.running.size + this.prepaid.size;
    return { answering, unsettled: this.settlements.size + this.prepaid.unsettled };
  }

  /** Reads which claims of an earlier run wait for their settlement. */
  async open(): Promise<void> {
    await this.prepaid.open();
    for (const requestId of await this.files.open()) {
      const kept = await this.files.read(requestId);
      if (kept && !kept.receipt.settlement) this.settlements.add(requestId);
    }
  }

  /**
   * Answers a request on chain that is of this prompt and salt. Asked again, it gives the same receipt.
   * @throws CodedError `HOST_BUSY`, `REQUEST_UNKNOWN`, `REQUEST_NOT_MINE`, `REQUEST_CLOSED`, `PROMPT_MISMATCH`,
   * `CONTEXT_LENGTH_EXCEEDED`, `REQUEST_NOT_TAKEN`, `MODEL_NOT_ALLOWED`, `MODEL_TOO_LARGE`, of a model that commits spans what reading its
   * rows throws, all of it before the work; and what claiming throws.
   */
  ask(question: Question, signal?: AbortSignal): Promise<Receipt> {
    const { requestId, salt } = question;
    const key = `${requestId}:${salt}:${keccakOf(new TextEncoder().encode(conversationOf(question)))}`;
    const running = this.running.get(key);
    if (running) return running.answer;
    const waiting = this.running.size + this.prepaid.size;
    if (waiting >= this.limits.maxQueue) return Promise.reject(hostBusy(this.limits.maxQueue));
    const deadline = AbortSignal.timeout(this.limits.answerMs);
    const until = signal ? AbortSignal.any([signal, deadline]) : deadline;
    const answer = this.answer(question, until).finally(() => this.running.delete(key));
    this.running.set(key, { requestId, answer });
    return answer;
  }

  /** The receipt of a request that this host answered, and whether everybody may read it. */
  receipt(requestId: bigint): Promise<KeptReceipt | undefined> {
    return this.files.read(requestId);
  }

  /** Lets everybody read a receipt, and puts it into the content store once it is settled. The payer's choice. */
  async publish(requestId: bigint): Promise<void> {
    const kept = await this.files.read(requestId);
    if (kept === undefined) return;
    await this.files.write({ ...kept, published: true });
    if (kept.receipt.settlement) await this.store(kept.receipt);
  }

  /** The model of that id, in memory. */
  model(modelId: bigint): Promise<ServedModel> {
    return this.shelf.model(modelId);
  }

  /** Posts claims that the chain does not have, settles those whose window is over; gives the requests that are decided. */
  settleDue(): Promise<bigint[]> {
    const busy = new Set([...this.running.values()].map(({ requestId }) => requestId));
    return this.settlements.settleDue((requestId) => busy.has(requestId));
  }

  /** Answers the demands to its claims that are open, and gives the panels over them their evidence. */
  async answerDemands(): Promise<void> {
    await this.demands.answerNew();
    await this.evidence.answerNew();
  }

  /** Answers demands and settles in the background until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.answerDemands().catch((error: unknown) => {
        this.options.logger.warn({ error }, "demands could not be read");
      });
      await this.settleDue().catch((error: unknown) => {
        const code = isCodedError(error) ? error.code : undefined;
        this.options.logger.warn({ error, code }, "a claim could not be settled yet");
      });
      await this.prepaid.round();
      await sleep(POLL_MS, signal).catch(() => undefined);
    }
  }

  private async answered(requestId: bigint) {
    const receipt = (await this.files.read(requestId))?.receipt;
    if (receipt === undefined) return undefined;
    const { claim, prompt, before, salt } = receipt;
    return { claim, request: { prompt, before, salt } };
  }

  private async answer(question: Question, signal: AbortSignal): Promise<Receipt> {
    const { requestId, salt, before } = question;
    const prompt = question.prompt.trim();
    const request = await this.awaitRequest(requestId, signal);
    const earlier = (await this.files.read(requestId))?.receipt;
    if (earlier) {
      const isSame = conversationOf(earlier) === conversationOf(question) && earlier.salt === salt;
      if (!isSame) throw promptMismatch(requestId);
      return this.ensureClaimed(request, earlier);
    }
    if (request.status !== "requested") {
      throw aiError("REQUEST_CLOSED", {
        message: `request ${requestId} is ${request.status}, so it cannot be answered`,
        fix: "make a new request",
        facts: { requestId, status: request.status },
      });
    }
    requireWithin(request, this.limits, this.openClaims);
    const model = await this.model(request.modelId);
    const promptIds = await checkedPrompt(model.base, { prompt, before });
    const { adapterHash } = model.registered;
    const { maxTokensIn, maxTokensOut } = request;
    const terms = { salt, promptIds, adapterHash, sampling: GREEDY, maxTokensIn, maxTokensOut };
    if (hashOfRequest(terms) !== request.requestHash) throw promptMismatch(requestId);
    if (promptIds.length > maxTokensIn) {
      throw aiError("ESCROW_TOO_SMALL", {
        message: `the prompt has ${promptIds.length} tokens, but the request pays for ${maxTokensIn}`,
        fix: "make a request for more prompt tokens",
        facts: { tokens: promptIds.length, paid: maxTokensIn },
      });
    }
    requireClaimable(request, model);
    if (readsRows(model)) await this.spans.of(model);
    const draft = await this.kept(request, () =>
      this.draft(request, model, { prompt, before, salt }, signal),
    );
    return this.ensureClaimed(request, draft);
  }

  /** Claims that are open, and those that are being made. */
  private get openClaims(): number {
    return this.settlements.size + this.making;
  }

  /** A receipt that is made and kept before its claim is posted: after a crash in between, the claim is still found and settled. */
  private async kept({ requestId }: MarketRequest, make: () => Promise<Receipt>): Promise<Receipt> {
    requireClaimRoom(this.limits, this.openClaims);
    this.making++;
    try {
      const receipt = await make();
      await this.files.write({ receipt, published: false });
      this.settlements.add(requestId);
      return receipt;
    } finally {
      this.making--;
    }
  }

  /** Runs the inference and puts the receipt together, signed, its claim not yet posted. */
  private async draft(
    request: MarketRequest,
    model: ServedModel,
    { prompt, before, salt }: Omit<Question, "requestId">,
    signal: AbortSignal,
  ): Promise<Receipt> {
    const { client, at, account, session, proved, logger } = this.options;
    const asked = { prompt, before };
    const inference = await runInference(session, model, asked, request.maxTokensOut, {
      rows: async () => (await this.spans.of(model)).context,
      signal,
    });
    const claimed = await trueClaim(inference, request, model.index, () => this.spans.of(model));
    const { claim, query, context } = claimed;
    const claimHash = hashOfClaim(client.chain.id, at.market, claim);
    const contributors = await contributorsOf(client, at, claim);
    return makeReceipt({
      chainId: client.chain.id,
      market: at.market,
      ...{ request, salt, prompt, before, claim, query, contributors, proved, claimHash },
      model: model.registered,
      sampling: GREEDY,
      computed: howComputed(model),
      answer: inference.answer,
      outputIds: inference.outputIds,
      layers: {
        verbatim: await shownSpans(this.spans, model, inference, logger),
        context,
        discount: inference.discount,
      },
      hostSignature: await account.signMessage({ message: { raw: claimHash } }),
      claimTransaction: NOT_POSTED,
    });
  }

  /**
   * The receipt with its claim on the chain: posts it, again where a reorganisation has taken its block out, or finds where it was posted
   * before this host stopped.
   */
  private async ensureClaimed(request: MarketRequest, receipt: Receipt): Promise<Receipt> {
    const wasPosted = receipt.claimTransaction !== NOT_POSTED;
    if (wasPosted && request.status !== "requested") return receipt;
    const { client, at, account, logger } = this.options;
    if (wasPosted)
      logger.warn({ requestId: request.requestId }, "the chain has lost a claim: posting it again");
    const { requestId, modelId, claimBond: bond } = request;
    let transaction: Hash;
    if (request.status === "requested") {
      const proof = receipt.proved ? (await this.model(modelId)).index : undefined;
      const { claim, query } = receipt;
      transaction = (await postClaim(client, at, account, { claim, query, bond, proof })).hash;
      logger.info({ requestId, modelId, transaction, proved: receipt.proved }, "claimed an inference");
    } else transaction = await this.claimTransactionOf(requestId);
    const claimed = { ...receipt, claimTransaction: transaction };
    const published = (await this.files.read(requestId))?.published ?? false;
    await this.files.write({ receipt: claimed, published });
    return claimed;
  }

  private async claimTransactionOf(requestId: bigint): Promise<Hash> {
    const { client, at } = this.options;
    const to = await client.public.getBlockNumber();
    const posted = (await postedClaims(client, at, { from: 0n, to, requestId })).at(-1);
    if (posted) return posted.transactionHash;
    throw aiError("CLAIM_MISSING", {
      message: `request ${requestId} is not open any more, but the chain shows no claim of it`,
      fix: "the payer may have cancelled it: make a new request",
      facts: { requestId },
    });
  }

  private async store(receipt: Receipt): Promise<void> {
    await this.options.content.put(encodeReceipt(receipt));
  }

  /** A request may reach the host before the block that holds it. */
  private async awaitRequest(requestId: bigint, signal: AbortSignal): Promise<MarketRequest> {
    const { client, at } = this.options;
    for (let waited = 0; ; waited += POLL_MS) {
      try {
        const request = await getRequest(client, at, requestId);
        if (request.host === this.address) return request;
        throw aiError("REQUEST_NOT_MINE", {
          message: `request ${requestId} is for the host ${request.host}, not for ${this.address}`,
          fix: "ask the host that the request names",
          facts: { requestId, host: request.host },
        });
      } catch (error) {
        if (!isCodedError(error, "REQUEST_UNKNOWN") || waited >= REQUEST_WAIT_MS) throw error;
        await sleep(POLL_MS, signal);
      }
    }
  }
}

function promptMismatch(requestId: bigint): CodedError {
  return aiError("PROMPT_MISMATCH", {
    message: `the prompt and the salt given are not those that request ${requestId} commits to`,
    fix: "send the same prompt, to the character, and the same salt as were hashed for the request",
    facts: { requestId },
  });
}
