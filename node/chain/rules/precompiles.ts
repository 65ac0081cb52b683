import type { Address } from "../types/primitives.ts";
import type { Fork } from "../types/rollup.ts";
import { type ForkSchedule, isActive } from "./forks.ts";

/** Number, name as EIP-7910 gives it, and the fork that brings it (undefined: all have it). */
const TABLE: readonly (readonly [number, string, Fork | undefined])[] = [
  [0x01, "ECREC", undefined],
  [0x02, "SHA256", undefined],
  [0x03, "RIPEMD160", undefined],
  [0x04, "ID", undefined],
  [0x05, "MODEXP", undefined],
  [0x06, "BN254_ADD", undefined],
  [0x07, "BN254_MUL", undefined],
  [0x08, "BN254_PAIRING", undefined],
  [0x09, "BLAKE2F", undefined],
  [0x0a, "KZG_POINT_EVALUATION", "ecotone"],
  [0x0b, "BLS12_G1ADD", "isthmus"],
  [0x0c, "BLS12_G1MSM", "isthmus"],
  [0x0d, "BLS12_G2ADD", "isthmus"],
  [0x0e, "BLS12_G2MSM", "isthmus"],
  [0x0f, "BLS12_PAIRING_CHECK", "isthmus"],
  [0x10, "BLS12_MAP_FP_TO_G1", "isthmus"],
  [0x11, "BLS12_MAP_FP2_TO_G2", "isthmus"],
  [0x100, "P256VERIFY", "fjord"],
];

/** The OP Stack's precompiles in an L2 block at `time`: names by address. Source: op-geth core/vm/contracts.go. */
export function stockPrecompiles(rules: ForkSchedule, time: bigint): Map<Address, string> {
  const active = TABLE.filter(([, , fork]) => fork === undefined || isActive(rules, fork, time));
  return new Map(active.map(([number, name]) => [`0x${number.toString(16).padStart(40, "0")}`, name]));
}
