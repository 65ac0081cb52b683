import { FORKS, type Fork, type RollupConfig } from "../../chain/types/rollup.ts";
import { rollupError } from "../errors.ts";

const GENESIS_FORKS = FORKS.slice(0, FORKS.indexOf("holocene") + 1);
const LATER_FORKS = FORKS.slice(GENESIS_FORKS.length);

/**
 * Derivation knows Holocene's rules, and no fork that activates after genesis: its upgrade transactions and the stages before
 * Holocene are not there. A chain with another schedule is refused before anything of it is derived, never forked.
 * @throws CodedError `FORK_SCHEDULE_UNSUPPORTED`, which names the forks.
 */
export function assertForkSchedule({ forkTimes, genesis }: RollupConfig): void {
  const atGenesis = (fork: Fork) => (forkTimes[fork] ?? genesis.l2Time + 1n) <= genesis.l2Time;
  const missing = GENESIS_FORKS.filter((fork) => !atGenesis(fork));
  const later = LATER_FORKS.filter((fork) => forkTimes[fork] !== undefined && !atGenesis(fork));
  if (missing.length + later.length === 0) return;
  throw rollupError("FORK_SCHEDULE_UNSUPPORTED", {
    message: `Derivation needs these forks at genesis: ${[...missing, ...later].join(", ")}.`,
    fix: "Set their times in rollup.json to 0, or leave Isthmus and Jovian out.",
    facts: { missing, later },
  });
}
