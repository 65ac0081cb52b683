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

/** True for the block whose execution starts with writing the precompiles' stubs. */
export function isAttributionActivationBlock(
  config: OpenLedgerConfig,
  rollup: RollupConfig,
  l2Time: bigint,
): boolean {
  return (
    isAttributionActive(config, l2Time) &&
    l2Time > rollup.genesis.l2Time &&
    !isAttributionActive(config, l2Time - rollup.blockTime)
  );
}
