import { maxBigInt, minBigInt } from "../../../base/bigint.ts";
import { nextBaseFee } from "../../../chain/rules/base-fee.ts";
import type { Block, BlockHeader, Receipt } from "../../../chain/types/block.ts";
import type { Hash } from "../../../chain/types/primitives.ts";
import type { RollupConfig } from "../../../chain/types/rollup.ts";
import { RPC_CODE } from "../../errors.ts";
import { quantity } from "../../format/quantity.ts";
import { type ChainReader, RpcError, type RpcMethods } from "../../types.ts";
import { feeHistory } from "./fee-history.ts";
import { sortedTips } from "./tips.ts";

/** op-geth's least tip suggestion, in wei. */
const MIN_TIP = 1_000_000n;
/** The highest that is suggested, in wei: geth's `gpo.maxprice`. */
const MAX_TIP = 500_000_000_000n;

/** op-geth: where a block was nearly full, a tenth above its median tip; else the least one. */
function tipAfter(block: Block, receipts: readonly Receipt[]): bigint {
  const largest = receipts.reduce((most, { gasUsed }) => maxBigInt(most, gasUsed), 0n);
  if (receipts.length === 0 || block.header.gasUsed + largest <= block.header.gasLimit) return MIN_TIP;
  const median = sortedTips(block, receipts)[receipts.length >> 1]!.tip;
  return minBigInt(maxBigInt(median + median / 10n, MIN_TIP), MAX_TIP);
}

/** Suggests tips; asked again on the same head it reads nothing. */
function tipOracle(chain: ChainReader): () => Promise<bigint> {
  let last: { head: Hash; tip: bigint } | undefined;
  return async () => {
    const { hash } = chain.head("unsafe");
    if (last?.head === hash) return last.tip;
    const block = await chain.blockByHash(hash);
    const receipts = block && (await chain.receipts(hash));
    const tip = block === undefined || receipts === undefined ? MIN_TIP : tipAfter(block, receipts);
    last = { head: hash, tip };
    return tip;
  };
}

async function headHeader(chain: ChainReader): Promise<BlockHeader> {
  const found = await chain.headerByNumber(chain.head("unsafe").number);
  if (found === undefined) throw new RpcError(RPC_CODE.server, "header not found");
  return found.header;
}

/** Fee suggestions and history. */
export function feeMethods(chain: ChainReader, rollup: RollupConfig): RpcMethods {
  const suggestTip = tipOracle(chain);
  return {
    eth_maxPriorityFeePerGas: async () => quantity(await suggestTip()),
    eth_gasPrice: async () => {
      const header = await headHeader(chain);
      return quantity((header.baseFeePerGas ?? 0n) + (await suggestTip()));
    },
    eth_baseFee: async () => {
      const header = await headHeader(chain);
      return quantity(nextBaseFee(rollup, header, header.timestamp + rollup.blockTime));
    },
    eth_blobBaseFee: () => "0x1",
    eth_feeHistory: feeHistory(chain, rollup),
  };
}
