import { Common, Hardfork, Mainnet } from "@ethereumjs/common";
import { isActive } from "../../../chain/rules/forks.ts";
import type { RollupConfig } from "../../../chain/types/rollup.ts";
import { chainCrypto } from "./crypto.ts";

/** The Ethereum hardfork whose EVM an L2 block at `time` runs. Source: OP Stack specs, "L1 twin" of each fork. */
export function ethereumHardfork(config: RollupConfig, time: bigint): Hardfork {
  if (isActive(config, "isthmus", time)) return Hardfork.Prague;
  if (isActive(config, "ecotone", time)) return Hardfork.Cancun;
  if (isActive(config, "canyon", time)) return Hardfork.Shanghai;
  return Hardfork.Paris;
}

/** A fresh Common for an EVM of a block at `time`; EVMs add listeners to theirs, so that none is shared. */
export function chainCommon(config: RollupConfig, time: bigint): Common {
  return new Common({
    chain: { ...Mainnet, chainId: config.l2ChainId.toString() },
    hardfork: ethereumHardfork(config, time),
    customCrypto: { ...chainCrypto },
  });
}
