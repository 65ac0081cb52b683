import type { Logger } from "../../base/logger.ts";
import type { Hex } from "../../chain/types/primitives.ts";
import type { ChainClient, ProtocolAddresses, Sender } from "../client/chain.ts";
import { originNumber, reachOrder, recordOrder, seedOf } from "../client/seeds.ts";

/** L1 headers in RLP: of block `from`, then of the one before, and so on. */
export type L1Headers = (from: bigint, count: number) => Promise<readonly Hex[]>;

export interface SeedRecorderOptions {
  client: ChainClient;
  at: Pick<ProtocolAddresses, "seeds">;
  send: Sender;
  /** Without them a block whose turn as origin has passed stays unrecorded. */
  headers: L1Headers | undefined;
  logger: Pick<Logger, "debug" | "warn">;
}

/** Headers of one transaction: some 40,000 gas each. */
const HEADERS_AT_ONCE = 64n;
/** Farthest way back by headers: more than the sequencing window of a live chain. */
const MAX_BACK = 16_384n;
const MAX_KNOWN = 256;

/**
 * Records the L1 blocks that draws wait for: while one is L2's origin, or afterwards by headers back from a later one. Whoever
 * needs a draw runs one; what somebody else recorded is recorded for all.
 */
export class SeedRecorder {
  private readonly options: SeedRecorderOptions;
  /** Recorded blocks, to go back from. */
  private readonly known = new Set<bigint>();
  private turn: Promise<unknown> = Promise.resolve();

  constructor(options: SeedRecorderOptions) {
    this.options = options;
  }

  /** Sees to it that L1 block `l1Block` is recorded. @returns false while L2 has not got there. */
  obtain(l1Block: bigint): Promise<boolean> {
    const mine = this.turn.catch(() => undefined).then(() => this.record(l1Block));
    this.turn = mine;
    return mine;
  }

  /** L1 blocks until `l1Block` is L2's origin; 0 or less from then on. */
  async distance(l1Block: bigint): Promise<bigint> {
    return l1Block - (await originNumber(this.options.client));
  }

  private async record(l1Block: bigint): Promise<boolean> {
    const { client, at, send, headers, logger } = this.options;
    if (await this.isRecorded(l1Block)) return true;
    // The next block may have the next origin.
    if ((await originNumber(client)) < l1Block - 1n) return false;
    let from = this.nearest(l1Block);
    if (from === undefined) {
      const { hash, receipt } = await send(recordOrder(at));
      from = await originNumber(client, receipt.blockNumber);
      logger.debug({ l1Block: from, transaction: hash }, "recorded an L1 block for draws");
      this.remember(from);
    }
    if (from <= l1Block) return from === l1Block;
    if (headers === undefined || from - l1Block > MAX_BACK) {
      logger.warn(
        { l1Block, from },
        "an L1 block for a draw was missed, and no L1 node is there to go back to it",
      );
      return false;
    }
    while (from > l1Block) {
      const count = from - l1Block < HEADERS_AT_ONCE ? from - l1Block : HEADERS_AT_ONCE;
      await send(reachOrder(at, from, await headers(from, Number(count))));
      from -= count;
      this.remember(from);
    }
    return true;
  }

  private async isRecorded(l1Block: bigint): Promise<boolean> {
    if (this.known.has(l1Block)) return true;
    if ((await seedOf(this.options.client, this.options.at, l1Block)) === undefined) return false;
    this.remember(l1Block);
    return true;
  }

  private nearest(l1Block: bigint): bigint | undefined {
    let found: bigint | undefined;
    for (const block of this.known)
      if (block > l1Block && (found === undefined || block < found)) found = block;
    return found;
  }

  private remember(l1Block: bigint): void {
    this.known.add(l1Block);
    const [oldest] = this.known;
    if (this.known.size > MAX_KNOWN && oldest !== undefined) this.known.delete(oldest);
  }
}
