import type { Hex } from "../../chain/types/primitives.ts";

/** JSON-RPC quantity: hex without leading zeros. */
export function quantity(value: bigint | number): Hex {
  return `0x${value.toString(16)}`;
}

/** Quantity, or undefined (the field is left out of the JSON). */
export function optionalQuantity(value: bigint | number | undefined): Hex | undefined {
  return value === undefined ? undefined : quantity(value);
}
