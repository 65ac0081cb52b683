import type { Address } from "../../chain/types/primitives.ts";
import type { ChainClient, ProtocolAddresses } from "../client/chain.ts";
import { LogScan } from "../client/log-scan.ts";
import { readParameters } from "../client/parameters.ts";
import { leavingIn, purseOf } from "../client/purses.ts";
import { type EpochBook, feesOf } from "../epoch/book.ts";

export interface LeavingPursesOptions {
  client: ChainClient;
  at: ProtocolAddresses;
  host: Address;
  book: EpochBook;
}

/** Seconds before a purse returns in which what its payer owes is closed. */
const LEAVING_S = 300n;
/** Blocks in which a payer may have begun to take its money back before this host started: two days of them. */
const LOOK_BACK = 86_400n;

/** Payers that take their money back, as far as they still owe some of it. */
export class LeavingPurses {
  private readonly options: LeavingPursesOptions;
  /** From which second on a payer has its money. */
  private readonly leaving = new Map<Address, bigint>();
  private scan: LogScan | undefined;

  constructor(options: LeavingPursesOptions) {
    this.options = options;
  }

  /**
   * Payers whose purse will soon have less than they owe. An answer that was asked for since counts on what stays, so it endangers nothing.
   * @param closed epochs that the chain counts as spent
   * @param now the chain's time in seconds
   */
  async endangered(closed: bigint, now: bigint): Promise<ReadonlySet<Address>> {
    await this.read();
    const { client, at, host, book } = this.options;
    const found = new Set<Address>();
    for (const [payer, leavesAt] of this.leaving) {
      if (leavesAt < now) this.leaving.delete(payer);
      if (leavesAt < now || leavesAt > now + LEAVING_S) continue;
      const owed = book.pendingOf(payer, closed);
      if (owed.length === 0) continue;
      const { balance, leaving } = await purseOf(client, at, payer, host);
      const { platformBps } = await readParameters(client, at);
      if (feesOf(owed, platformBps) > balance - leaving) found.add(payer);
    }
    return found;
  }

  private async read(): Promise<void> {
    const { client, at, host } = this.options;
    const head = await client.public.getBlockNumber();
    this.scan ??= new LogScan(client, head > LOOK_BACK ? head - LOOK_BACK : 0n);
    await this.scan.advance(async (from, to) => {
      for (const payer of await leavingIn(client, at, host, { from, to })) {
        const { leaving, leavesAt } = await purseOf(client, at, payer, host);
        if (leaving > 0n) this.leaving.set(payer, leavesAt);
        else this.leaving.delete(payer);
      }
    });
  }
}
