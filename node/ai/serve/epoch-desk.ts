import type { LocalAccount } from "viem";
import { isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { Address } from "../../chain/types/primitives.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import {
  closeEpoch,
  type EpochState,
  epochBond,
  epochCount,
  epochsIn,
  getEpoch,
  returnEpochFees,
  settleEpoch,
} from "../client/epochs.ts";
import type { ContentSink } from "../content/source.ts";
import type { Collected, EpochBook } from "../epoch/book.ts";
import type { KeptClosing } from "../epoch/book-files.ts";
import { VOUCHER_MARGIN_S } from "../epoch/credit.ts";
import { epochIdOf, feeOf } from "../epoch/epoch.ts";
import { closingOf } from "../epoch/shown.ts";
import { EpochDocket } from "../verify/epoch-docket.ts";
import type { SeedRecorder } from "../verify/seed-recorder.ts";
import { type ComposedEpoch, EpochComposer } from "./epoch-composer.ts";
import type { HostLimits } from "./host-limits.ts";
import { LeavingPurses } from "./leaving-purses.ts";

export interface EpochDeskOptions {
  client: ChainClient;
  at: ProtocolAddresses;
  account: LocalAccount;
  content: ContentSink;
  book: EpochBook;
  seeds: SeedRecorder;
  limits: HostLimits;
  logger: Logger;
}

/** Seconds until what failed is tried again, and until an answer that nobody pays for is looked at again. */
const RETRY_S = 10n;
const UNPAID_S = 600n;
/** Seconds between two looks at an epoch that waits. */
const LOOK_S = 4n;
/** Blocks in which an epoch that is not over was closed: two days of them. */
const LOOK_BACK = 86_400n;
/** Epochs whose trees stay in memory. */
const MAX_BUILT = 4;

/**
 * Closes epochs of what the book has, brings them through their audits and settles them. All that it goes by is in the book and on
 * the chain: after kill -9 it goes on where it was. One epoch is sent at a time.
 */
export class EpochDesk {
  private readonly options: EpochDeskOptions;
  private readonly composer: EpochComposer;
  private readonly docket: EpochDocket;
  private readonly built = new Map<string, ComposedEpoch>();
  /** By number: second from which an epoch is worth another look. */
  private readonly due = new Map<bigint, bigint>();
  /** By answer: until when it is left out. */
  private readonly unpaid = new Map<string, bigint>();
  private readonly leaving: LeavingPurses;
  /** Blocks of closings, by number. */
  private readonly blocks = new Map<bigint, bigint>();
  /** Epochs whose answers know their place. */
  private readonly placed = new Set<bigint>();
  private notBefore = 0n;

  constructor(options: EpochDeskOptions) {
    this.options = options;
    const { client, at, account, seeds, logger } = options;
    this.composer = new EpochComposer({ ...options, host: this.address });
    this.docket = new EpochDocket({ client, at, account, seeds, logger });
    this.leaving = new LeavingPurses({ client, at, host: this.address, book: options.book });
  }

  private get address(): Address {
    return this.options.account.address.toLowerCase() as Address;
  }

  /** Takes each step that is due; what fails is tried again later. */
  async round(): Promise<void> {
    const { client, at, book, logger } = this.options;
    if (book.size === 0 && book.closings().length === 0) return;
    const { timestamp: now } = await client.public.getBlock();
    const closed = await epochCount(client, at, this.address);
    for (const number of new Set(book.closings().map((one) => one.number))) {
      if (number > closed || (this.due.get(number) ?? 0n) > now) continue;
      this.due.set(number, now + RETRY_S);
      try {
        await this.advance(number, now);
      } catch (error) {
        const code = isCodedError(error) ? error.code : undefined;
        logger.warn({ error, code, number }, "an epoch could not be brought forward yet");
      }
    }
    if (now < this.notBefore) return;
    this.notBefore = now + RETRY_S;
    await this.sendNext(closed + 1n, now);
    this.notBefore = 0n;
  }

  /** The leaves of an epoch of this host that is not over; undefined of any other. */
  async leavesOf(epochId: bigint): Promise<ComposedEpoch | undefined> {
    const { client, at, book } = this.options;
    const number = BigInt.asUintN(64, epochId);
    if (epochIdOf(this.address, number) !== epochId) return undefined;
    const state = await getEpoch(client, at, epochId);
    const closing = book.closings().find((one) => one.number === number && one.root === state.root);
    return closing && this.leaves(closing, state);
  }

  /** A closing that waits to be sent, again where a reorganisation took it out; or a new one of what is due. */
  private async sendNext(number: bigint, now: bigint): Promise<void> {
    const { book, limits } = this.options;
    const standing = book.standingOf(number);
    if (standing !== undefined) return this.send(standing);
    const hurried = await this.leaving.endangered(number - 1n, now);
    const models = new Map<bigint, Collected[]>();
    for (const one of book.free()) {
      if ((this.unpaid.get(one.id) ?? 0n) > now) continue;
      const of = models.get(one.modelId) ?? [];
      if (of.length < limits.epochAnswers) of.push(one);
      models.set(one.modelId, of);
    }
    for (const [modelId, answers] of models) {
      if (!this.isDue(answers, hurried, now)) continue;
      const { closing, unpaid } = await this.composer.compose(modelId, answers, number);
      for (const { id } of unpaid) this.unpaid.set(id, now + UNPAID_S);
      this.report(unpaid);
      if (closing === undefined) continue;
      return this.send(closing);
    }
  }

  private isDue(answers: readonly Collected[], hurried: ReadonlySet<Address>, now: bigint): boolean {
    const { book, limits } = this.options;
    if (answers.length >= limits.epochAnswers) return true;
    if (now >= answers[0]!.collectedAt + BigInt(limits.epochSeconds)) return true;
    return answers.some(({ payer }) => {
      const until = book.voucherOf(payer)?.validUntil ?? 0n;
      return hurried.has(payer) || until < now + VOUCHER_MARGIN_S;
    });
  }

  private async send(kept: KeptClosing): Promise<void> {
    const { client, at, account, book, logger } = this.options;
    const { number, modelId, contents } = kept;
    const { epoch } = await this.composer.rebuild(kept);
    const closing = closingOf(epoch, kept, contents);
    const fees = epoch.ranges.reduce((sum, { net }) => sum + feeOf(kept, net), 0n);
    const vouchers = kept.vouchers.map(({ cumulative, validUntil, signature }) => ({
      ...{ cumulative, validUntil, signature },
    }));
    try {
      const bond = await epochBond(client, at, fees, closing);
      const sent = await closeEpoch(client, at, account, { closing, ranges: epoch.ranges, vouchers, bond });
      logger.info({ number, modelId, count: closing.count, fees, transaction: sent.hash }, "closed an epoch");
    } catch (error) {
      // Rates, a purse or an account changed: it is composed anew. Whether this one comes all the same, the chain tells.
      if (isCodedError(error, "TRANSACTION_REVERTED")) book.release(kept);
      throw error;
    }
  }

  private async advance(number: bigint, now: bigint): Promise<void> {
    const { client, at, account, book, logger } = this.options;
    const epochId = epochIdOf(this.address, number);
    const state = await getEpoch(client, at, epochId);
    const closing = await book.landed(number, state.root);
    if (closing === undefined) {
      logger.error({ epochId, number }, "this account closed an epoch that the host's book does not know");
      return;
    }
    if (!this.placed.has(number)) await book.place(closing, epochId);
    this.placed.add(number);
    if (state.status === "refuted") {
      const { epoch } = await this.leaves(closing, state);
      logger.error({ epochId }, "an epoch of this host was refuted: its payers get their fees back");
      await returnEpochFees(client, at, account, epochId, epoch.ranges);
    }
    if (state.status !== "closed") return this.finish(closing, number);
    const { epoch } = await this.leaves(closing, state);
    const standing = await this.docket.advance(epoch, state, await this.blockOf(epochId, number), now);
    if (standing.kind === "later") {
      this.due.set(number, standing.due);
      return;
    }
    if (standing.kind === "over" || now <= state.deadline) {
      this.due.set(number, standing.kind === "over" ? now + LOOK_S : state.deadline + 1n);
      return;
    }
    const { hash } = await settleEpoch(client, at, account, epochId);
    logger.info({ epochId, fees: state.fees, transaction: hash }, "settled an epoch");
    await this.finish(closing, number);
  }

  private async finish(closing: KeptClosing, number: bigint): Promise<void> {
    await this.options.book.finish(closing);
    this.built.delete(closing.root);
    this.due.delete(number);
    this.blocks.delete(number);
    this.placed.delete(number);
  }

  private async leaves(closing: KeptClosing, state: EpochState): Promise<ComposedEpoch> {
    const known = this.built.get(closing.root);
    if (known !== undefined) return known;
    const made = await this.composer.rebuild(closing, state);
    this.built.set(closing.root, made);
    const [oldest] = this.built.keys();
    if (this.built.size > MAX_BUILT && oldest !== undefined) this.built.delete(oldest);
    return made;
  }

  private async blockOf(epochId: bigint, number: bigint): Promise<bigint> {
    const { client, at } = this.options;
    const known = this.blocks.get(number);
    if (known !== undefined) return known;
    const to = await client.public.getBlockNumber();
    const from = to > LOOK_BACK ? to - LOOK_BACK : 0n;
    const [found] = await epochsIn(client, at, { from, to, epochId });
    const block = found?.blockNumber ?? from;
    this.blocks.set(number, block);
    return block;
  }

  private report(unpaid: readonly Collected[]): void {
    if (unpaid.length === 0) return;
    const payers = [...new Set(unpaid.map(({ payer }) => payer))];
    this.options.logger.error(
      { answers: unpaid.length, payers },
      "answers are left out of an epoch: their payers' vouchers or purses don't pay for them",
    );
  }
}
