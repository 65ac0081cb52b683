import type { Address } from "../../../chain/types/primitives.ts";
import { invalidArgument, RPC_CODE } from "../../errors.ts";
import { type BlockTag, blockNumberParam } from "../../params.ts";
import { RpcError } from "../../types.ts";

/** Most transactions of a page, as Erigon has it. */
export const MAX_PAGE = 25;
/** Otterscan's page of a block's transactions. */
const MAX_BLOCK_PAGE = 1_000;

/** A JSON number where other namespaces take hex; Otterscan sends those. */
export function countParam(value: unknown, index: number, what: string, most: number): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw invalidArgument(index, `${what} must be a whole number`);
  }
  if (value > most) throw new RpcError(RPC_CODE.server, `max allowed ${what}: ${most}`);
  return value;
}

/** As {@link countParam}, a page's length: at least 1. */
export function pageSizeParam(value: unknown, index: number, most = MAX_BLOCK_PAGE): number {
  const size = countParam(value, index, "page size", most);
  if (size === 0) throw invalidArgument(index, "page size must be at least 1");
  return size;
}

/** A block by a JSON number, a quantity or a tag. */
export function anyBlockParam(value: unknown, index: number): { tag: BlockTag } | { number: bigint } {
  if (typeof value !== "number") return blockNumberParam(value, index);
  return { number: BigInt(countParam(value, index, "block number", Number.MAX_SAFE_INTEGER)) };
}

/** What {@link firstBlockWith} looks through. */
export interface StateAt {
  oldest: bigint;
  head: bigint;
  has(number: bigint): Promise<boolean>;
}

/**
 * The first block of those kept after which something is so, that stays so once it is; undefined where it isn't at the head.
 * Looks at one state for each halving. @throws RpcError -32000 where it was so already before the oldest state that is kept.
 */
export async function firstBlockWith(
  { oldest, head, has }: StateAt,
  of: Address,
): Promise<bigint | undefined> {
  if (!(await has(head))) return undefined;
  if (await has(oldest)) {
    if (oldest === 0n) return 0n;
    throw new RpcError(
      RPC_CODE.server,
      `historical state of ${of} is not available: this node keeps states from block ${oldest} on`,
    );
  }
  let [without, having] = [oldest, head];
  while (having - without > 1n) {
    const middle = (without + having) / 2n;
    if (await has(middle)) having = middle;
    else without = middle;
  }
  return having;
}
