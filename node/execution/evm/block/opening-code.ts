import { activePrecompiles } from "../../../../precompiles/active.ts";
import { PRECOMPILE_STUB_CODE, PRECOMPILE_STUB_NONCE } from "../../../../precompiles/addresses.ts";
import { hexToBytes } from "../../../base/bytes.ts";
import { CREATE2_DEPLOYER } from "../../../chain/constants.ts";
import type { Address } from "../../../chain/types/primitives.ts";
import { CREATE2_DEPLOYER_CODE } from "../../../chain/upgrades/bytecode.ts";
import type { ChainRules } from "../executor.ts";

/** Code that a block puts at an address; balance and storage stay. */
export interface OpeningCode {
  address: Address;
  /** Absent: the nonce stays. */
  nonce: bigint | undefined;
  code: Uint8Array;
}

/**
 * What the block at `time` writes before its first transaction, without one: create2Deployer in the block whose time is Canyon's
 * to the second, as in op-geth (`EnsureCreate2Deployer`), and the stubs of our precompiles in the first block that has them.
 */
export function openingCode({ rollup, openledger }: ChainRules, time: bigint): OpeningCode[] {
  const put: OpeningCode[] = [];
  if (rollup.forkTimes.canyon === time) {
    put.push({ address: CREATE2_DEPLOYER, nonce: undefined, code: hexToBytes(CREATE2_DEPLOYER_CODE) });
  }
  // Genesis holds its own.
  if (time <= rollup.genesis.l2Time) return put;
  const before = activePrecompiles(openledger, time - rollup.blockTime);
  for (const address of activePrecompiles(openledger, time)) {
    if (before.includes(address)) continue;
    put.push({ address, nonce: PRECOMPILE_STUB_NONCE, code: PRECOMPILE_STUB_CODE });
  }
  return put;
}
