import type { Address } from "../../../chain/types/primitives.ts";
import type { FrameStart } from "../block/tracer.ts";

/** Whose storage and balance a frame works on. */
export function ownAddress({ kind, from, to }: FrameStart): Address {
  return kind === "DELEGATECALL" || kind === "CALLCODE" ? from : to;
}
