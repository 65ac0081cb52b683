import { type CodedError, isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { L1Block, L1BlockRef } from "../../chain/types/l1.ts";
import type { Address, Hash } from "../../chain/types/primitives.ts";
import { rollupError } from "../errors.ts";
import { createEndpoints } from "./endpoints.ts";
import { invalidAnswer, parseL1Block, parseL1Ref, parseQuantity } from "./format.ts";
import type { L1Rpc } from "./rpc.ts";
import { verifyHeader, verifyL1Block } from "./verify.ts";

export type L1Label = "latest" | "safe" | "finalized";

/** What the node reads of L1. Blocks that L1 does not have (yet, or any more) are undefined. */
export interface L1Reader {
  chainId(): Promise<bigint>;
  label(label: L1Label): Promise<L1BlockRef | undefined>;
  refByNumber(number: bigint): Promise<L1BlockRef | undefined>;
  blockByNumber(number: bigint): Promise<L1Block | undefined>;
  /** Without a look at L1 where the block was read before, whether or not it is canonical. */
  blockByHash(hash: Hash): Promise<L1Block | undefined>;
}

export interface L1ReaderOptions {
  /** True: nothing is recomputed, L1 is believed. */
  trust?: boolean;
  /** The batch inbox: only of what was sent there is it checked who sent it. */
  inbox?: Address;
  logger?: Logger;
}

/** Blocks kept in memory, so that sequencer and derivation fetch each only once. */
const CACHED_BLOCKS = 64;
/** Receipts asked for at a time where an L1 node gives them one by one only. */
const RECEIPTS_AT_A_TIME = 20;
/** JSON-RPC: there is no such method. */
const METHOD_NOT_FOUND = -32601;

/**
 * Reads L1 through one connection or several, which stand in for each other. Every header is hashed and every block's
 * transactions and receipts are compared with their roots, unless told to trust. Errors: those of the calls and
 * `L1_RESPONSE_INVALID`.
 */
export function createL1Reader(rpc: L1Rpc | readonly L1Rpc[], options: L1ReaderOptions = {}): L1Reader {
  return new Reader([rpc].flat() as L1Rpc[], options);
}

class Reader implements L1Reader {
  private readonly options: L1ReaderOptions;
  private readonly rpcs: readonly L1Rpc[];
  private readonly endpoints: ReturnType<typeof createEndpoints<L1Rpc>>;
  private readonly cache = new Map<Hash, L1Block>();
  /** Number of the highest head that any endpoint named. */
  private highest = 0n;

  constructor(rpcs: readonly L1Rpc[], options: L1ReaderOptions) {
    this.options = options;
    this.rpcs = rpcs;
    this.endpoints = createEndpoints(rpcs, options.logger ? { logger: options.logger } : {});
  }

  chainId(): Promise<bigint> {
    return this.endpoints.use(async (rpc) => parseQuantity("eth_chainId", await rpc("eth_chainId", [])));
  }

  async label(label: L1Label): Promise<L1BlockRef | undefined> {
    const ref = await this.endpoints.use(async (rpc) =>
      this.refOf(await rpc("eth_getBlockByNumber", [label, false])),
    );
    if (ref !== undefined && ref.number > this.highest) this.highest = ref.number;
    return ref;
  }

  refByNumber(number: bigint): Promise<L1BlockRef | undefined> {
    return this.fromAny(number, async (rpc) => {
      const ref = this.refOf(await rpc("eth_getBlockByNumber", [toHex(number), false]));
      if (ref !== undefined && ref.number !== number) throw wrongBlock(number, ref.number);
      return ref;
    });
  }

  blockByNumber(number: bigint): Promise<L1Block | undefined> {
    return this.fromAny(number, async (rpc) => {
      const block = await this.read(rpc, await rpc("eth_getBlockByNumber", [toHex(number), true]));
      if (block !== undefined && block.number !== number) throw wrongBlock(number, block.number);
      return block;
    });
  }

  async blockByHash(hash: Hash): Promise<L1Block | undefined> {
    const cached = this.cache.get(hash);
    if (cached !== undefined) return cached;
    return this.endpoints.use(async (rpc) => {
      const block = await this.read(rpc, await rpc("eth_getBlockByHash", [hash, true]));
      if (block !== undefined && block.hash !== hash) throw wrongBlock(hash, block.hash);
      return block;
    });
  }

  /** What the preferred endpoint has; of a block that some endpoint must have, what any has. */
  private async fromAny<T>(
    number: bigint,
    task: (rpc: L1Rpc) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const answer = await this.endpoints.use(task);
    if (answer !== undefined || number > this.highest || this.rpcs.length === 1) return answer;
    for (const rpc of this.rpcs) {
      const other = await task(rpc).catch((error: unknown) => {
        if (!isCodedError(error)) throw error;
        return undefined;
      });
      if (other !== undefined) return other;
    }
    return undefined;
  }

  private refOf(answer: unknown): L1BlockRef | undefined {
    const ref = parseL1Ref(answer);
    if (ref !== undefined && !this.options.trust) verifyHeader(answer);
    return ref;
  }

  private async read(rpc: L1Rpc, answer: unknown): Promise<L1Block | undefined> {
    const ref = parseL1Ref(answer);
    if (ref === undefined) return undefined;
    const cached = this.cache.get(ref.hash);
    if (cached !== undefined) return cached;
    const receipts = await receiptsOf(rpc, ref.hash, answer);
    // A reorganisation between the calls takes the block away; the caller asks again by number.
    if (receipts === null) return undefined;
    const block = parseL1Block(answer, receipts);
    if (!this.options.trust) verifyL1Block(answer, receipts, block, this.options.inbox);
    this.cache.set(block.hash, block);
    const oldest = this.cache.keys().next();
    if (this.cache.size > CACHED_BLOCKS && !oldest.done) this.cache.delete(oldest.value);
    return block;
  }
}

/** All receipts of a block at once, or one by one from a node that has no method for that; null when it has not got them. */
async function receiptsOf(rpc: L1Rpc, blockHash: Hash, block: unknown): Promise<unknown> {
  try {
    return await rpc("eth_getBlockReceipts", [blockHash]);
  } catch (error) {
    if (!isCodedError(error, "L1_RPC_ERROR") || error.facts.rpcCode !== METHOD_NOT_FOUND) throw error;
  }
  const { transactions } = block as { transactions?: { hash?: unknown }[] };
  if (!Array.isArray(transactions)) throw invalidAnswer("eth_getBlockByNumber", "it has no transactions");
  const receipts: unknown[] = [];
  for (let from = 0; from < transactions.length; from += RECEIPTS_AT_A_TIME) {
    const some = transactions.slice(from, from + RECEIPTS_AT_A_TIME);
    receipts.push(...(await Promise.all(some.map(({ hash }) => rpc("eth_getTransactionReceipt", [hash])))));
  }
  return receipts.includes(null) ? null : receipts;
}

/** JSON-RPC quantity. */
export function toHex(value: bigint): string {
  return `0x${value.toString(16)}`;
}

function wrongBlock(asked: bigint | Hash, given: bigint | Hash): CodedError {
  return rollupError("L1_RESPONSE_INVALID", {
    message: `The L1 node gave block ${given} when asked for block ${asked}.`,
    fix: "Use another L1 node.",
    facts: { asked, given },
  });
}
