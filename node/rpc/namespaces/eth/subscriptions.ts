import { bytesToHex } from "../../../base/bytes.ts";
import { randomBytes } from "../../../base/clock.ts";
import { bloomMatches } from "../../../chain/rules/bloom.ts";
import type { Block } from "../../../chain/types/block.ts";
import { invalidArgument, RPC_CODE } from "../../errors.ts";
import { headerToRpc } from "../../format/block.ts";
import { transactionToRpc } from "../../format/transaction.ts";
import { objectParam } from "../../params.ts";
import { type ChainReader, type RpcConnection, RpcError, type RpcMethods, type TxPool } from "../../types.ts";
import { bloomQuery, type LogFilter, logFilterParam, logsOfBlock } from "./log-filter.ts";

const MAX_PER_CONNECTION = 256;

type Stop = () => void;
type Send = (result: unknown) => void;

async function sendLogs(
  chain: ChainReader,
  filter: LogFilter,
  blocks: readonly Block[],
  removed: boolean,
  send: Send,
): Promise<void> {
  for (const block of blocks) {
    if (!bloomMatches(bloomQuery(filter), block.header.logsBloom)) continue;
    for (const log of logsOfBlock(filter, block, (await chain.receipts(block.hash)) ?? [], removed))
      send(log);
  }
}

function start(
  kind: unknown,
  option: unknown,
  chain: ChainReader,
  pool: TxPool | undefined,
  send: Send,
): Stop {
  switch (kind) {
    case "newHeads":
      return chain.onHead(({ added }) => {
        for (const block of added) send(headerToRpc(block.header, block.hash));
      });
    case "logs": {
      const filter = logFilterParam(objectParam(option ?? {}, 1, "filter"));
      let queue = Promise.resolve();
      return chain.onHead(({ removed, added }) => {
        queue = queue
          .then(() => sendLogs(chain, filter, removed, true, send))
          .then(() => sendLogs(chain, filter, added, false, send))
          .catch(() => {});
      });
    }
    case "newPendingTransactions": {
      if (pool === undefined) throw new RpcError(RPC_CODE.server, "this node has no transaction pool");
      return pool.onPending((transaction) =>
        send(option === true ? transactionToRpc(transaction, undefined) : transaction.hash),
      );
    }
    default:
      throw invalidArgument(0, "expected newHeads, logs or newPendingTransactions");
  }
}

/** `eth_subscribe` and `eth_unsubscribe`, on WebSocket connections only. */
export function subscriptionMethods(chain: ChainReader, pool: TxPool | undefined): RpcMethods {
  const byConnection = new WeakMap<RpcConnection, Map<string, Stop>>();

  const subscriptionsOf = (connection: RpcConnection): Map<string, Stop> => {
    let open = byConnection.get(connection);
    if (open === undefined) {
      const fresh = new Map<string, Stop>();
      connection.onClose(() => {
        for (const stop of fresh.values()) stop();
        fresh.clear();
      });
      byConnection.set(connection, fresh);
      open = fresh;
    }
    return open;
  };

  const required = (connection: RpcConnection | undefined): RpcConnection => {
    if (connection !== undefined) return connection;
    throw new RpcError(RPC_CODE.methodNotFound, "notifications not supported: connect over WebSocket");
  };

  return {
    eth_subscribe: (params, context) => {
      const connection = required(context.connection);
      const open = subscriptionsOf(connection);
      if (open.size >= MAX_PER_CONNECTION) throw new RpcError(RPC_CODE.limit, "too many subscriptions");
      const id = bytesToHex(randomBytes(16));
      const send: Send = (result) => connection.notify("eth_subscription", { subscription: id, result });
      open.set(id, start(params[0], params[1], chain, pool, send));
      return id;
    },
    eth_unsubscribe: (params, context) => {
      const open = subscriptionsOf(required(context.connection));
      const id = String(params[0]);
      const stop = open.get(id);
      if (stop === undefined) throw new RpcError(RPC_CODE.server, "subscription not found");
      stop();
      open.delete(id);
      return true;
    },
  };
}
