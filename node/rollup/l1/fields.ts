import { z } from "zod";
import { hexToBytes } from "../../base/bytes.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";

const lowerHex = (pattern: RegExp) =>
  z
    .string()
    .transform((text) => text.toLowerCase())
    .pipe(z.string().regex(pattern));

/** JSON-RPC's kinds of values. */
export const hash = lowerHex(/^0x[0-9a-f]{64}$/).transform((text) => text as Hash);
export const address = lowerHex(/^0x[0-9a-f]{40}$/).transform((text) => text as Address);
export const quantity = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,64}$/)
  .transform(BigInt);
export const data = z
  .string()
  .regex(/^0x([0-9a-fA-F]{2})*$/)
  .transform((text) => hexToBytes(text as Hex));
