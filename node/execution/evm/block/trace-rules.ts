import { ATTRIBUTION_PRECOMPILES } from "../../../../precompiles/addresses.ts";
import { isActive, isAttributionActive } from "../../../chain/rules/forks.ts";
import { stockPrecompiles } from "../../../chain/rules/precompiles.ts";
import type { ChainRules } from "../executor.ts";
import type { TransactionStart } from "./tracer.ts";

/** What a tracer is told of a block's rules. */
export function traceRules(
  { rollup, openledger }: ChainRules,
  time: bigint,
): Pick<TransactionStart, "keepsDestroyed" | "delegates" | "isPrecompile"> {
  const stock = stockPrecompiles(rollup, time);
  const ours = isAttributionActive(openledger, time) ? ATTRIBUTION_PRECOMPILES : [];
  return {
    keepsDestroyed: isActive(rollup, "ecotone", time),
    delegates: isActive(rollup, "isthmus", time),
    isPrecompile: (address) => stock.has(address) || ours.includes(address),
  };
}
