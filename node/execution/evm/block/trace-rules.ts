import { activePrecompiles } from "../../../../precompiles/active.ts";
import { isActive } from "../../../chain/rules/forks.ts";
import { stockPrecompiles } from "../../../chain/rules/precompiles.ts";
import type { ChainRules } from "../executor.ts";
import type { TransactionStart } from "./tracer.ts";

/** What a tracer is told of a block's rules. */
export function traceRules(
  { rollup, openledger }: ChainRules,
  time: bigint,
): Pick<TransactionStart, "keepsDestroyed" | "delegates" | "isPrecompile"> {
  const stock = stockPrecompiles(rollup, time);
  const ours = activePrecompiles(openledger, time);
  return {
    keepsDestroyed: isActive(rollup, "ecotone", time),
    delegates: isActive(rollup, "isthmus", time),
    isPrecompile: (address) => stock.has(address) || ours.includes(address),
  };
}
