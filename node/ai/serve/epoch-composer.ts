import type { Logger } from "../../base/logger.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import type { EpochState } from "../client/epochs.ts";
import { getModel } from "../client/models.ts";
import { readParameters } from "../client/parameters.ts";
import { type Purse, purseOf } from "../client/purses.ts";
import type { ContentSink } from "../content/source.ts";
import type { Collected, EpochBook } from "../epoch/book.ts";
import type { KeptClosing } from "../epoch/book-files.ts";
import { encodeEpochContents, type PublishedInference } from "../epoch/contents.ts";
import { composeEpoch, type Epoch, type EpochTerms, feeOf, MAX_EPOCH_RANGES, netOf } from "../epoch/epoch.ts";
import type { KeptVoucher, PrepaidAnswer } from "../epoch/prepaid.ts";
import { aiError } from "../errors.ts";

/** Bytes of an epoch's file: what it holds more of waits for the next one. Beside its query, a leaf takes so many. */
const MAX_FILE_BYTES = 128 * 2 ** 20;
const LEAF_BYTES = 8_192;

export interface ComposerOptions {
  client: ChainClient;
  at: ProtocolAddresses;
  host: Address;
  content: ContentSink;
  book: EpochBook;
  logger: Logger;
}

/** An epoch with what its leaves commit. */
export interface ComposedEpoch {
  epoch: Epoch;
  inferences: PublishedInference[];
}

/** Puts epochs together of what the book has. */
export class EpochComposer {
  private readonly options: ComposerOptions;

  constructor(options: ComposerOptions) {
    this.options = options;
  }

  /**
   * An epoch of a model's answers, as far as their payers' vouchers and purses pay for them at the present rates. Its leaves are in the
   * content store and its composition is in the book when this resolves.
   * @returns what could not be paid, and the composition unless nothing can.
   */
  async compose(
    modelId: bigint,
    answers: readonly Collected[],
    number: bigint,
  ): Promise<{ closing: KeptClosing | undefined; unpaid: Collected[] }> {
    const { host, content, book } = this.options;
    const terms = await this.termsOf(modelId);
    const { paid, unpaid } = await this.payable(answers, terms);
    if (paid.length === 0) return { closing: undefined, unpaid };
    const ids = paid.map(({ id }) => id);
    const { epoch, inferences } = await this.build(host, number, ids, terms);
    const contents = await content.put(encodeEpochContents({ inferences, payouts: epoch.payouts }));
    const { rateIn, rateOut, platformBps, contributorsBps } = terms;
    const root = epoch.inferenceTree.root.hash;
    const vouchers = epoch.ranges.map(({ payer }) => ({ payer, ...this.voucherOf(payer) }));
    const closing: KeptClosing = {
      ...{ number, modelId, rateIn, rateOut, platformBps, contributorsBps, root, contents, ids },
      vouchers,
    };
    await book.compose(closing);
    return { closing, unpaid };
  }

  /** The epoch of a composition: by its own terms, or those that it was closed by. */
  rebuild(
    closing: KeptClosing,
    { rateIn, rateOut, platformBps }: Pick<EpochState, "rateIn" | "rateOut" | "platformBps"> = closing,
  ): Promise<ComposedEpoch> {
    const { number, modelId, contributorsBps, ids } = closing;
    const terms = { modelId, rateIn, rateOut, platformBps, contributorsBps };
    return this.build(this.options.host, number, ids, terms);
  }

  private async termsOf(modelId: bigint): Promise<EpochTerms> {
    const { client, at } = this.options;
    const { rateIn, rateOut, split } = await getModel(client, at, modelId);
    const { platformBps } = await readParameters(client, at);
    return { modelId, rateIn, rateOut, platformBps, contributorsBps: split.contributors };
  }

  private async build(
    host: Address,
    number: bigint,
    ids: readonly Hash[],
    terms: EpochTerms,
  ): Promise<ComposedEpoch> {
    const answers: PrepaidAnswer[] = [];
    for (const id of ids) answers.push(await this.answer(id));
    const epoch = composeEpoch(host, number, terms, answers);
    const inferences = epoch.inferences.map((one, i) => ({ ...one, query: answers[i]!.query }));
    return { epoch, inferences };
  }

  private async answer(id: Hash): Promise<PrepaidAnswer> {
    const kept = await this.options.book.answer(id);
    if (kept) return kept.answer;
    throw aiError("BOOK_INVALID", {
      message: `the book has no file of the answer ${id}, which it composed an epoch of`,
      fix: "put the file back from a copy: without it the epoch's leaves can't be shown",
      facts: { id },
    });
  }

  private voucherOf(payer: Address): KeptVoucher {
    const { cumulative, validUntil, signature } = this.options.book.voucherOf(payer)!;
    return { cumulative, validUntil, signature };
  }

  /** Payers side by side, each one's answers as far as its money reaches. */
  private async payable(
    answers: readonly Collected[],
    terms: EpochTerms,
  ): Promise<{ paid: Collected[]; unpaid: Collected[] }> {
    const payers = [...new Set(answers.map(({ payer }) => payer))].slice(0, MAX_EPOCH_RANGES);
    payers.sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
    let bytes = 0;
    const paid: Collected[] = [];
    const unpaid: Collected[] = [];
    for (const payer of payers) {
      const limit = await this.limitOf(payer);
      let net = 0n;
      for (const one of answers.filter((other) => other.payer === payer)) {
        const kept = await this.answer(one.id);
        const more = net + netOf(terms, kept.claim);
        bytes += LEAF_BYTES + kept.query.length / 2;
        if (bytes > MAX_FILE_BYTES) return { paid, unpaid };
        if (feeOf(terms, more) > limit) unpaid.push(one);
        else {
          net = more;
          paid.push(one);
        }
      }
    }
    return { paid, unpaid };
  }

  /** Wei that a payer's voucher and purse pay at most at this moment. */
  private async limitOf(payer: Address): Promise<bigint> {
    const { client, at, host, book, logger } = this.options;
    const { timestamp } = await client.public.getBlock();
    const voucher = book.voucherOf(payer);
    const code = await client.public.getCode({ address: payer });
    if (voucher === undefined || voucher.validUntil <= timestamp || (code ?? "0x") !== "0x") {
      logger.error({ payer }, "a payer's voucher is worth nothing any more: its answers are not paid");
      return 0n;
    }
    const purse = await purseOf(client, at, payer, host);
    return least(voucher.cumulative - purse.spent, balanceUntil(purse, timestamp));
  }
}

/** What a purse still has at a second, if its payer takes back what it may by then. */
export function balanceUntil({ balance, leaving, leavesAt }: Purse, second: bigint): bigint {
  return leavesAt > second ? balance : balance - least(leaving, balance);
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
