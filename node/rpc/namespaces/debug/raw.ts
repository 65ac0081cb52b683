import { bytesToHex } from "../../../base/bytes.ts";
import { encodeBlock } from "../../../chain/codec/block.ts";
import { encodeHeader } from "../../../chain/codec/header.ts";
import { encodeReceipt } from "../../../chain/codec/receipt.ts";
import type { Block } from "../../../chain/types/block.ts";
import { RPC_CODE } from "../../errors.ts";
import { blockParam } from "../../params.ts";
import { findBlock, receiptsOf } from "../../resolve.ts";
import { type ChainReader, RpcError, type RpcMethods, type TxPool } from "../../types.ts";
import { rawTransactionByHash } from "../eth/transactions.ts";

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
    debug_getRawTransaction: rawTransactionByHash(chain, pool),
  };
}
