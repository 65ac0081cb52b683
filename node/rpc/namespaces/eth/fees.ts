import { maxBigInt } from "../../../base/bigint.ts";
import { nextBaseFee } from "../../../chain/rules/base-fee.ts";
import type { Block, BlockHeader, Receipt } from "../../../chain/types/block.ts";
import type { RollupConfig } from "../../../chain/types/rollup.ts";
import { invalidArgument, RPC_CODE } from "../../errors.ts";
import { quantity } from "../../format/quantity.ts";
import { arrayParam, blockParam, uint64Param } from "../../params.ts";
import { blockNumberOf } from "../../resolve.ts";
import { type ChainReader, RpcError, type RpcMethods } from "../../types.ts";

/** op-geth's least tip suggestion, in wei. */
const MIN_TIP = 1_000_000n;
const MAX_HISTORY = 1024n;
const MAX_PERCENTILES = 100;

interface Tip {
  tip: bigint;
  gasUsed: bigint;
}

function tips(block: Block, receipts: readonly Receipt[]): Tip[] {
  const baseFee = block.header.baseFeePerGas ?? 0n;
  const list = receipts.map((receipt, index) => ({
    tip: block.transactions[index]?.kind === "deposit" ? 0n : receipt.effectiveGasPrice - baseFee,
    gasUsed: receipt.gasUsed,
  }));
  return list.sort((a, b) => (a.tip < b.tip ? -1 : a.tip > b.tip ? 1 : 0));
}

/** Tips at the percentiles of the block's gas, as geth counts them. */
function rewards(block: Block, receipts: readonly Receipt[], percentiles: readonly number[]): string[] {
  const sorted = tips(block, receipts);
  if (sorted.length === 0) return percentiles.map(() => "0x0");
  let index = 0;
  let sum = sorted[0]!.gasUsed;
  return percentiles.map((percentile) => {
    const threshold = BigInt(Math.floor((Number(block.header.gasUsed) * percentile) / 100));
    while (sum < threshold && index < sorted.length - 1) {
      index++;
      sum += sorted[index]!.gasUsed;
    }
    return quantity(sorted[index]!.tip);
  });
}

function percentilesParam(value: unknown): number[] {
  if (value === undefined || value === null) return [];
  const list = arrayParam(value, 2, "reward percentiles", MAX_PERCENTILES);
  let last = 0;
  return list.map((item) => {
    if (typeof item !== "number" || !(item >= 0 && item <= 100) || item < last) {
      throw invalidArgument(2, "reward percentiles must ascend between 0 and 100");
    }
    last = item;
    return item;
  });
}

function countParam(value: unknown): bigint {
  const count =
    typeof value === "number" && Number.isInteger(value) && value >= 0
      ? BigInt(value)
      : uint64Param(value, 0, "block count");
  if (count < 1n) throw invalidArgument(0, "block count must be at least 1");
  return count < MAX_HISTORY ? count : MAX_HISTORY;
}

/** op-geth: where the last block was nearly full, a tenth above its median tip; else the least one. */
async function suggestTip(chain: ChainReader): Promise<bigint> {
  const block = await chain.blockByHash(chain.head("unsafe").hash);
  const receipts = block && (await chain.receipts(block.hash));
  if (block === undefined || receipts === undefined || receipts.length < 2) return MIN_TIP;
  const largest = receipts.reduce((most, { gasUsed }) => maxBigInt(most, gasUsed), 0n);
  if (block.header.gasUsed + largest <= block.header.gasLimit) return MIN_TIP;
  const sorted = tips(block, receipts).slice(1);
  const raised = (sorted[sorted.length >> 1]!.tip * 11n) / 10n;
  return raised > MIN_TIP ? raised : MIN_TIP;
}

async function headHeader(chain: ChainReader): Promise<BlockHeader> {
  const found = await chain.headerByNumber(chain.head("unsafe").number);
  if (found === undefined) throw new RpcError(RPC_CODE.server, "header not found");
  return found.header;
}

/** Fee suggestions and history. */
export function feeMethods(chain: ChainReader, rollup: RollupConfig): RpcMethods {
  const next = (header: BlockHeader) => nextBaseFee(rollup, header, header.timestamp + rollup.blockTime);
  return {
    eth_maxPriorityFeePerGas: async () => quantity(await suggestTip(chain)),
    eth_gasPrice: async () => {
      const header = await headHeader(chain);
      return quantity((header.baseFeePerGas ?? 0n) + (await suggestTip(chain)));
    },
    eth_baseFee: async () => quantity(next(await headHeader(chain))),
    eth_blobBaseFee: () => "0x1",
    eth_feeHistory: async (params) => {
      const newest = blockNumberOf(chain, blockParam(params[1], 1));
      const percentiles = percentilesParam(params[2]);
      if (newest === undefined) throw invalidArgument(1, "block must be a number or tag");
      if (newest > chain.head("unsafe").number) {
        const head = chain.head("unsafe").number;
        throw new RpcError(RPC_CODE.server, `request beyond head block: requested ${newest}, head ${head}`);
      }
      const asked = countParam(params[0]);
      const count = asked < newest + 1n ? asked : newest + 1n;
      return history(chain, newest - count + 1n, newest, percentiles, next);
    },
  };
}

async function history(
  chain: ChainReader,
  oldest: bigint,
  newest: bigint,
  percentiles: readonly number[],
  next: (header: BlockHeader) => bigint,
): Promise<Record<string, unknown>> {
  const baseFees: string[] = [];
  const ratios: number[] = [];
  const reward: string[][] = [];
  for (let number = oldest; number <= newest; number++) {
    const block = await chain.blockByNumber(number);
    if (block === undefined) throw new RpcError(RPC_CODE.server, "block not found");
    baseFees.push(quantity(block.header.baseFeePerGas ?? 0n));
    ratios.push(Number(block.header.gasUsed) / Number(block.header.gasLimit));
    if (percentiles.length > 0)
      reward.push(rewards(block, (await chain.receipts(block.hash)) ?? [], percentiles));
    if (number === newest) baseFees.push(quantity(next(block.header)));
  }
  return {
    oldestBlock: quantity(oldest),
    ...(percentiles.length > 0 && { reward }),
    baseFeePerGas: baseFees,
    gasUsedRatio: ratios,
    baseFeePerBlobGas: baseFees.map(() => "0x1"),
    blobGasUsedRatio: ratios.map(() => 0),
  };
}
