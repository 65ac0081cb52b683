import type { ChainClient } from "./chain.ts";

/** Blocks that are read again after each step, so that a short reorg hides nothing. */
const OVERLAP = 16n;
/** Most blocks of one step. */
const MAX_STEP = 2_000n;

/**
 * Reads a chain's logs forward, range by range. A range that the node refuses (too many hits) is halved until it fits; what is
 * found in it is another's matter, so nothing that a stranger posts can hold the reading up.
 */
export class LogScan {
  private readonly client: ChainClient;
  private next: bigint;
  private step = MAX_STEP;

  constructor(client: ChainClient, from: bigint) {
    this.client = client;
    this.next = from;
  }

  /** The last block that was read. */
  get done(): bigint {
    return this.next - 1n;
  }

  /**
   * Reads one range.
   * @returns true when the head is reached
   * @throws what `read` throws for a single block.
   */
  async advance(read: (from: bigint, to: bigint) => Promise<void>): Promise<boolean> {
    const head = await this.client.public.getBlockNumber();
    // The chain may have gone back.
    if (head + 1n < this.next) this.next = head + 1n;
    const from = this.next > OVERLAP ? this.next - OVERLAP : 0n;
    const last = this.next + this.step - 1n;
    const to = head < last ? head : last;
    try {
      await read(from, to);
    } catch (error) {
      if (this.step === 1n) throw error;
      this.step /= 2n;
      return false;
    }
    this.next = to + 1n;
    if (this.step < MAX_STEP) this.step *= 2n;
    return to === head;
  }
}
