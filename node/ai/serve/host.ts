import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Account } from "viem";
import type { Session } from "../../../native/js/index.ts";
import { sleep } from "../../base/clock.ts";
import { type CodedError, isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import {
  claimBond,
  getRequest,
  hashOfTokens,
  type MarketRequest,
  postClaim,
  postedClaims,
  settleClaim,
  settlementOf,
} from "../client/market.ts";
import { getModel } from "../client/models.ts";
import type { ContentSink, ContentSource } from "../content/source.ts";
import { aiError } from "../errors.ts";
import type { HostQueue } from "../metrics.ts";
import { SharedBases } from "../model/shared-bases.ts";
import { encodeReceipt, makeReceipt, parseReceipt, type Receipt, receiptToJson } from "../receipt/receipt.ts";
import { checkedPrompt, loadServedModel, runInference, type ServedModel } from "./inference.ts";

export interface HostOptions {
  client: ChainClient;
  at: ProtocolAddresses;
  account: Account;
  content: ContentSource & ContentSink;
  session: Session;
  /** Of the receipts; claims that wait for settlement are among them. */
  folder: string;
  /** Proved claims carry records and paths; optimistic ones do not. */
  proved: boolean;
  logger: Logger;
}

/** Models kept in memory at once. */
const MAX_MODELS = 4;
/** Stands for hashes of a claim that is not on the chain yet. */
const NOT_POSTED: Hash = `0x${"00".repeat(32)}`;
const REQUEST_WAIT_MS = 20_000;
const POLL_MS = 500;

/** Answers paid requests: generates, attributes, claims with a bond, settles after the window, keeps receipts. */
export class Host {
  private readonly options: HostOptions;
  private readonly models = new Map<bigint, Promise<ServedModel>>();
  private readonly bases = new SharedBases();
  private readonly running = new Map<bigint, Promise<Receipt>>();
  private readonly unsettled = new Set<bigint>();

  constructor(options: HostOptions) {
    this.options = options;
  }

  get address(): Address {
    return this.options.account.address.toLowerCase() as Address;
  }

  /** What it has to do right now. */
  queue(): HostQueue {
    return { answering: this.running.size, unsettled: this.unsettled.size };
  }

  /** Reads which claims of an earlier run wait for their settlement. */
  async open(): Promise<void> {
    await mkdir(this.options.folder, { recursive: true });
    for (const name of await readdir(this.options.folder)) {
      if (!/^\d+\.json$/.test(name)) continue;
      const receipt = await this.receipt(BigInt(name.slice(0, -5)));
      if (receipt && !receipt.settlement) this.unsettled.add(receipt.request.requestId);
    }
  }

  /**
   * Answers a request on chain whose prompt is `prompt`. Asked again, it gives the same receipt.
   * @throws CodedError `REQUEST_UNKNOWN`, `REQUEST_NOT_MINE`, `REQUEST_CLOSED`, `PROMPT_MISMATCH`,
   * `CONTEXT_LENGTH_EXCEEDED`, `ESCROW_TOO_SMALL`, and what claiming throws.
   */
  ask(requestId: bigint, prompt: string, signal?: AbortSignal): Promise<Receipt> {
    const running = this.running.get(requestId);
    if (running) return running;
    const answer = this.answer(requestId, prompt, signal).finally(() => this.running.delete(requestId));
    this.running.set(requestId, answer);
    return answer;
  }

  /** The receipt of a request that this host answered. */
  async receipt(requestId: bigint): Promise<Receipt | undefined> {
    try {
      return parseReceipt(JSON.parse(await readFile(this.path(requestId), "utf8")));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /**
   * Brings every open claim forward: posts it (again) where the chain does not have it, settles it when its window is
   * over. Gives the requests that it settled or found decided.
   */
  async settleDue(): Promise<bigint[]> {
    const done: bigint[] = [];
    let failure: unknown;
    for (const requestId of [...this.unsettled]) {
      if (this.running.has(requestId)) continue;
      // One claim that cannot be moved must not hold up the others.
      const isDone = await this.advance(requestId).catch((error: unknown) => {
        failure = error;
        return false;
      });
      if (isDone) done.push(requestId);
    }
    if (failure && done.length === 0) throw failure;
    return done;
  }

  private async advance(requestId: bigint): Promise<boolean> {
    const { client, at, account, logger } = this.options;
    const request = await getRequest(client, at, requestId);
    const receipt = (await this.receipt(requestId))!;
    if (request.status === "requested") {
      await this.claim(request, receipt);
      return false;
    }
    if (request.status === "cancelled") {
      logger.warn({ requestId }, "the payer took the escrow back before the claim was posted");
      this.unsettled.delete(requestId);
      return true;
    }
    const claimed = receipt.claimHash === NOT_POSTED ? await this.adopt(receipt) : receipt;
    if (request.status === "claimed") {
      const { timestamp } = await client.public.getBlock();
      if (timestamp <= request.deadline) return false;
      await settleClaim(client, at, account, requestId, claimed.claim);
    }
    if (request.status === "refuted") logger.error({ requestId }, "a claim of this host was proven false");
    else await this.keepSettlement(claimed);
    this.unsettled.delete(requestId);
    return true;
  }

  /** Settles in the background until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.settleDue().catch((error: unknown) => {
        const code = isCodedError(error) ? error.code : undefined;
        this.options.logger.warn({ error, code }, "a claim could not be settled yet");
      });
      await sleep(POLL_MS, signal).catch(() => undefined);
    }
  }

  private async answer(requestId: bigint, prompt: string, signal: AbortSignal | undefined): Promise<Receipt> {
    const request = await this.awaitRequest(requestId, signal);
    const earlier = await this.receipt(requestId);
    if (earlier) {
      if (earlier.prompt !== prompt.trim()) throw promptMismatch(requestId);
      if (earlier.claimHash !== NOT_POSTED) return earlier;
      return request.status === "requested" ? this.claim(request, earlier) : this.adopt(earlier);
    }
    if (request.status !== "requested") {
      throw aiError("REQUEST_CLOSED", {
        message: `request ${requestId} is ${request.status}, so it cannot be answered`,
        fix: "make a new request",
        facts: { requestId, status: request.status },
      });
    }
    const model = await this.model(request.modelId);
    const ids = await checkedPrompt(model.base, prompt);
    if (hashOfTokens(ids) !== request.promptHash) throw promptMismatch(requestId);
    if (ids.length > request.maxTokensIn) {
      throw aiError("ESCROW_TOO_SMALL", {
        message: `the prompt has ${ids.length} tokens, but the request pays for ${request.maxTokensIn}`,
        fix: "make a request for more prompt tokens",
        facts: { tokens: ids.length, paid: request.maxTokensIn },
      });
    }
    const { client, at, session, proved } = this.options;
    const inference = await runInference(session, model, prompt, request.maxTokensOut, signal);
    const draft = makeReceipt({
      chainId: client.chain.id,
      market: at.market,
      request,
      model: model.registered,
      prompt: prompt.trim(),
      answer: inference.answer,
      outputIds: inference.outputIds,
      claim: inference.claim,
      proved,
      claimHash: NOT_POSTED,
      claimTransaction: NOT_POSTED,
      settlement: undefined,
    });
    // Kept before it is posted: after a crash in between, the claim is still found and settled.
    await this.write(draft);
    this.unsettled.add(requestId);
    return this.claim(request, draft);
  }

  /** The model of that id, loaded from content by the hashes on chain. */
  model(modelId: bigint): Promise<ServedModel> {
    const known = this.models.get(modelId);
    if (known) return known;
    const { client, at, content } = this.options;
    const loading = getModel(client, at, modelId).then((registered) =>
      loadServedModel(content, registered, this.bases),
    );
    this.models.set(modelId, loading);
    loading.catch(() => this.models.delete(modelId));
    const [oldest] = this.models.keys();
    if (this.models.size > MAX_MODELS && oldest !== undefined) this.models.delete(oldest);
    return loading;
  }

  /** Posts a receipt's claim with the bond. */
  private async claim(request: MarketRequest, draft: Receipt): Promise<Receipt> {
    const { client, at, account, logger } = this.options;
    const { requestId, modelId } = request;
    const bond = await claimBond(client, at);
    const proof = draft.proved ? (await this.model(modelId)).index : undefined;
    const posted = await postClaim(client, at, account, { requestId, claim: draft.claim, bond, proof });
    const receipt: Receipt = { ...draft, claimHash: posted.claimHash, claimTransaction: posted.hash };
    await this.write(receipt);
    logger.info(
      { requestId, modelId, transaction: posted.hash, proved: draft.proved },
      "claimed an inference",
    );
    return receipt;
  }

  /** Completes a receipt whose claim was posted just before this host stopped. */
  private async adopt(draft: Receipt): Promise<Receipt> {
    const { client, at } = this.options;
    const { requestId } = draft.request;
    const to = await client.public.getBlockNumber();
    const posted = (await postedClaims(client, at, { from: 0n, to, requestId })).at(-1);
    if (!posted) {
      throw aiError("CLAIM_MISSING", {
        message: `request ${requestId} is not open any more, but the chain shows no claim of it`,
        fix: "the payer may have cancelled it: make a new request",
        facts: { requestId },
      });
    }
    const receipt = { ...draft, claimHash: posted.claimHash, claimTransaction: posted.transactionHash };
    await this.write(receipt);
    return receipt;
  }

  private async keepSettlement(receipt: Receipt): Promise<void> {
    const { client, at, content, logger } = this.options;
    const { requestId } = receipt.request;
    const settlement = await settlementOf(client, at, requestId);
    if (!settlement) return;
    const { fee, payout, paid, transactionHash } = settlement;
    const settled: Receipt = { ...receipt, settlement: { fee, payout, paid: [...paid], transactionHash } };
    await this.write(settled);
    const hash: Hash = await content.put(encodeReceipt(settled));
    logger.info({ requestId, fee, transaction: transactionHash, receipt: hash }, "settled an inference");
  }

  /** A request may reach the host before the block that holds it. */
  private async awaitRequest(requestId: bigint, signal: AbortSignal | undefined): Promise<MarketRequest> {
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

  private path(requestId: bigint): string {
    return join(this.options.folder, `${requestId}.json`);
  }

  /** Whole or not at all: a receipt is what the payout is asked for with. */
  private async write(receipt: Receipt): Promise<void> {
    const path = this.path(receipt.request.requestId);
    const file = await open(`${path}.part`, "w");
    try {
      await file.writeFile(`${JSON.stringify(receiptToJson(receipt), null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.part`, path);
    await rm(`${path}.part`, { force: true });
  }
}

function promptMismatch(requestId: bigint): CodedError {
  return aiError("PROMPT_MISMATCH", {
    message: `the prompt given is not the one that request ${requestId} commits to`,
    fix: "send the same prompt, to the character, as was hashed for the request",
    facts: { requestId },
  });
}
