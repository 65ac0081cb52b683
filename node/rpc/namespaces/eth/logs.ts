import type { Hash } from "../../../chain/types/primitives.ts";
import { invalidArgument, RPC_CODE } from "../../errors.ts";
import { blockNumberParam, hashParam, objectParam } from "../../params.ts";
import { blockNumberOf } from "../../resolve.ts";
import { type ChainReader, RpcError, type RpcMethods } from "../../types.ts";
import { type LogFilter, logFilterParam } from "./log-filter.ts";
import type { BlockRange, LogQueries } from "./log-query.ts";

/** A parsed query: logs of one block, or of a range as it was written. */
export type LogCriteria = { filter: LogFilter } & (
  | { blockHash: Hash }
  | { from: BlockBound; to: BlockBound }
);
export type BlockBound = ReturnType<typeof blockNumberParam>;

/** The parameter of `eth_getLogs` and `eth_newFilter`. @throws RpcError as geth. */
export function logCriteriaParam(value: unknown): LogCriteria {
  const object = objectParam(value, 0, "filter");
  const filter = logFilterParam(object);
  const { blockHash, fromBlock, toBlock } = object;
  if (blockHash === undefined || blockHash === null) {
    return { filter, from: blockNumberParam(fromBlock, 0), to: blockNumberParam(toBlock, 0) };
  }
  if ((fromBlock ?? toBlock ?? null) !== null) {
    throw invalidArgument(0, "cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other");
  }
  return { filter, blockHash: hashParam(blockHash, 0) };
}

function isPending(bound: BlockBound): boolean {
  return "tag" in bound && bound.tag === "pending";
}

/** The numbers that a range means now. @throws RpcError -32602 as geth. */
function rangeNow(chain: ChainReader, { from, to }: { from: BlockBound; to: BlockBound }): BlockRange {
  if (isPending(from) || isPending(to)) {
    throw new RpcError(RPC_CODE.invalidParams, "pending logs are not supported");
  }
  const range = { from: blockNumberOf(chain, from), to: blockNumberOf(chain, to) };
  if (range.from > range.to) throw new RpcError(RPC_CODE.invalidParams, "invalid block range params");
  if (range.to > chain.head("unsafe").number) {
    throw new RpcError(RPC_CODE.invalidParams, "block range extends beyond current head block");
  }
  return range;
}

/** All logs that the criteria name now. */
export async function queryLogs(
  chain: ChainReader,
  queries: LogQueries,
  criteria: LogCriteria,
): Promise<Record<string, unknown>[]> {
  if ("blockHash" in criteria) return queries.ofBlock(criteria.filter, criteria.blockHash);
  return queries.range(criteria.filter, rangeNow(chain, criteria));
}

/** `eth_getLogs`. */
export function logMethods(chain: ChainReader, queries: LogQueries): RpcMethods {
  return { eth_getLogs: async (params) => queryLogs(chain, queries, logCriteriaParam(params[0])) };
}
