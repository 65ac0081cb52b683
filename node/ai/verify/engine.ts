import type { Hash } from "../../chain/types/primitives.ts";
import { keccakOf } from "../codec/hash.ts";

/** What this program's verifiers say that they run; counts up when the same request would give other bits. */
export const ENGINE: Hash = keccakOf(new TextEncoder().encode("openledger/engine/1"));
