import { bytesToHex } from "../../base/bytes.ts";
import { encodeBlock } from "../../chain/codec/block.ts";
import { encodeHeader } from "../../chain/codec/header.ts";
import { encodeReceipt } from "../../chain/codec/receipt.ts";
import type { Block, Receipt } from "../../chain/types/block.ts";
import { RPC_CODE } from "../errors.ts";
import { blockToRpc } from "../format/block.ts";
import { quantity } from "../format/quantity.ts";
import { receiptToRpc } from "../format/receipt.ts";
import { transactionToRpc } from "../format/transaction.ts";
import { blockParam, booleanParam, hashParam, uint64Param } from "../params.ts";
import { findBlock } from "../resolve.ts";
import { type ChainReader, RpcError, type RpcMethods, type TxPool } from "../types.ts";

async function receiptsOf(chain: ChainReader, block: Block): Promise<readonly Receipt[]> {
  const receipts = await chain.receipts(block.hash);
  if (receipts !== undefined) return receipts;
  if (block.transactions.length === 0) return [];
  throw new RpcError(RPC_CODE.internal, "receipts of a stored block are missing");
}

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

function full(params: readonly unknown[]): boolean {
  return params[1] === undefined ? false : booleanParam(params[1], 1, "full transactions flag");
}

/** Blocks, their transactions and receipts. */
export function blockMethods(chain: ChainReader, pool: TxPool | undefined): RpcMethods {
  const byParam = (params: readonly unknown[]) => findBlock(chain, blockParam(params[0], 0));
  const byHash = (params: readonly unknown[]) => chain.blockByHash(hashParam(params[0], 0));
  const present = async (block: Block | undefined, withTransactions: boolean) =>
    block === undefined
      ? null
      : blockToRpc(block, withTransactions ? await receiptsOf(chain, block) : undefined);
  return {
    eth_blockNumber: () => quantity(chain.head("unsafe").number),
    eth_getBlockByNumber: async (params) => present(await byParam(params), full(params)),
    eth_getBlockByHash: async (params) => present(await byHash(params), full(params)),
    eth_getBlockTransactionCountByNumber: async (params) => {
      const block = await byParam(params);
      return block === undefined ? null : quantity(block.transactions.length);
    },
    eth_getBlockTransactionCountByHash: async (params) => {
      const block = await byHash(params);
      return block === undefined ? null : quantity(block.transactions.length);
    },
    eth_getUncleCountByBlockNumber: async (params) => ((await byParam(params)) === undefined ? null : "0x0"),
    eth_getUncleCountByBlockHash: async (params) => ((await byHash(params)) === undefined ? null : "0x0"),
    eth_getBlockReceipts: async (params) => {
      const block = await byParam(params);
      if (block === undefined) return null;
      const receipts = await receiptsOf(chain, block);
      return receipts.map((_, index) => receiptToRpc(block, receipts, index));
    },
    eth_getTransactionByBlockNumberAndIndex: async (params) =>
      transactionAt(chain, await byParam(params), uint64Param(params[1], 1, "index")),
    eth_getTransactionByBlockHashAndIndex: async (params) =>
      transactionAt(chain, await byHash(params), uint64Param(params[1], 1, "index")),
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
    eth_getRawTransactionByHash: async (params) => {
      const hash = hashParam(params[0], 0);
      const location = await chain.locate(hash);
      const block = location && (await chain.blockByHash(location.blockHash));
      const found = location === undefined ? pool?.get(hash) : block?.transactions[location.index];
      return found === undefined ? null : bytesToHex(found.raw);
    },
  };
}

/** `debug_getRaw*`: what the reference programs are compared with. */
export function rawMethods(chain: ChainReader, pool: TxPool | undefined): RpcMethods {
  const required = async (params: readonly unknown[]): Promise<Block> => {
    const block = await findBlock(chain, blockParam(params[0], 0));
    if (block === undefined) throw new RpcError(RPC_CODE.server, "block not found");
    return block;
  };
  return {
    debug_getRawHeader: async (params) => bytesToHex(encodeHeader((await required(params)).header)),
    debug_getRawBlock: async (params) => bytesToHex(encodeBlock(await required(params))),
    debug_getRawReceipts: async (params) => {
      const receipts = await receiptsOf(chain, await required(params));
      return receipts.map((receipt) => bytesToHex(encodeReceipt(receipt)));
    },
    debug_getRawTransaction: blockMethods(chain, pool).eth_getRawTransactionByHash!,
  };
}
