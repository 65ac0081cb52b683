import { sleep } from "../../base/clock.ts";
import type { ChainClient } from "./chain.ts";

/** Blocks that are read again after each step, so that a short reorg hides nothing. */
const OVERLAP = 16n;
/** Most blocks of one step. */
const STEP = 2_000n;

/**
 * Calls `handle` with ranges of blocks that together cover the chain from `from` on, until the signal. Ranges overlap:
 * `handle` has to know what it has done. A range whose handling fails is given again.
 */
export async function followBlocks(
  client: ChainClient,
  options: { from: bigint; intervalMs: number; signal: AbortSignal; onError: (error: unknown) => void },
  handle: (from: bigint, to: bigint) => Promise<void>,
): Promise<void> {
  let next = options.from;
  while (!options.signal.aborted) {
    try {
      const head = await client.public.getBlockNumber();
      if (head + 1n < next) next = head + 1n;
      const from = next > OVERLAP ? next - OVERLAP : 0n;
      const to = head < from + STEP ? head : from + STEP;
      await handle(from, to);
      next = to + 1n;
      if (to < head) continue;
    } catch (error) {
      options.onError(error);
    }
    await sleep(options.intervalMs, options.signal).catch(() => undefined);
  }
}
