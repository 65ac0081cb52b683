import { type BloomQuery, bloomItem } from "../../../chain/rules/bloom.ts";
import type { Block, Log, Receipt } from "../../../chain/types/block.ts";
import type { Address, Hash } from "../../../chain/types/primitives.ts";
import { invalidArgument, RPC_CODE } from "../../errors.ts";
import { logToRpc } from "../../format/receipt.ts";
import { addressParam, hashParam } from "../../params.ts";
import { RpcError } from "../../types.ts";

/** geth's limits: alternatives at one position, and positions. */
const MAX_ALTERNATIVES = 1000;
const MAX_TOPICS = 4;

/** Which logs: any of the addresses (none: all), and at each position any of the topics (none: all). */
export interface LogFilter {
  addresses: readonly Address[];
  topics: readonly (readonly Hash[])[];
}

function addressesParam(value: unknown): Address[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return [addressParam(value, 0)];
  return limited(value).map((item) => addressParam(item, 0));
}

function topicsParam(value: unknown): Hash[][] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalidArgument(0, "invalid topic(s)");
  if (value.length > MAX_TOPICS) throw invalidArgument(0, "exceed max topics");
  return value.map((position: unknown) => {
    if (position === null) return [];
    if (!Array.isArray(position)) return [hashParam(position, 0)];
    // null among alternatives: all.
    if (position.includes(null)) return [];
    return limited(position).map((item) => hashParam(item, 0));
  });
}

function limited(list: readonly unknown[]): readonly unknown[] {
  if (list.length <= MAX_ALTERNATIVES) return list;
  throw new RpcError(RPC_CODE.server, "exceed max addresses or topics per search position");
}

/** The `address` and `topics` of a filter object. */
export function logFilterParam(filter: Record<string, unknown>): LogFilter {
  return { addresses: addressesParam(filter.address), topics: topicsParam(filter.topics) };
}

/** What a bloom filter must hold. */
export function bloomQuery({ addresses, topics }: LogFilter): BloomQuery {
  return [addresses, ...topics].filter((group) => group.length > 0).map((group) => group.map(bloomItem));
}

function matches(filter: LogFilter, log: Log): boolean {
  if (filter.addresses.length > 0 && !filter.addresses.includes(log.address)) return false;
  if (filter.topics.length > log.topics.length) return false;
  return filter.topics.every((options, i) => options.length === 0 || options.includes(log.topics[i]!));
}

/** The block's matching logs in RPC form. */
export function logsOfBlock(
  filter: LogFilter,
  block: Block,
  receipts: readonly Receipt[],
  removed = false,
): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = [];
  let logIndex = 0;
  for (const [transactionIndex, receipt] of receipts.entries()) {
    for (const log of receipt.logs) {
      if (matches(filter, log)) found.push(logToRpc(log, { block, transactionIndex, logIndex }, removed));
      logIndex++;
    }
  }
  return found;
}
