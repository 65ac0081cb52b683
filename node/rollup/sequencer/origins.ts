import { monotonicMs, sleep } from "../../base/clock.ts";
import { isTemporary } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { L1Block } from "../../chain/types/l1.ts";
import type { BlockId } from "../../chain/types/primitives.ts";
import type { L1Reader } from "../l1/reader.ts";
import type { L1Watcher } from "../l1/watcher.ts";

/** What is known of L1 around an L2 block's origin. */
export interface KnownOrigins {
  /** The origin itself. */
  current: L1Block | undefined;
  /** The L1 block after it, once it is confirmed. */
  next: L1Block | undefined;
  /** Why the origin is not on L1 any more. */
  replaced: string | undefined;
}

export interface OriginsOptions {
  l1: Pick<L1Reader, "blockByHash" | "blockByNumber" | "refByNumber">;
  watcher: Pick<L1Watcher, "heads">;
  /** L1 blocks that must lie above a new L1 origin. */
  confirmations: bigint;
  logger: Logger;
  signal: AbortSignal;
}

/** Keeps the origins that the next blocks need in memory: building a block waits for no L1. */
export interface Origins {
  /** What is known; asks L1 for what is not, and waits a little for it where L1 has been answering. */
  around(origin: BlockId): Promise<KnownOrigins>;
  /** Asks L1 in the background. */
  prepare(origin: BlockId): void;
}

/** Longest wait for an L1 that answers, as op-node's; one that has just failed or hangs is not waited for. */
const PATIENCE_MS = 500;
/** Pause after a failure. */
const PAUSE_MS = 500;

export function createOrigins(options: OriginsOptions): Origins {
  return new OriginKeeper(options);
}

class OriginKeeper implements Origins {
  private readonly options: OriginsOptions;
  private known: KnownOrigins & { of: BlockId | undefined } = {
    of: undefined,
    current: undefined,
    next: undefined,
    replaced: undefined,
  };
  private asking: Promise<void> | undefined;
  private askingSince = 0;
  /** Origin and L1 head for which L1 has answered. */
  private answered = "";
  private failedAt = Number.NEGATIVE_INFINITY;

  constructor(options: OriginsOptions) {
    this.options = options;
  }

  async around(origin: BlockId): Promise<KnownOrigins> {
    this.prepare(origin);
    const { asking } = this;
    if (asking !== undefined) {
      const left = PATIENCE_MS - (monotonicMs() - this.askingSince);
      if (left > 0) await Promise.race([asking, sleep(left, this.options.signal)]);
    }
    if (this.known.of?.hash !== origin.hash) this.moveTo(origin);
    return this.known;
  }

  prepare(origin: BlockId): void {
    if (this.known.of?.hash !== origin.hash) this.moveTo(origin);
    const head = this.options.watcher.heads()?.latest;
    const question = `${origin.hash} ${head?.hash}`;
    if (this.asking !== undefined || this.answered === question) return;
    if (monotonicMs() - this.failedAt < PAUSE_MS) return;
    this.askingSince = monotonicMs();
    this.asking = this.ask(origin, head?.number ?? 0n)
      .then(() => {
        this.answered = question;
      })
      .catch((error: unknown) => this.failed(error))
      .finally(() => {
        this.asking = undefined;
      });
  }

  /** The origin that was next has become the current one. */
  private moveTo(origin: BlockId): void {
    const { next, current } = this.known;
    const own = [current, next].find((block) => block?.hash === origin.hash);
    this.known = { of: origin, current: own, next: undefined, replaced: undefined };
  }

  private async ask(origin: BlockId, head: bigint): Promise<void> {
    const { l1, confirmations } = this.options;
    const { hash, number } = origin;
    const isConfirmed = number + 1n + confirmations <= head;
    const [current, canonical, next] = await Promise.all([
      this.known.current ?? l1.blockByHash(hash),
      l1.refByNumber(number),
      isConfirmed ? l1.blockByNumber(number + 1n) : undefined,
    ]);
    if (this.known.of?.hash !== hash) return;
    const replaced =
      canonical !== undefined && canonical.hash !== hash
        ? `L1 block ${number} is not ${hash} any more`
        : next !== undefined && next.parentHash !== hash
          ? `L1 block ${next.number} does not follow ${hash}`
          : undefined;
    this.known = {
      of: origin,
      current: current ?? this.known.current,
      next: next ?? this.known.next,
      replaced,
    };
  }

  private failed(error: unknown): void {
    const { signal, logger } = this.options;
    this.failedAt = monotonicMs();
    if (signal.aborted) return;
    const log = isTemporary(error) ? logger.debug : logger.error;
    log.call(logger, { error }, "L1 does not tell the next origin, blocks go on with what is known");
  }
}
