import type { CodedError } from "../../base/errors.ts";
import type { L1Block, L1BlockRef } from "../../chain/types/l1.ts";
import type { Hash } from "../../chain/types/primitives.ts";
import { rollupError } from "../errors.ts";
import { parseL1Block, parseL1Ref, parseQuantity } from "./format.ts";
import type { L1Rpc } from "./rpc.ts";

export type L1Label = "latest" | "safe" | "finalized";

/** What the node reads of L1. Blocks that L1 does not have (yet, or any more) are undefined. */
export interface L1Reader {
  chainId(): Promise<bigint>;
  label(label: L1Label): Promise<L1BlockRef | undefined>;
  refByNumber(number: bigint): Promise<L1BlockRef | undefined>;
  blockByNumber(number: bigint): Promise<L1Block | undefined>;
}

/** Blocks kept in memory, so that sequencer and derivation fetch each only once. */
const CACHED_BLOCKS = 64;

/** Reads L1 through `rpc`. Errors: those of the calls and `L1_RESPONSE_INVALID`. */
export function createL1Reader(rpc: L1Rpc): L1Reader {
  const cache = new Map<Hash, L1Block>();
  const refByNumber = async (number: bigint) => {
    const ref = parseL1Ref(await rpc("eth_getBlockByNumber", [toHex(number), false]));
    if (ref !== undefined && ref.number !== number) throw wrongBlock(number, ref.number);
    return ref;
  };
  return {
    chainId: async () => parseQuantity("eth_chainId", await rpc("eth_chainId", [])),
    label: async (label) => parseL1Ref(await rpc("eth_getBlockByNumber", [label, false])),
    refByNumber,
    async blockByNumber(number) {
      const ref = await refByNumber(number);
      if (ref === undefined) return undefined;
      const cached = cache.get(ref.hash);
      if (cached) return cached;
      const [block, receipts] = await Promise.all([
        rpc("eth_getBlockByHash", [ref.hash, true]),
        rpc("eth_getBlockReceipts", [ref.hash]),
      ]);
      // A reorganisation between the calls takes the block away; the caller asks again by number.
      if (block === null || receipts === null) return undefined;
      const parsed = parseL1Block(block, receipts);
      cache.set(parsed.hash, parsed);
      const oldest = cache.keys().next();
      if (cache.size > CACHED_BLOCKS && !oldest.done) cache.delete(oldest.value);
      return parsed;
    },
  };
}

/** JSON-RPC quantity. */
export function toHex(value: bigint): string {
  return `0x${value.toString(16)}`;
}

function wrongBlock(asked: bigint, given: bigint): CodedError {
  return rollupError("L1_RESPONSE_INVALID", {
    message: `The L1 node gave block ${given} when asked for block ${asked}.`,
    fix: "Use another L1 node.",
    facts: { asked, given },
  });
}
