import type { Block, Receipt } from "../../../chain/types/block.ts";
import { blockToRpc, headerToRpc } from "../../format/block.ts";
import { quantity } from "../../format/quantity.ts";
import { receiptToRpc } from "../../format/receipt.ts";
import { transactionToRpc } from "../../format/transaction.ts";
import { hashParam } from "../../params.ts";
import { findBlock, findHeader, receiptsOf } from "../../resolve.ts";
import type { ChainReader, RpcMethods } from "../../types.ts";
import { anyBlockParam, countParam, pageSizeParam } from "./params.ts";

/** "0x" and a selector: all that the list of a block's transactions shows of their input. */
const SELECTOR_TEXT = 10;

/** No block of an OP Stack chain pays its builder anything but its transactions' fees. */
const NO_ISSUANCE = { blockReward: "0x0", uncleReward: "0x0", issuance: "0x0" };

/** A block without what its own page does not show. */
function slimBlock(block: Block): Record<string, unknown> {
  const { transactions, ...rest } = blockToRpc(block, undefined);
  return { ...rest, logsBloom: null, transactionCount: block.transactions.length };
}

/** What the signed transactions paid for gas, in wei. L1's share is in the receipts. */
function gasFees(receipts: readonly Receipt[]): bigint {
  return receipts.reduce((sum, { gasUsed, effectiveGasPrice }) => sum + gasUsed * effectiveGasPrice, 0n);
}

function depositGas(block: Block, receipts: readonly Receipt[]): bigint {
  return receipts.reduce(
    (sum, { gasUsed }, index) => (block.transactions[index]!.kind === "deposit" ? sum + gasUsed : sum),
    0n,
  );
}

/** The blocks of Otterscan's pages. Source: Otterscan's JSON-RPC API, level 8. */
export function otsBlockMethods(chain: ChainReader): RpcMethods {
  const details = async (block: Block | undefined) => {
    if (block === undefined) return null;
    const receipts = await receiptsOf(chain, block);
    return {
      block: slimBlock(block),
      issuance: NO_ISSUANCE,
      totalFees: quantity(gasFees(receipts)),
      gasUsedDepositTx: quantity(depositGas(block, receipts)),
    };
  };
  return {
    erigon_getHeaderByNumber: async (params) => {
      const found = await findHeader(chain, anyBlockParam(params[0], 0));
      return found === undefined ? null : headerToRpc(found.header, found.hash);
    },
    ots_getBlockDetails: async (params) => details(await findBlock(chain, anyBlockParam(params[0], 0))),
    ots_getBlockDetailsByHash: async (params) => details(await chain.blockByHash(hashParam(params[0], 0))),
    /** Pages count from the block's end; each is in the block's order. */
    ots_getBlockTransactions: async (params) => {
      const number = anyBlockParam(params[0], 0);
      const page = countParam(params[1], 1, "page number", Number.MAX_SAFE_INTEGER);
      const size = pageSizeParam(params[2], 2);
      const block = await findBlock(chain, number);
      if (block === undefined) return null;
      const receipts = await receiptsOf(chain, block);
      const end = Math.max(0, block.transactions.length - page * size);
      const start = Math.max(0, end - size);
      const indexes = Array.from({ length: end - start }, (_, i) => start + i);
      return {
        fullblock: {
          ...slimBlock(block),
          transactions: indexes.map((index) => shortTransaction(block, receipts, index)),
        },
        receipts: indexes.map((index) => ({
          ...receiptToRpc(block, receipts, index),
          logs: null,
          logsBloom: null,
        })),
      };
    },
  };
}

function shortTransaction(
  block: Block,
  receipts: readonly Receipt[],
  index: number,
): Record<string, unknown> {
  const full = transactionToRpc(block.transactions[index]!, { block, index, receipt: receipts[index] });
  return { ...full, input: String(full.input).slice(0, SELECTOR_TEXT) };
}
