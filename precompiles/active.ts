import { isAttributionActive, isSpanVerifierActive } from "../node/chain/rules/forks.ts";
import type { Address } from "../node/chain/types/primitives.ts";
import type { OpenLedgerConfig } from "../node/chain/types/rollup.ts";
import { ATTRIBUTION_PRECOMPILES, OWN_PRECOMPILES } from "./addresses.ts";

const NONE: readonly Address[] = [];

/** The precompiles that a chain adds to the stock rollup's at an L2 time, ascending; always one of three lists. */
export function activePrecompiles(config: OpenLedgerConfig, l2Time: bigint): readonly Address[] {
  if (isSpanVerifierActive(config, l2Time)) return OWN_PRECOMPILES;
  return isAttributionActive(config, l2Time) ? ATTRIBUTION_PRECOMPILES : NONE;
}
