import { bytesToHex } from "../base/bytes.ts";
import { randomBytes } from "../base/clock.ts";
import type { Hex } from "../chain/types/primitives.ts";

/**
 * An id that nobody can guess, for a filter or a subscription: 16 random bytes as a quantity, so without leading zeros.
 * Source: geth, `rpc.NewID`.
 */
export function newRpcId(random: Uint8Array = randomBytes(16)): Hex {
  const digits = bytesToHex(random).slice(2).replace(/^0+/, "");
  return `0x${digits === "" ? "0" : digits}`;
}
