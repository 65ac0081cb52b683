import type { LocalAccount } from "viem";
import type { Session } from "../../../native/js/index.ts";
import type { Logger } from "../../base/logger.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { type HostTerms, hostTerms } from "../client/hosts.ts";
import { getModel, type RegisteredModel } from "../client/models.ts";
import { isVoucherOf } from "../client/purses.ts";
import { GREEDY, hashOfRequest } from "../client/request-hash.ts";
import { keccakOf } from "../codec/hash.ts";
import type { RowMessage } from "../datanet/rows.ts";
import type { EpochBook } from "../epoch/book.ts";
import { Credit, type PayerState } from "../epoch/credit.ts";
import { netOf } from "../epoch/epoch.ts";
import {
  type KeptVoucher,
  type PrepaidAnswer,
  type PrepaidPlace,
  prepaidHash,
  prepaidId,
} from "../epoch/prepaid.ts";
import { aiError } from "../errors.ts";
import { claimPart, layersPart } from "../receipt/receipt.ts";
import { claimableTokens, trueClaim } from "./claim-with-cover.ts";
import { contributorsOf } from "./contributors.ts";
import { type HostLimits, hostBusy } from "./host-limits.ts";
import { answerLimit, checkedPrompt, runInference, type ServedModel } from "./inference.ts";
import type { ModelShelf } from "./model-shelf.ts";
import { readsRows, type SpanSources, shownSpans } from "./span-source.ts";

/** A question that a voucher pays for. */
export interface PrepaidOrder {
  modelId: bigint;
  prompt: string;
  before?: readonly RowMessage[] | undefined;
  salt: Hash;
  /** Absent: as many as the host and the model allow. */
  maxTokensOut?: number | undefined;
  /** More than they allow is as good as that, and not refused. */
  isClipped?: boolean;
  payer: Address;
  voucher: KeptVoucher;
}

export interface PrepaidDeskOptions {
  client: ChainClient;
  at: ProtocolAddresses;
  account: LocalAccount;
  session: Session;
  shelf: ModelShelf;
  spans: SpanSources;
  book: EpochBook;
  limits: HostLimits;
  logger: Logger;
  /** Questions that the host answers otherwise. */
  others: () => number;
}

/** Answers questions that purses pay for; what it answered is in the book before it says so. */
export class PrepaidDesk {
  private readonly options: PrepaidDeskOptions;
  private readonly credit: Credit;
  private readonly running = new Map<string, Promise<PrepaidAnswer>>();

  constructor(options: PrepaidDeskOptions) {
    this.options = options;
    const { client, at, book, limits } = options;
    const epochSeconds = BigInt(limits.epochSeconds);
    this.credit = new Credit({ client, at, host: this.address, book, epochSeconds });
  }

  private get address(): Address {
    return this.options.account.address.toLowerCase() as Address;
  }

  /** Questions that are being answered. */
  get size(): number {
    return this.running.size;
  }

  /** What this host has of a payer. */
  stateOf(payer: Address): Promise<PayerState> {
    return this.credit.stateOf(payer);
  }

  /**
   * Keeps what a payer signed for its API keys, in place of an earlier limit: this host may take so much in all by them.
   * @throws CodedError `VOUCHER_SIGNATURE`, `PURSE_TOO_SMALL` for a payer without a purse, `HOST_BUSY` where there is no room for it.
   */
  async setLimit(payer: Address, voucher: KeptVoucher): Promise<PayerState> {
    const { book, limits } = this.options;
    await this.requireSigned(payer, voucher);
    if (book.limitOf(payer) === undefined && book.limitCount >= limits.maxPrepaid)
      throw bookFull(limits.maxPrepaid);
    await book.setLimit(payer, voucher);
    return this.stateOf(payer);
  }

  /** What a payer signed for its keys. */
  limitOf(payer: Address): KeptVoucher | undefined {
    return this.options.book.limitOf(payer);
  }

  /** An answer that this host gave, with its place. */
  async kept(id: Hash): Promise<{ answer: PrepaidAnswer; place: PrepaidPlace | null } | undefined> {
    return this.options.book.answer(id);
  }

  /**
   * Answers a question for a voucher over what it may cost at most, on top of all that the payer's earlier answers took. Asked the same
   * again with the same salt, it gives the same answer and takes nothing more.
   * @throws CodedError `HOST_BUSY`, `VOUCHER_SIGNATURE`, `VOUCHER_TOO_OLD`, `VOUCHER_TOO_SMALL`, `PURSE_TOO_SMALL`, `REQUEST_NOT_TAKEN`,
   * `HOST_ABSENT` where the host does not take the model, `MODEL_NOT_SERVING`, `CONTEXT_LENGTH_EXCEEDED`, `PROMPT_EMPTY`, of loading the model and its rows: all
   * of it before the work.
   */
  ask(order: PrepaidOrder, signal?: AbortSignal): Promise<PrepaidAnswer> {
    const { limits, others } = this.options;
    const key = keyOf(order);
    const running = this.running.get(key);
    if (running) return running;
    if (this.running.size + others() >= limits.maxQueue) return Promise.reject(hostBusy(limits.maxQueue));
    const deadline = AbortSignal.timeout(limits.answerMs);
    const until = signal ? AbortSignal.any([signal, deadline]) : deadline;
    const answer = this.answer(order, until).finally(() => this.running.delete(key));
    this.running.set(key, answer);
    return answer;
  }

  private async answer(order: PrepaidOrder, signal: AbortSignal): Promise<PrepaidAnswer> {
    const { client, at, shelf, spans, book, limits } = this.options;
    const { payer, voucher, modelId, salt } = order;
    await this.checkVoucher(order);
    const [model, terms] = [await getModel(client, at, modelId), await this.terms(order)];
    await this.requireServing(model);
    if (model.rateOut < limits.leastRateOut)
      throw notTaken("wei for a thousand answer tokens", model.rateOut, limits.leastRateOut);
    const served = await shelf.model(modelId);
    const asked = { prompt: order.prompt.trim(), before: order.before };
    const promptIds = await checkedPrompt(served.base, asked);
    const maxTokensIn = promptIds.length;
    const maxTokensOut = this.checkTokens(served, maxTokensIn, order, terms);
    const { adapterHash } = model;
    const requestHash = hashOfRequest({
      ...{ salt, promptIds, adapterHash, sampling: GREEDY, maxTokensIn, maxTokensOut },
    });
    const earlier = await book.answer(prepaidId(payer, requestHash));
    if (earlier) return earlier.answer;
    if (readsRows(served)) await spans.of(served);
    const longest = { tokensIn: maxTokensIn, tokensOut: maxTokensOut };
    const giveBack = await this.credit.reserve(payer, voucher, netOf(model, longest));
    try {
      const { rateIn, rateOut } = model;
      return await this.work(order, served, { requestHash, rateIn, rateOut, maxTokensOut }, signal);
    } finally {
      giveBack();
    }
  }

  /** Before anything is loaded for a stranger: the payer signed, it has a purse, and the book has room. */
  private async checkVoucher({ payer, voucher }: PrepaidOrder): Promise<void> {
    const { book, limits } = this.options;
    if (book.size + this.running.size > limits.maxPrepaid) throw bookFull(limits.maxPrepaid);
    await this.requireSigned(payer, voucher);
  }

  private async requireSigned(payer: Address, voucher: KeptVoucher): Promise<void> {
    const { client, at } = this.options;
    const { signature, cumulative, validUntil } = voucher;
    const said = { payer, host: this.address, cumulative, validUntil };
    const code = await client.public.getCode({ address: payer });
    const isSigned = await isVoucherOf(client.chain.id, at, said, signature);
    if (!isSigned || (code !== undefined && code !== "0x")) throw notSigned(payer, at.epochs);
    await this.credit.requirePurse(payer);
  }

  private async terms({ modelId }: PrepaidOrder): Promise<HostTerms> {
    const { client, at } = this.options;
    const terms = await hostTerms(client, at, modelId, this.address);
    if (terms.accepted) return terms;
    throw aiError("HOST_ABSENT", {
      message: `this host does not take model ${modelId}`,
      fix: "ask another host; a host takes a model with `openledger host take`",
      facts: { modelId },
    });
  }

  /** No epoch of a model is closed that does not serve. */
  private async requireServing({ modelId, status, open, pendingUntil }: RegisteredModel): Promise<void> {
    const { timestamp } = await this.options.client.public.getBlock();
    if (status === "registered" && open && pendingUntil < timestamp) return;
    throw aiError("MODEL_NOT_SERVING", {
      message: `model ${modelId} does not serve: its registration's window is open, it was refuted or its owner closed it`,
      fix: "look at it with `openledger model show`, and wait until its window has passed",
      facts: { modelId },
    });
  }

  /** How many tokens the answer may have. */
  private checkTokens(
    served: ServedModel,
    tokensIn: number,
    { maxTokensOut, isClipped }: PrepaidOrder,
    terms: HostTerms,
  ): number {
    const { limits } = this.options;
    const mostIn = Math.min(limits.maxTokensIn, terms.maxTokensIn);
    if (tokensIn > mostIn) throw notTaken("prompt tokens", tokensIn, mostIn);
    const most = Math.min(
      ...[answerLimit(served, tokensIn), claimableTokens(served.index.commitment, served.method)],
      ...[limits.maxTokensOut, terms.maxTokensOut],
    );
    const wanted = maxTokensOut ?? most;
    if (wanted <= most || isClipped) return Math.min(wanted, most);
    throw notTaken("answer tokens", wanted, most);
  }

  private async work(
    { payer, voucher, modelId, prompt: text, before: asked, salt }: PrepaidOrder,
    served: ServedModel,
    terms: { requestHash: Hash; rateIn: bigint; rateOut: bigint; maxTokensOut: number },
    signal: AbortSignal,
  ): Promise<PrepaidAnswer> {
    const { client, at, account, session, spans, book, logger } = this.options;
    const { requestHash, rateIn, rateOut, maxTokensOut } = terms;
    const [prompt, before] = [text.trim(), (asked ?? []).map(({ role, content }) => ({ role, content }))];
    const inference = await runInference(session, served, { prompt, before }, maxTokensOut, {
      rows: async () => (await spans.of(served)).context,
      signal,
    });
    const request = { requestId: 0n, modelId, requestHash };
    const claimed = await trueClaim(inference, request, served.index, () => spans.of(served));
    const { claim, query, context } = claimed;
    const chainId = client.chain.id;
    const raw = prepaidHash(chainId, at.epochs, payer, claim);
    const { now, platformBps } = await this.credit.stateOf(payer);
    const answer: PrepaidAnswer = {
      format: "openledger/prepaid/1",
      ...{ chainId, epochs: at.epochs, payer, host: this.address, maxTokensOut },
      ...{ rateIn, rateOut, platformBps, salt, prompt },
      ...(before.length > 0 ? { before } : {}),
      ...{ answer: inference.answer, outputIds: inference.outputIds, claim: claimPart(claim), query },
      ...layersPart({
        verbatim: await shownSpans(spans, served, inference, logger),
        context,
        discount: inference.discount,
      }),
      contributors: await contributorsOf(client, at, claim),
      hostSignature: await account.signMessage({ message: { raw } }),
    };
    await book.add(answer, now, voucher);
    return answer;
  }
}

/** Two who ask the same at once are one. The voucher is among it: a stranger without one shares nothing. */
function keyOf({ modelId, prompt, before = [], salt, maxTokensOut, payer, voucher }: PrepaidOrder): string {
  const talk = JSON.stringify([...before.map(({ role, content }) => [role, content]), prompt.trim()]);
  const text = `${modelId} ${maxTokensOut} ${salt} ${payer} ${voucher.cumulative} ${voucher.signature} ${talk}`;
  return keccakOf(new TextEncoder().encode(text));
}

function notTaken(what: string, value: number | bigint, limit: number | bigint) {
  return aiError("REQUEST_NOT_TAKEN", {
    message: `the question has ${value} ${what}; this host's limit is ${limit}`,
    fix: "ask within the limit, or ask another host",
    facts: { what, value, limit },
  });
}

function notSigned(payer: Address, epochs: Address) {
  return aiError("VOUCHER_SIGNATURE", {
    message: `the voucher is not signed by ${payer} for this host and the contract ${epochs}`,
    fix: "sign it with the payer's own key (EIP-712, 65 bytes); accounts with code can't pay this host by vouchers",
    facts: { payer },
  });
}

function bookFull(limit: number) {
  return aiError("HOST_BUSY", {
    message: `this host has ${limit} prepaid answers that are not settled, and takes no more at once`,
    fix: "ask again once some are settled: nothing was taken",
    facts: { limit },
  });
}
