import type { CodedError } from "../../base/errors.ts";
import type { Address } from "../../chain/types/primitives.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { epochCount } from "../client/epochs.ts";
import { readParameters } from "../client/parameters.ts";
import { type Purse, purseOf } from "../client/purses.ts";
import { aiError } from "../errors.ts";
import { type EpochBook, feesOf } from "./book.ts";
import { feeOf } from "./epoch.ts";
import type { KeptVoucher } from "./prepaid.ts";

/** What a host has of a payer; wei and seconds. */
export interface PayerState {
  purse: Purse;
  /** What the host may count as its own: spent on chain, answered since, and what answers under way may cost. */
  taken: bigint;
  /** What is left of the purse for further answers; what the payer takes back is not. */
  free: bigint;
  /** The largest voucher that the host holds. */
  voucher: KeptVoucher | undefined;
  /** The chain's time. */
  now: bigint;
  platformBps: number;
}

/** Seconds that a voucher must be good for after the latest closing of an answer that it pays. */
export const VOUCHER_MARGIN_S = 300n;

/** Says what payers can still spend with a host, and holds room for answers under way. */
export class Credit {
  private readonly options: {
    client: ChainClient;
    at: ProtocolAddresses;
    host: Address;
    book: EpochBook;
    /** Seconds until an answer is closed at the latest. */
    epochSeconds: bigint;
  };
  /** Wei of answers under way, by payer. */
  private readonly reserved = new Map<Address, bigint>();

  constructor(options: Credit["options"]) {
    this.options = options;
  }

  /** What a payer has spent and has left, all of it as of one block. */
  async stateOf(payer: Address): Promise<PayerState> {
    return this.stateBy(payer, await this.read(payer));
  }

  /** Before anything is loaded for a payer: it has, or had, a purse for this host. @throws CodedError `PURSE_TOO_SMALL`. */
  async requirePurse(payer: Address): Promise<void> {
    const state = await this.stateOf(payer);
    if (state.purse.balance + state.purse.spent === 0n) throw purseTooSmall(state, 1n);
  }

  private async read(payer: Address) {
    const { client, at, host } = this.options;
    const { number, timestamp: now } = await client.public.getBlock();
    const [purse, closed, { platformBps }] = await Promise.all([
      purseOf(client, at, payer, host, number),
      epochCount(client, at, host, number),
      readParameters(client, at),
    ]);
    return { purse, closed, platformBps, now };
  }

  private stateBy(
    payer: Address,
    { purse, closed, platformBps, now }: Awaited<ReturnType<Credit["read"]>>,
  ): PayerState {
    const { book } = this.options;
    const open = feesOf(book.pendingOf(payer, closed), platformBps) + (this.reserved.get(payer) ?? 0n);
    const rest = purse.balance - purse.leaving - open;
    const free = rest > 0n ? rest : 0n;
    return { purse, taken: purse.spent + open, free, voucher: book.voucherOf(payer), now, platformBps };
  }

  /**
   * Holds room for an answer of at most `net` wei, before the work.
   * @returns what gives the room back; the answer is in the book by then, or there is none.
   * @throws CodedError `VOUCHER_TOO_SMALL`, `VOUCHER_TOO_OLD`, `PURSE_TOO_SMALL`.
   */
  async reserve(payer: Address, voucher: KeptVoucher, net: bigint): Promise<() => void> {
    const read = await this.read(payer);
    // Nothing is awaited from here on: two that ask at once see each other's reservations.
    const state = this.stateBy(payer, read);
    const fee = mostFee(state, net);
    const until = state.now + this.options.epochSeconds + VOUCHER_MARGIN_S;
    if (voucher.validUntil < until) throw tooOld(voucher, until);
    if (voucher.cumulative < state.taken + fee) throw tooSmall(voucher, state, fee);
    if (state.free < fee) throw purseTooSmall(state, fee);
    this.reserved.set(payer, (this.reserved.get(payer) ?? 0n) + fee);
    return () => {
      const left = this.reserved.get(payer)! - fee;
      if (left > 0n) this.reserved.set(payer, left);
      else this.reserved.delete(payer);
    };
  }
}

/** What an answer of at most `net` wei may cost in all: the platform's part of a sum may be a wei above the sum of the parts. */
export function mostFee(terms: Pick<PayerState, "platformBps">, net: bigint): bigint {
  return feeOf(terms, net) + 1n;
}

function tooOld({ validUntil }: KeptVoucher, least: bigint): CodedError {
  return aiError("VOUCHER_TOO_OLD", {
    message: `the voucher is good until second ${validUntil}, but this host may need it until ${least}`,
    fix: "sign one that is good for longer, a week for example",
    facts: { validUntil, least },
  });
}

function tooSmall({ cumulative }: KeptVoucher, { taken }: PayerState, fee: bigint): CodedError {
  return aiError("VOUCHER_TOO_SMALL", {
    message: `the voucher is over ${cumulative} wei in all; with this answer it may be ${taken + fee}`,
    cause: "a voucher pays once: what earlier answers took of it is gone",
    fix: "sign a voucher over the larger sum: see `openledger purse show`",
    facts: { cumulative, taken, fee, least: taken + fee },
  });
}

function purseTooSmall({ free, purse }: PayerState, fee: bigint): CodedError {
  return aiError("PURSE_TOO_SMALL", {
    message: `the answer may cost ${fee} wei, but the purse for this host has ${free} left`,
    fix: "fill it with `openledger purse fill`, or ask for fewer tokens",
    facts: { fee, free, balance: purse.balance, leaving: purse.leaving },
  });
}
