import type { Fork, OpenLedgerConfig, RollupConfig } from "../types/rollup.ts";

/** When the forks come, of a rollup or of a genesis. */
export type ForkSchedule = Pick<RollupConfig, "forkTimes">;

/** True from the fork's time on; `time` is the clock that the rule names (L2 block or L1 origin), in seconds. */
export function isActive(config: ForkSchedule, fork: Fork, time: bigint): boolean {
  const at = config.forkTimes[fork];
  return at !== undefined && time >= at;
}

/** True for the first L2 block of the fork. A fork that is active at genesis has none. */
export function isActivationBlock(config: RollupConfig, fork: Fork, l2Time: bigint): boolean {
  return (
    isActive(config, fork, l2Time) &&
    l2Time > config.genesis.l2Time &&
    !isActive(config, fork, l2Time - config.blockTime)
  );
}

/** True when the `attribution` fork (our precompiles) is active at the L2 time. */
export function isAttributionActive(config: OpenLedgerConfig, l2Time: bigint): boolean {
  return config.attributionTime !== undefined && l2Time >= config.attributionTime;
}

/** True when the SpanVerifier is there too at the L2 time: never before the fork's other precompiles. */
export function isSpanVerifierActive(config: OpenLedgerConfig, l2Time: bigint): boolean {
  const { spanVerifierTime } = config;
  return spanVerifierTime !== undefined && l2Time >= spanVerifierTime && isAttributionActive(config, l2Time);
}

/** True unless a SpanVerifier has a time at which the fork's other precompiles are not there. */
export function isSpanVerifierInOrder({ attributionTime, spanVerifierTime }: OpenLedgerConfig): boolean {
  if (spanVerifierTime === undefined) return true;
  return attributionTime !== undefined && attributionTime <= spanVerifierTime;
}
