import type { LocalAccount } from "viem";
import type { Session } from "../../../native/js/index.ts";
import { sleep } from "../../base/clock.ts";
import { type CodedError, isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { hashOfClaim, postClaim, postedClaims } from "../client/claims.ts";
import { getContribution } from "../client/datanets.ts";
import { getRequest, type MarketRequest } from "../client/market.ts";
import { GREEDY, hashOfRequest } from "../client/request-hash.ts";
import { keccakOf } from "../codec/hash.ts";
import type { ContentSink, ContentSource } from "../content/source.ts";
import { aiError } from "../errors.ts";
import type { HostQueue } from "../metrics.ts";
import { encodeReceipt, makeReceipt, type Receipt } from "../receipt/receipt.ts";
import { DemandDesk } from "./demand-desk.ts";
import { checkedPrompt, claimOf, runInference, type ServedModel } from "./inference.ts";
import { ModelShelf } from "./model-shelf.ts";
import { type KeptReceipt, ReceiptFiles } from "./receipt-files.ts";
import { Settlements } from "./settlement.ts";

/** What a host takes on itself at most. What it takes of each model stands on chain. */
export interface HostLimits {
  /** Requests that are answered or wait for it. */
  maxQueue: number;
  /** Bytes of one model in memory. */
  maxModelBytes: number;
  /** Time for one answer, in ms, its turn awaited. */
  answerMs: number;
  /** The only models that are served; absent: all that the host took on chain. */
  models?: readonly bigint[];
}

export const DEFAULT_HOST_LIMITS: HostLimits = {
  maxQueue: 32,
  maxModelBytes: 8 * 2 ** 30,
  answerMs: 300_000,
};

export interface HostOptions {
  client: ChainClient;
  at: ProtocolAddresses;
  account: LocalAccount;
  content: ContentSource & ContentSink;
  session: Session;
  /** Of the receipts; claims that wait for settlement are among them. */
  folder: string;
  /** Proved claims carry records and paths; optimistic ones do not. */
  proved: boolean;
  limits?: HostLimits;
  logger: Logger;
}

/** A question with what opens the request's hash: who has both is the payer or has them of it. */
export interface Question {
  requestId: bigint;
  prompt: string;
  salt: Hash;
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
  private readonly files: ReceiptFiles;
  private readonly settlements: Settlements;
  private readonly demands: DemandDesk;
  /** By request, prompt and salt: a stranger's wrong prompt shares nothing with the payer's. */
  private readonly running = new Map<string, { requestId: bigint; answer: Promise<Receipt> }>();

  constructor(options: HostOptions) {
    this.options = options;
    this.limits = options.limits ?? DEFAULT_HOST_LIMITS;
    const { client, at, account, content, logger } = options;
    this.files = new ReceiptFiles(options.folder);
    this.shelf = new ModelShelf({
      ...{ client, at, content },
      maxBytes: this.limits.maxModelBytes,
      allowed: this.limits.models,
    });
    this.demands = new DemandDesk({ client, at, account, files: this.files, logger });
    this.settlements = new Settlements({
      ...{ client, at, account, logger },
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
    return { answering: this.running.size, unsettled: this.settlements.size };
  }

  /** Reads which claims of an earlier run wait for their settlement. */
  async open(): Promise<void> {
    for (const requestId of await this.files.open()) {
      const kept = await this.files.read(requestId);
      if (kept && !kept.receipt.settlement) this.settlements.add(requestId);
    }
  }

  /**
   * Answers a request on chain that is of this prompt and salt. Asked again, it gives the same receipt.
   * @throws CodedError `HOST_BUSY`, `REQUEST_UNKNOWN`, `REQUEST_NOT_MINE`, `REQUEST_CLOSED`, `PROMPT_MISMATCH`,
   * `CONTEXT_LENGTH_EXCEEDED`, `MODEL_NOT_ALLOWED`, `MODEL_TOO_LARGE`, and what claiming throws.
   */
  ask(question: Question, signal?: AbortSignal): Promise<Receipt> {
    const { requestId, prompt, salt } = question;
    const key = `${requestId}:${salt}:${keccakOf(new TextEncoder().encode(prompt.trim()))}`;
    const running = this.running.get(key);
    if (running) return running.answer;
    if (this.running.size >= this.limits.maxQueue) return Promise.reject(hostBusy(this.limits.maxQueue));
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

  /** Answers the demands to its claims that are open. */
  answerDemands(): Promise<void> {
    return this.demands.answerNew();
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
      await sleep(POLL_MS, signal).catch(() => undefined);
    }
  }

  private async answer(question: Question, signal: AbortSignal): Promise<Receipt> {
    const { requestId, salt } = question;
    const prompt = question.prompt.trim();
    const request = await this.awaitRequest(requestId, signal);
    const earlier = (await this.files.read(requestId))?.receipt;
    if (earlier) {
      if (earlier.prompt !== prompt || earlier.salt !== salt) throw promptMismatch(requestId);
      return this.ensureClaimed(request, earlier);
    }
    if (request.status !== "requested") {
      throw aiError("REQUEST_CLOSED", {
        message: `request ${requestId} is ${request.status}, so it cannot be answered`,
        fix: "make a new request",
        facts: { requestId, status: request.status },
      });
    }
    const model = await this.model(request.modelId);
    const promptIds = await checkedPrompt(model.base, prompt);
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
    const draft = await this.draft(request, model, { prompt, salt }, signal);
    // Kept before it is posted: after a crash in between, the claim is still found and settled.
    await this.files.write({ receipt: draft, published: false });
    this.settlements.add(requestId);
    return this.ensureClaimed(request, draft);
  }

  /** Runs the inference and puts the receipt together, signed, its claim not yet posted. */
  private async draft(
    request: MarketRequest,
    model: ServedModel,
    { prompt, salt }: { prompt: string; salt: Hash },
    signal: AbortSignal,
  ): Promise<Receipt> {
    const { client, at, account, session, proved } = this.options;
    const inference = await runInference(session, model, prompt, request.maxTokensOut, signal);
    const { claim, query } = claimOf(inference, request);
    const claimHash = hashOfClaim(client.chain.id, at.market, claim);
    const contributors = [];
    for (const contributionId of claim.list.contributionIds) {
      const found = await getContribution(client, at, contributionId);
      contributors.push({ contributionId, contributor: found.contributor.toLowerCase() as Address });
    }
    return makeReceipt({
      chainId: client.chain.id,
      market: at.market,
      ...{ request, salt, prompt, claim, query, contributors, proved, claimHash },
      model: model.registered,
      sampling: GREEDY,
      answer: inference.answer,
      outputIds: inference.outputIds,
      hostSignature: await account.signMessage({ message: { raw: claimHash } }),
      claimTransaction: NOT_POSTED,
    });
  }

  /** The receipt with its claim on the chain: posts it, or finds where it was posted before this host stopped. */
  private async ensureClaimed(request: MarketRequest, receipt: Receipt): Promise<Receipt> {
    if (receipt.claimTransaction !== NOT_POSTED) return receipt;
    const { client, at, account, logger } = this.options;
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

function hostBusy(limit: number): CodedError {
  return aiError("HOST_BUSY", {
    message: `this host has ${limit} questions to answer already`,
    fix: "ask again in a moment: the request stays paid",
    facts: { limit },
  });
}

function promptMismatch(requestId: bigint): CodedError {
  return aiError("PROMPT_MISMATCH", {
    message: `the prompt and the salt given are not those that request ${requestId} commits to`,
    fix: "send the same prompt, to the character, and the same salt as were hashed for the request",
    facts: { requestId },
  });
}
