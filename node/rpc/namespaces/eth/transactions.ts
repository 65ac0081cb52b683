import { bytesToHex } from "../../../base/bytes.ts";
import type { Block } from "../../../chain/types/block.ts";
import type { Hex } from "../../../chain/types/primitives.ts";
import { RPC_CODE } from "../../errors.ts";
import { receiptToRpc } from "../../format/receipt.ts";
import { transactionToRpc } from "../../format/transaction.ts";
import { blockNumberParam, dataParam, hashParam, uint64Param } from "../../params.ts";
import { findBlock, receiptsOf } from "../../resolve.ts";
import { type ChainReader, RpcError, type RpcMethod, type RpcMethods, type TxPool } from "../../types.ts";
import { sendSync } from "./sync-send.ts";

async function transactionAt(
  chain: ChainReader,
  block: Block | undefined,
  index: bigint,
): Promise<Record<string, unknown> | null> {
  const transaction = block?.transactions[Number(index)];
  if (block === undefined || transaction === undefined) return null;
  const receipts = await receiptsOf(chain, block);
  return transactionToRpc(transaction, { block, index: Number(index), receipt: receipts[Number(index)] });
}

function rawTransactionAt(block: Block | undefined, index: bigint): Hex | null {
  const transaction = block?.transactions[Number(index)];
  return transaction === undefined ? null : bytesToHex(transaction.raw);
}

/** The signed bytes of a transaction by its hash, in a block or waiting. */
export function rawTransactionByHash(chain: ChainReader, pool: TxPool | undefined): RpcMethod {
  return async (params) => {
    const hash = hashParam(params[0], 0);
    const location = await chain.locate(hash);
    const block = location && (await chain.blockByHash(location.blockHash));
    const found = location === undefined ? pool?.get(hash) : block?.transactions[location.index];
    return found === undefined ? null : bytesToHex(found.raw);
  };
}

/** Transactions: sending them, and where they and their receipts are. */
export function transactionMethods(chain: ChainReader, pool: TxPool | undefined): RpcMethods {
  const byNumber = (params: readonly unknown[]) => findBlock(chain, blockNumberParam(params[0], 0));
  const byHash = (params: readonly unknown[]) => chain.blockByHash(hashParam(params[0], 0));
  const indexParam = (params: readonly unknown[]) => uint64Param(params[1], 1, "index");
  return {
    eth_sendRawTransaction: async (params) => {
      if (pool === undefined) throw new RpcError(RPC_CODE.server, "this node does not accept transactions");
      return pool.add(dataParam(params[0], 0));
    },
    eth_sendRawTransactionSync: sendSync(chain, pool),
    /** Of the node's own accounts, of which it has none. */
    eth_pendingTransactions: () => [],
    eth_getTransactionByBlockNumberAndIndex: async (params) =>
      transactionAt(chain, await byNumber(params), indexParam(params)),
    eth_getTransactionByBlockHashAndIndex: async (params) =>
      transactionAt(chain, await byHash(params), indexParam(params)),
    eth_getRawTransactionByBlockNumberAndIndex: async (params) =>
      rawTransactionAt(await byNumber(params), indexParam(params)),
    eth_getRawTransactionByBlockHashAndIndex: async (params) =>
      rawTransactionAt(await byHash(params), indexParam(params)),
    eth_getTransactionByHash: async (params) => {
      const hash = hashParam(params[0], 0);
      const location = await chain.locate(hash);
      if (location !== undefined) {
        return transactionAt(chain, await chain.blockByHash(location.blockHash), BigInt(location.index));
      }
      const waiting = pool?.get(hash);
      return waiting === undefined ? null : transactionToRpc(waiting, undefined);
    },
    eth_getTransactionReceipt: async (params) => {
      const location = await chain.locate(hashParam(params[0], 0));
      const block = location && (await chain.blockByHash(location.blockHash));
      if (location === undefined || block === undefined) return null;
      return receiptToRpc(block, await receiptsOf(chain, block), location.index);
    },
    eth_getRawTransactionByHash: rawTransactionByHash(chain, pool),
  };
}
