import type { Block, BlockHeader, Receipt } from "../chain/types/block.ts";
import type { Hash } from "../chain/types/primitives.ts";
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

/** A header and its block's hash. */
export interface FoundHeader {
  hash: Hash;
  header: BlockHeader;
}

/**
 * The header that a parameter names, or undefined; no block is read for it.
 * @throws RpcError -32000 as geth where it must be canonical (EIP-1898) and is not.
 */
export async function findHeader(chain: ChainReader, param: BlockParam): Promise<FoundHeader | undefined> {
  if ("number" in param || ("tag" in param && param.tag === "earliest")) {
    return chain.headerByNumber("number" in param ? param.number : 0n);
  }
  const hash = "hash" in param ? param.hash : chain.head(HEADS[param.tag]!).hash;
  const header = await chain.headerByHash(hash);
  if (header === undefined) return undefined;
  if ("hash" in param && param.requireCanonical) {
    const canonical = await chain.headerByNumber(header.number);
    if (canonical?.hash !== hash) throw new RpcError(RPC_CODE.server, "hash is not currently canonical");
  }
  return { hash, header };
}

/** The block that a parameter names, or undefined. @throws RpcError as {@link findHeader}. */
export async function findBlock(chain: ChainReader, param: BlockParam): Promise<Block | undefined> {
  const found = await findHeader(chain, param);
  return found && chain.blockByHash(found.hash);
}

/**
 * The header that `params[index]` names, of a block whose state is kept.
 * @throws RpcError -32000 as geth when there is no such block, or no such state any more.
 */
export async function requireHeader(
  chain: ChainReader,
  params: readonly unknown[],
  index: number,
): Promise<BlockHeader> {
  const param = blockParam(params[index], index);
  const found = await findHeader(chain, param);
  if (found === undefined) {
    throw new RpcError(RPC_CODE.server, "hash" in param ? "header for hash not found" : "header not found");
  }
  return withState(chain, found.header);
}

/** The header of a block whose state is kept. @throws RpcError -32000 as geth when it is not kept any more. */
export function withState(chain: ChainReader, header: BlockHeader): BlockHeader {
  const oldest = chain.oldestState();
  if (header.number >= oldest) return header;
  throw new RpcError(
    RPC_CODE.server,
    `historical state ${header.stateRoot.slice(2)} is not available: this node keeps states from block ${oldest} on`,
  );
}

/** The receipts of a stored block. */
export async function receiptsOf(chain: ChainReader, block: Block): Promise<readonly Receipt[]> {
  const receipts = await chain.receipts(block.hash);
  if (receipts !== undefined) return receipts;
  if (block.transactions.length === 0) return [];
  throw new RpcError(RPC_CODE.internal, "receipts of a stored block are missing");
}
