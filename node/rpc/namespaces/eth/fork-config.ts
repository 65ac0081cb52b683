import { crc32 } from "node:zlib";
import { concatBytes, hexToBytes } from "../../../base/bytes.ts";
import { BEACON_ROOTS, HISTORY_STORAGE } from "../../../chain/constants.ts";
import { isActive } from "../../../chain/rules/forks.ts";
import { stockPrecompiles } from "../../../chain/rules/precompiles.ts";
import type { RollupConfig } from "../../../chain/types/rollup.ts";
import { quantity } from "../../format/quantity.ts";

/** Times of the forks that execution knows (Delta is the derivation's own), ascending, each once. */
function forkTimes({ forkTimes: { delta: _, ...times } }: RollupConfig): bigint[] {
  return [...new Set(Object.values(times))].sort((a, b) => (a < b ? -1 : 1));
}

/** EIP-2124's identifier of the forks up to `time`, as 4 bytes of hex. */
function forkId(rollup: RollupConfig, time: bigint): string {
  const later = forkTimes(rollup).filter((at) => at > rollup.genesis.l2Time && at <= time);
  const words = later.map((at) => {
    const word = new Uint8Array(8);
    new DataView(word.buffer).setBigUint64(0, at);
    return word;
  });
  const sum = crc32(concatBytes(hexToBytes(rollup.genesis.l2.hash), ...words));
  return `0x${sum.toString(16).padStart(8, "0")}`;
}

function configAt(rollup: RollupConfig, time: bigint): Record<string, unknown> {
  const activated = forkTimes(rollup).filter((at) => at <= time);
  const newest = activated.at(-1) ?? 0n;
  const names = [...stockPrecompiles(rollup, time)].map(([address, name]) => [name, address]);
  return {
    activationTime: newest <= rollup.genesis.l2Time ? 0 : Number(newest),
    // No block of an OP Stack chain holds blobs.
    blobSchedule: null,
    chainId: quantity(rollup.l2ChainId),
    forkId: forkId(rollup, time),
    precompiles: Object.fromEntries(names),
    systemContracts: {
      ...(isActive(rollup, "ecotone", time) && { BEACON_ROOTS_ADDRESS: BEACON_ROOTS }),
      ...(isActive(rollup, "isthmus", time) && { HISTORY_STORAGE_ADDRESS: HISTORY_STORAGE }),
    },
  };
}

/** `eth_config` (EIP-7910): the rules of a block at `time`, of the next fork and of the last. */
export function forkConfig(rollup: RollupConfig, time: bigint): Record<string, unknown> {
  const coming = forkTimes(rollup).filter((at) => at > time);
  const [next, last] = [coming[0], coming.at(-1)];
  return {
    current: configAt(rollup, time),
    next: next === undefined ? null : configAt(rollup, next),
    last: last === undefined ? null : configAt(rollup, last),
  };
}
