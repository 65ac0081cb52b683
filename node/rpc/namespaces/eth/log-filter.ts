import { hexToBytes } from "../../../base/bytes.ts";
import { keccak256 } from "../../../chain/crypto.ts";
import type { Block, Log, Receipt } from "../../../chain/types/block.ts";
import type { Address, Hash, Hex } from "../../../chain/types/primitives.ts";
import { logToRpc } from "../../format/receipt.ts";
import { addressParam, arrayParam, hashParam, objectParam } from "../../params.ts";

const MAX_ADDRESSES = 1000;
const MAX_TOPICS = 4;
const MAX_ALTERNATIVES = 1000;

/** Which logs: any of the addresses (none: all), and at each position any of the topics (none: all). */
export interface LogFilter {
  addresses: readonly Address[];
  topics: readonly (readonly Hash[])[];
}

function alternatives<T>(value: unknown, most: number, parse: (item: unknown) => T): T[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return arrayParam(value, 0, "filter list", most).map(parse);
  return [parse(value)];
}

/** The `address` and `topics` of a filter object. */
export function logFilterParam(value: unknown): LogFilter {
  const filter = objectParam(value, 0, "filter");
  const positions = filter.topics === undefined || filter.topics === null ? [] : filter.topics;
  return {
    addresses: alternatives(filter.address, MAX_ADDRESSES, (item) => addressParam(item, 0)),
    topics: arrayParam(positions, 0, "topics", MAX_TOPICS).map((position) =>
      Array.isArray(position) && position.includes(null)
        ? []
        : alternatives(position, MAX_ALTERNATIVES, (item) => hashParam(item, 0)),
    ),
  };
}

function inBloom(bloom: Uint8Array, item: Hex): boolean {
  const hash = keccak256(hexToBytes(item));
  for (let i = 0; i < 6; i += 2) {
    const bit = ((hash[i]! << 8) | hash[i + 1]!) & 2047;
    if ((bloom[255 - (bit >> 3)]! & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}

/** False when no log under this bloom can match. */
export function mayMatch(filter: LogFilter, bloom: Uint8Array): boolean {
  return [filter.addresses, ...filter.topics].every(
    (options) => options.length === 0 || options.some((option) => inBloom(bloom, option)),
  );
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
