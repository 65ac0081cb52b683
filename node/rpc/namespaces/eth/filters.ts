import { monotonicMs } from "../../../base/clock.ts";
import { Turns } from "../../../base/turns.ts";
import type { BlockId, Hash, Hex } from "../../../chain/types/primitives.ts";
import { invalidArgument, RPC_CODE } from "../../errors.ts";
import { transactionToRpc } from "../../format/transaction.ts";
import { booleanParam } from "../../params.ts";
import { blockNumberOf } from "../../resolve.ts";
import { newRpcId } from "../../rpc-id.ts";
import { type ChainReader, RpcError, type RpcMethods, type TxPool } from "../../types.ts";
import { pathFrom } from "./head-cursor.ts";
import type { LogQueries } from "./log-query.ts";
import { type BlockBound, type LogCriteria, logCriteriaParam, queryLogs } from "./logs.ts";
import { PendingRing } from "./pending-ring.ts";

/** A filter that nobody polls for so long is forgotten, as in geth; ms. */
const LIFETIME_MS = 5 * 60_000;
const MAX_FILTERS = 10_000;
/** Hashes of one answer of a block filter. */
const MAX_HASHES = 10_000n;

/** A filter keeps only how far it was polled: what is new is read from the chain. */
interface Filter {
  /** On the monotonic clock. */
  expires: number;
  /** What came since the last poll. */
  changes(): Promise<unknown[]>;
  /** Only of filters of logs. */
  criteria?: LogCriteria;
  close?(): void;
}

/** The polling filters of a node. */
class Filters {
  private readonly byId = new Map<Hex, Filter>();

  add(filter: Omit<Filter, "expires">): Hex {
    this.sweep();
    if (this.byId.size >= MAX_FILTERS) throw new RpcError(RPC_CODE.limit, "too many filters");
    const id = newRpcId();
    this.byId.set(id, { ...filter, expires: monotonicMs() + LIFETIME_MS });
    return id;
  }

  /** @throws RpcError -32000 as geth for a filter that is not there, or no more. */
  get(value: unknown): Filter {
    if (typeof value !== "string") throw invalidArgument(0, "filter id must be a string");
    const id = value as Hex;
    this.sweep();
    const filter = this.byId.get(id);
    if (filter === undefined) throw new RpcError(RPC_CODE.server, "filter not found");
    // Put to the end: the map stays in order of expiry.
    this.byId.delete(id);
    filter.expires = monotonicMs() + LIFETIME_MS;
    this.byId.set(id, filter);
    return filter;
  }

  remove(id: unknown): boolean {
    this.sweep();
    const filter = this.byId.get(id as Hex);
    filter?.close?.();
    return this.byId.delete(id as Hex);
  }

  private sweep(): void {
    const now = monotonicMs();
    for (const [id, { expires, close }] of this.byId) {
      if (expires > now) return;
      close?.();
      this.byId.delete(id);
    }
  }
}

/** Polls one after the other, so that two at once don't tell the same. */
function inOrder(poll: () => Promise<unknown[]>): () => Promise<unknown[]> {
  let last: Promise<unknown> = Promise.resolve();
  return () => {
    const next = last.then(poll, poll);
    last = next.catch(() => undefined);
    return next;
  };
}

function blockFilter(chain: ChainReader): Omit<Filter, "expires"> {
  let seen: BlockId = chain.head("unsafe");
  const poll = async (): Promise<Hash[]> => {
    const path = await pathFrom(chain, seen);
    if (path === undefined) seen = chain.head("unsafe");
    if (path === undefined) return [];
    const hashes: Hash[] = [];
    const turns = new Turns();
    const last = path.head.number < path.common + MAX_HASHES ? path.head.number : path.common + MAX_HASHES;
    for (let number = path.common + 1n; number <= last; number++) {
      const found = await chain.headerByNumber(number);
      if (found === undefined) break;
      hashes.push(found.hash);
      seen = { hash: found.hash, number };
      if (turns.isOver) await turns.next();
    }
    return hashes;
  };
  return { changes: inOrder(poll) };
}

/** Logs of removed blocks are told again, marked; then those of the new ones, as many as fit into an answer. */
function logFilter(chain: ChainReader, queries: LogQueries, criteria: LogCriteria): Omit<Filter, "expires"> {
  let seen: BlockId = chain.head("unsafe");
  const { filter } = criteria;
  const poll = async (): Promise<unknown[]> => {
    const path = await pathFrom(chain, seen);
    if (path === undefined) seen = chain.head("unsafe");
    if (path === undefined) return [];
    const logs: Record<string, unknown>[] = [];
    for (const [i, hash] of path.removed.toReversed().entries()) {
      const number = path.common + 1n + BigInt(i);
      const { from, to } = rangeOf(chain, criteria, { from: number, to: number });
      if (from <= to) logs.push(...(await queries.ofBlock(filter, hash, true)));
    }
    const wanted = rangeOf(chain, criteria, { from: path.common + 1n, to: path.head.number });
    const found = wanted.from > wanted.to ? undefined : await queries.find(filter, wanted);
    const cut = found !== undefined && found.last < wanted.to;
    const last = cut ? await chain.headerByNumber(found.last) : undefined;
    seen = last === undefined ? path.head : { hash: last.hash, number: last.header.number };
    return [...logs, ...(found?.logs ?? [])];
  };
  return { changes: inOrder(poll), criteria };
}

/** The part of the new blocks that the filter's own range has. */
function rangeOf(chain: ChainReader, criteria: LogCriteria, { from, to }: { from: bigint; to: bigint }) {
  if ("blockHash" in criteria) return { from, to: from - 1n };
  const least = isLatest(criteria.from) ? from : blockNumberOf(chain, criteria.from);
  const most = isLatest(criteria.to) ? to : blockNumberOf(chain, criteria.to);
  return { from: least > from ? least : from, to: most < to ? most : to };
}

function isLatest(bound: BlockBound): boolean {
  return "tag" in bound && bound.tag === "latest";
}

/** What geth asks of a filter's range. */
function checkRange(criteria: LogCriteria): void {
  if ("blockHash" in criteria) return;
  const { from, to } = criteria;
  for (const bound of [from, to]) {
    if ("tag" in bound && bound.tag === "pending") {
      throw new RpcError(RPC_CODE.invalidParams, "pending logs are not supported");
    }
  }
  if ("number" in from && "number" in to && from.number > to.number) {
    throw new RpcError(RPC_CODE.invalidParams, "invalid block range params");
  }
}

function pendingFilter(ring: PendingRing, isFull: boolean): Omit<Filter, "expires"> {
  let from = ring.join();
  const poll = async () => {
    const { transactions, next } = ring.since(from);
    from = next;
    return transactions.map((waiting) => (isFull ? transactionToRpc(waiting, undefined) : waiting.hash));
  };
  return { changes: inOrder(poll), close: () => ring.leave() };
}

/** `eth_newFilter` and its family: what happens between two polls. */
export function filterMethods(chain: ChainReader, queries: LogQueries, pool: TxPool | undefined): RpcMethods {
  const filters = new Filters();
  const ring = pool && new PendingRing(pool);
  return {
    eth_newFilter: (params) => {
      const criteria = logCriteriaParam(params[0]);
      checkRange(criteria);
      return filters.add(logFilter(chain, queries, criteria));
    },
    eth_newBlockFilter: () => filters.add(blockFilter(chain)),
    eth_newPendingTransactionFilter: (params) => {
      const [full] = params;
      const isFull = full === undefined || full === null ? false : booleanParam(full, 0, "full");
      return filters.add(ring === undefined ? { changes: async () => [] } : pendingFilter(ring, isFull));
    },
    eth_getFilterChanges: (params) => filters.get(params[0]).changes(),
    eth_getFilterLogs: (params) => {
      const { criteria } = filters.get(params[0]);
      if (criteria === undefined) throw new RpcError(RPC_CODE.server, "filter not found");
      return queryLogs(chain, queries, criteria);
    },
    eth_uninstallFilter: (params) => filters.remove(params[0]),
  };
}
