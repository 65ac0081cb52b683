import type { Block } from "../../../chain/types/block.ts";
import type { Hash } from "../../../chain/types/primitives.ts";
import { invalidArgument, RPC_CODE } from "../../errors.ts";
import { receiptToRpc } from "../../format/receipt.ts";
import { dataParam } from "../../params.ts";
import { receiptsOf } from "../../resolve.ts";
import { type ChainReader, RpcError, type RpcMethod, type TxPool } from "../../types.ts";

/** How long a transaction is waited for unless the request says, and at most; ms, as in geth. */
const DEFAULT_WAIT_MS = 20_000;
const MAX_WAIT_MS = 60_000;
/** Requests that wait at once. */
const MAX_WAITING = 10_000;

/** Those who wait for a transaction to be in a block. */
class Inclusions {
  private readonly chain: ChainReader;
  private readonly waiting = new Map<Hash, Set<(block: Block) => void>>();
  private count = 0;
  private stop: (() => void) | undefined;

  constructor(chain: ChainReader) {
    this.chain = chain;
  }

  get isFull(): boolean {
    return this.count >= MAX_WAITING;
  }

  /** The block with the transaction; undefined where none came in time, or after `stop`. */
  wait(hash: Hash, timeoutMs: number): { block: Promise<Block | undefined>; stop: () => void } {
    let stop: () => void = () => undefined;
    const block = new Promise<Block | undefined>((resolve) => {
      const end = (found: Block | undefined) => {
        clearTimeout(timer);
        this.remove(hash, end);
        resolve(found);
      };
      const timer = setTimeout(end, timeoutMs, undefined);
      stop = () => end(undefined);
      this.add(hash, end);
    });
    return { block, stop };
  }

  private add(hash: Hash, end: (block: Block) => void): void {
    const others = this.waiting.get(hash) ?? new Set();
    this.waiting.set(hash, others.add(end));
    this.count++;
    this.stop ??= this.chain.onHead(({ added }) => {
      for (const block of added) this.included(block);
    });
  }

  private remove(hash: Hash, end: (block: Block) => void): void {
    const others = this.waiting.get(hash);
    if (others?.delete(end) === true) this.count--;
    if (others?.size === 0) this.waiting.delete(hash);
    if (this.count > 0) return;
    this.stop?.();
    this.stop = undefined;
  }

  private included(block: Block): void {
    for (const { hash } of block.transactions) {
      for (const end of [...(this.waiting.get(hash) ?? [])]) end(block);
    }
  }
}

function timeoutParam(value: unknown): number {
  if (value === undefined || value === null) return DEFAULT_WAIT_MS;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0) {
    throw invalidArgument(1, "timeout must be a whole number of milliseconds");
  }
  return value === 0 ? DEFAULT_WAIT_MS : Math.min(value, MAX_WAIT_MS);
}

/** `eth_sendRawTransactionSync` (EIP-7966): the receipt, once there is one. */
export function sendSync(chain: ChainReader, pool: TxPool | undefined): RpcMethod {
  const inclusions = new Inclusions(chain);
  return async (params) => {
    if (pool === undefined) throw new RpcError(RPC_CODE.server, "this node does not accept transactions");
    const raw = dataParam(params[0], 0);
    const timeoutMs = timeoutParam(params[1]);
    if (inclusions.isFull)
      throw new RpcError(RPC_CODE.limit, "too many requests wait for their transactions");
    const hash = await pool.add(raw);
    const block = await included(chain, inclusions, hash, timeoutMs);
    if (block === undefined) {
      const text = timeoutMs % 1000 === 0 ? `${timeoutMs / 1000}s` : `${timeoutMs}ms`;
      const message = `The transaction was added to the transaction pool but wasn't processed in ${text}`;
      throw new RpcError(RPC_CODE.notMinedYet, message, hash);
    }
    const index = block.transactions.findIndex((transaction) => transaction.hash === hash);
    return receiptToRpc(block, await receiptsOf(chain, block), index);
  };
}

/** It may have been in a block before it was waited for. */
async function included(
  chain: ChainReader,
  inclusions: Inclusions,
  hash: Hash,
  timeoutMs: number,
): Promise<Block | undefined> {
  const later = inclusions.wait(hash, timeoutMs);
  const location = await chain.locate(hash);
  const block = location && (await chain.blockByHash(location.blockHash));
  if (block === undefined) return later.block;
  later.stop();
  return block;
}
