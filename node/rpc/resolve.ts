import type { Block, BlockHeader, Receipt } from "../chain/types/block.ts";
import { RPC_CODE } from "./errors.ts";
import { type BlockParam, type BlockTag, blockParam } from "./params.ts";
import { type ChainReader, type HeadKind, RpcError } from "./types.ts";

const HEADS: Readonly<Record<string, HeadKind>> = {
  latest: "unsafe",
  pending: "unsafe",
  safe: "safe",
  finalized: "finalized",
};

/** The canonical number that a parameter means. "pending" is the latest block. */
export function blockNumberOf(chain: ChainReader, param: { tag: BlockTag } | { number: bigint }): bigint {
  if ("number" in param) return param.number;
  return param.tag === "earliest" ? 0n : chain.head(HEADS[param.tag]!).number;
}

/**
 * The block that a parameter names, or undefined.
 * @throws RpcError -32000 as geth where it must be canonical (EIP-1898) and is not.
 */
export async function findBlock(chain: ChainReader, param: BlockParam): Promise<Block | undefined> {
  if ("hash" in param) {
    const block = await chain.blockByHash(param.hash);
    if (block !== undefined && param.requireCanonical) await assertCanonical(chain, block);
    return block;
  }
  if ("tag" in param && param.tag !== "earliest")
    return chain.blockByHash(chain.head(HEADS[param.tag]!).hash);
  return chain.blockByNumber(blockNumberOf(chain, param));
}

async function assertCanonical(chain: ChainReader, { hash, header }: Block): Promise<void> {
  const canonical = await chain.headerByNumber(header.number);
  if (canonical?.hash === hash) return;
  throw new RpcError(RPC_CODE.server, "hash is not currently canonical");
}

/** The block that `params[index]` names. @throws RpcError -32000 as geth when there is no such block. */
export async function requireBlock(
  chain: ChainReader,
  params: readonly unknown[],
  index: number,
): Promise<Block> {
  const param = blockParam(params[index], index);
  const block = await findBlock(chain, param);
  if (block !== undefined) return block;
  throw new RpcError(RPC_CODE.server, "hash" in param ? "header for hash not found" : "header not found");
}

/** The header that `params[index]` names. @throws RpcError -32000 as geth when there is no such block. */
export async function requireHeader(
  chain: ChainReader,
  params: readonly unknown[],
  index: number,
): Promise<BlockHeader> {
  return (await requireBlock(chain, params, index)).header;
}

/** The receipts of a stored block. */
export async function receiptsOf(chain: ChainReader, block: Block): Promise<readonly Receipt[]> {
  const receipts = await chain.receipts(block.hash);
  if (receipts !== undefined) return receipts;
  if (block.transactions.length === 0) return [];
  throw new RpcError(RPC_CODE.internal, "receipts of a stored block are missing");
}
