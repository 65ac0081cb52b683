import type { Block, BlockHeader, Receipt } from "../chain/types/block.ts";
import { RPC_CODE } from "./errors.ts";
import { type BlockParam, blockParam } from "./params.ts";
import { type ChainReader, type HeadKind, RpcError } from "./types.ts";

const HEADS: Readonly<Record<string, HeadKind>> = {
  latest: "unsafe",
  pending: "unsafe",
  safe: "safe",
  finalized: "finalized",
};

/** The canonical number that a parameter means; undefined for a hash. "pending" is the latest block. */
export function blockNumberOf(chain: ChainReader, param: BlockParam): bigint | undefined {
  if ("number" in param) return param.number;
  if ("hash" in param) return undefined;
  return param.tag === "earliest" ? 0n : chain.head(HEADS[param.tag]!).number;
}

/** The block that a parameter names, or undefined. */
export async function findBlock(chain: ChainReader, param: BlockParam): Promise<Block | undefined> {
  if ("hash" in param) return chain.blockByHash(param.hash);
  if ("tag" in param && param.tag !== "earliest")
    return chain.blockByHash(chain.head(HEADS[param.tag]!).hash);
  return chain.blockByNumber(blockNumberOf(chain, param) ?? 0n);
}

/** The header that `params[index]` names. @throws RpcError -32000 as geth when there is no such block. */
export async function requireHeader(
  chain: ChainReader,
  params: readonly unknown[],
  index: number,
): Promise<BlockHeader> {
  const param = blockParam(params[index], index);
  const block = await findBlock(chain, param);
  if (block !== undefined) return block.header;
  throw new RpcError(RPC_CODE.server, "hash" in param ? "header for hash not found" : "header not found");
}

/** The receipts of a stored block. */
export async function receiptsOf(chain: ChainReader, block: Block): Promise<readonly Receipt[]> {
  const receipts = await chain.receipts(block.hash);
  if (receipts !== undefined) return receipts;
  if (block.transactions.length === 0) return [];
  throw new RpcError(RPC_CODE.internal, "receipts of a stored block are missing");
}
