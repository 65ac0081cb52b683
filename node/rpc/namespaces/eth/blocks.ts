import type { Block } from "../../../chain/types/block.ts";
import { blockToRpc, headerToRpc } from "../../format/block.ts";
import { quantity } from "../../format/quantity.ts";
import { receiptToRpc } from "../../format/receipt.ts";
import { blockNumberParam, blockParam, booleanParam, hashParam } from "../../params.ts";
import { type FoundHeader, findBlock, findHeader, receiptsOf } from "../../resolve.ts";
import type { ChainReader, RpcMethods } from "../../types.ts";

function full(params: readonly unknown[]): boolean {
  return params[1] === undefined ? false : booleanParam(params[1], 1, "full transactions flag");
}

/** Blocks and all their receipts. */
export function blockMethods(chain: ChainReader): RpcMethods {
  const byParam = (params: readonly unknown[]) => findBlock(chain, blockNumberParam(params[0], 0));
  const byHash = (params: readonly unknown[]) => chain.blockByHash(hashParam(params[0], 0));
  const present = async (block: Block | undefined, withTransactions: boolean) =>
    block === undefined
      ? null
      : blockToRpc(block, withTransactions ? await receiptsOf(chain, block) : undefined);
  const headerOf = (found: FoundHeader | undefined) =>
    found === undefined ? null : headerToRpc(found.header, found.hash);
  return {
    eth_blockNumber: () => quantity(chain.head("unsafe").number),
    eth_getBlockByNumber: async (params) => present(await byParam(params), full(params)),
    eth_getBlockByHash: async (params) => present(await byHash(params), full(params)),
    eth_getHeaderByNumber: async (params) =>
      headerOf(await findHeader(chain, blockNumberParam(params[0], 0))),
    eth_getHeaderByHash: async (params) =>
      headerOf(await findHeader(chain, { hash: hashParam(params[0], 0), requireCanonical: false })),
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
    eth_getUncleByBlockNumberAndIndex: () => null,
    eth_getUncleByBlockHashAndIndex: () => null,
    eth_getBlockReceipts: async (params) => {
      const block = await findBlock(chain, blockParam(params[0], 0));
      if (block === undefined) return null;
      const receipts = await receiptsOf(chain, block);
      return receipts.map((_, index) => receiptToRpc(block, receipts, index));
    },
  };
}
