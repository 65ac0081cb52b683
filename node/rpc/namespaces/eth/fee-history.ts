import { Turns } from "../../../base/turns.ts";
import { nextBaseFee } from "../../../chain/rules/base-fee.ts";
import { MIN_BLOB_BASE_FEE } from "../../../chain/rules/chain-spec.ts";
import type { BlockHeader } from "../../../chain/types/block.ts";
import type { Hash } from "../../../chain/types/primitives.ts";
import type { RollupConfig } from "../../../chain/types/rollup.ts";
import { createLru } from "../../../store/lru.ts";
import { invalidArgument, RPC_CODE } from "../../errors.ts";
import { quantity } from "../../format/quantity.ts";
import { blockNumberParam } from "../../params.ts";
import { blockNumberOf } from "../../resolve.ts";
import { type ChainReader, RpcError, type RpcMethod } from "../../types.ts";
import { sortedTips, type Tip } from "./tips.ts";

const MAX_HISTORY = 1024n;
const MAX_PERCENTILES = 100;
/** Blocks whose rewards are kept for the next request with the same percentiles, as in geth. */
const CACHED_REWARDS = 2048;
const MAX_UINT64 = (1n << 64n) - 1n;

/** Tips at the percentiles of the block's gas, as geth counts them. */
function rewardsOf(header: BlockHeader, tips: readonly Tip[], percentiles: readonly number[]): string[] {
  if (tips.length === 0) return percentiles.map(() => "0x0");
  let index = 0;
  let sum = tips[0]!.gasUsed;
  return percentiles.map((percentile) => {
    const threshold = BigInt(Math.floor((Number(header.gasUsed) * percentile) / 100));
    while (sum < threshold && index < tips.length - 1) {
      index++;
      sum += tips[index]!.gasUsed;
    }
    return quantity(tips[index]!.tip);
  });
}

function invalidPercentile(reason: string): RpcError {
  return new RpcError(RPC_CODE.server, `invalid reward percentile: ${reason}`);
}

function percentilesParam(value: unknown): number[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalidArgument(2, "reward percentiles must be an array");
  if (value.length > MAX_PERCENTILES) throw invalidPercentile(`over the query limit ${MAX_PERCENTILES}`);
  return value.map((item: unknown, index) => {
    if (typeof item !== "number") throw invalidArgument(2, "a reward percentile must be a number");
    if (item < 0 || item > 100) throw invalidPercentile(item.toFixed(6));
    const before: unknown = value[index - 1];
    if (typeof before !== "number" || item > before) return item;
    throw invalidPercentile(`#${index - 1}:${before.toFixed(6)} >= #${index}:${item.toFixed(6)}`);
  });
}

/** Number of blocks: hex or decimal, as text or as a number, as geth takes it. */
function countParam(value: unknown): bigint {
  if (value === undefined || value === null) throw invalidArgument(0, "missing block count");
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string") throw invalidArgument(0, "block count must be a number");
  if (!/^(0[xX][0-9a-fA-F]{1,64}|[0-9]{0,64})$/.test(text)) {
    throw invalidArgument(0, `invalid hex or decimal integer ${JSON.stringify(text.slice(0, 100))}`);
  }
  const count = BigInt(text);
  if (count > MAX_UINT64) throw invalidArgument(0, `invalid hex or decimal integer "${text}"`);
  return count < MAX_HISTORY ? count : MAX_HISTORY;
}

/** `eth_feeHistory`: up to 1,024 blocks, read in turns with the thread's other work. */
export function feeHistory(chain: ChainReader, rollup: RollupConfig): RpcMethod {
  const cache = createLru<string, readonly string[]>(CACHED_REWARDS);
  const rewards = async (hash: Hash, percentiles: readonly number[]): Promise<readonly string[]> => {
    const key = `${hash}:${percentiles.join()}`;
    const known = cache.getOrMake(key, () => undefined);
    if (known !== undefined) return known;
    const block = await chain.blockByHash(hash);
    if (block === undefined) throw new RpcError(RPC_CODE.server, "block not found");
    const made = rewardsOf(block.header, sortedTips(block, (await chain.receipts(hash)) ?? []), percentiles);
    cache.set(key, made);
    return made;
  };
  return async (params) => {
    const count = countParam(params[0]);
    const newestParam = blockNumberParam(params[1], 1);
    const percentiles = percentilesParam(params[2]);
    const newest = blockNumberOf(chain, newestParam);
    const head = chain.head("unsafe").number;
    if (count > 0n && newest > head) {
      throw new RpcError(RPC_CODE.server, `request beyond head block: requested ${newest}, head ${head}`);
    }
    // There is no pending block to tell of: it counts as one of those asked for.
    const isPending = "tag" in newestParam && newestParam.tag === "pending";
    const asked = isPending && count > 0n ? count - 1n : count;
    if (asked === 0n) return { oldestBlock: "0x0", gasUsedRatio: null };
    const oldest = asked > newest ? 0n : newest - asked + 1n;
    return history(
      chain,
      rollup,
      { oldest, newest },
      percentiles.length === 0 ? undefined : (hash) => rewards(hash, percentiles),
    );
  };
}

/** In wei: L2 has no blobs, so that it is the least one, or 0 where the fork has none yet. */
function blobBaseFee(header: BlockHeader): string {
  return quantity(header.excessBlobGas === undefined ? 0n : MIN_BLOB_BASE_FEE);
}

async function history(
  chain: ChainReader,
  rollup: RollupConfig,
  { oldest, newest }: { oldest: bigint; newest: bigint },
  rewards: ((hash: Hash) => Promise<readonly string[]>) | undefined,
): Promise<Record<string, unknown>> {
  const baseFees: string[] = [];
  const blobFees: string[] = [];
  const ratios: number[] = [];
  const reward: (readonly string[])[] = [];
  const turns = new Turns();
  for (let number = oldest; number <= newest; number++) {
    const found = await chain.headerByNumber(number);
    if (found === undefined) throw new RpcError(RPC_CODE.server, "block not found");
    const { hash, header } = found;
    baseFees.push(quantity(header.baseFeePerGas ?? 0n));
    blobFees.push(blobBaseFee(header));
    ratios.push(Number(header.gasUsed) / Number(header.gasLimit));
    if (rewards !== undefined) reward.push(await rewards(hash));
    if (number === newest) {
      baseFees.push(quantity(nextBaseFee(rollup, header, header.timestamp + rollup.blockTime)));
      blobFees.push(blobBaseFee(header));
    }
    if (turns.isOver) await turns.next();
  }
  return {
    oldestBlock: quantity(oldest),
    ...(rewards !== undefined && { reward }),
    baseFeePerGas: baseFees,
    gasUsedRatio: ratios,
    baseFeePerBlobGas: blobFees,
    blobGasUsedRatio: ratios.map(() => 0),
  };
}
