import { maxBigInt } from "../../../base/bigint.ts";
import { monotonicMs } from "../../../base/clock.ts";
import { Lanes } from "../../../base/lanes.ts";
import { bloomMatches } from "../../../chain/rules/bloom.ts";
import type { Hash } from "../../../chain/types/primitives.ts";
import { RPC_CODE } from "../../errors.ts";
import { quantity } from "../../format/quantity.ts";
import { type ChainReader, RpcError } from "../../types.ts";
import { bloomQuery, type LogFilter, logsOfBlock } from "./log-filter.ts";

export interface LogLimits {
  /** Most blocks from the first to the last of a query; 0: any number, as in geth. */
  maxRange: bigint;
  /** Most logs of one answer. */
  maxResults: number;
  /** Of one query, its wait for others included; ms. */
  timeoutMs: number;
}

export const LOG_LIMITS: LogLimits = { maxRange: 0n, maxResults: 10_000, timeoutMs: 10_000 };

/** Queries that run at once: each takes turns of the thread. */
const RUNNING = 2;
const WAITING = 256;

export interface BlockRange {
  from: bigint;
  to: bigint;
}

/** What a query of a range found. */
export interface FoundLogs {
  logs: Record<string, unknown>[];
  /** The last block that was looked at whole; below the range's end where there were too many logs. */
  last: bigint;
}

/** Looks for logs in stored blocks, within limits. */
export class LogQueries {
  private readonly chain: ChainReader;
  private readonly limits: LogLimits;
  private readonly lanes = new Lanes(RUNNING, WAITING);

  constructor(chain: ChainReader, limits: LogLimits) {
    this.chain = chain;
    this.limits = limits;
  }

  /** @throws RpcError -32000 for a range that is too long, -32005 for too many results, -32002 for too much time. */
  async range(filter: LogFilter, range: BlockRange): Promise<Record<string, unknown>[]> {
    const { maxRange, maxResults } = this.limits;
    if (maxRange > 0n && range.to - range.from > maxRange) {
      throw new RpcError(RPC_CODE.server, `exceed maximum block range: ${maxRange}`);
    }
    const { logs, last } = await this.find(filter, range);
    if (last >= range.to) return logs;
    throw new RpcError(RPC_CODE.limit, `query returned more than ${maxResults} results`, {
      from: quantity(range.from),
      to: quantity(maxBigInt(last, range.from)),
    });
  }

  /** The logs of the range's first blocks, as many whole blocks as fit into an answer. */
  async find(filter: LogFilter, range: BlockRange): Promise<FoundLogs> {
    const deadline = monotonicMs() + this.limits.timeoutMs;
    if (this.lanes.isFull) throw new RpcError(RPC_CODE.limit, "too many queries for logs at once");
    return this.lanes.run(() => this.search(filter, range, deadline));
  }

  private async search(filter: LogFilter, { from, to }: BlockRange, deadline: number): Promise<FoundLogs> {
    const logs: Record<string, unknown>[] = [];
    for await (const number of this.chain.candidates(bloomQuery(filter), from, to)) {
      if (monotonicMs() > deadline) throw new RpcError(RPC_CODE.timeout, "request timed out");
      const found = await this.chain.headerByNumber(number);
      if (found === undefined) continue;
      const more = await this.ofBlock(filter, found.hash);
      // One block's logs are given whole, however many: nobody could ask for fewer.
      const isTooMany = logs.length > 0 && logs.length + more.length > this.limits.maxResults;
      if (isTooMany) return { logs, last: number - 1n };
      logs.push(...more);
    }
    return { logs, last: to };
  }

  /** The matching logs of one block, canonical or not; `removed` marks them so. */
  async ofBlock(filter: LogFilter, hash: Hash, removed = false): Promise<Record<string, unknown>[]> {
    const header = await this.chain.headerByHash(hash);
    if (header === undefined) throw new RpcError(RPC_CODE.server, "unknown block");
    if (!bloomMatches(bloomQuery(filter), header.logsBloom)) return [];
    const block = await this.chain.blockByHash(hash);
    if (block === undefined) throw new RpcError(RPC_CODE.server, "unknown block");
    return logsOfBlock(filter, block, (await this.chain.receipts(hash)) ?? [], removed);
  }
}
