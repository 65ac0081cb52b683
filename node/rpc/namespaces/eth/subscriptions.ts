import { bloomMatches } from "../../../chain/rules/bloom.ts";
import type { Block } from "../../../chain/types/block.ts";
import { invalidArgument, RPC_CODE } from "../../errors.ts";
import { headerToRpc } from "../../format/block.ts";
import { transactionToRpc } from "../../format/transaction.ts";
import { objectParam } from "../../params.ts";
import { newRpcId } from "../../rpc-id.ts";
import { type ChainReader, type RpcConnection, RpcError, type RpcMethods, type TxPool } from "../../types.ts";
import { bloomQuery, type LogFilter, logFilterParam, logsOfBlock } from "./log-filter.ts";
import { Topic } from "./topic.ts";

const MAX_PER_CONNECTION = 256;
/** Of all connections of one client. */
const MAX_PER_ADDRESS = 2_048;

type Stop = () => void;

/** What is published, each kind of event made once for all who want it. */
class Topics {
  private readonly heads: Topic;
  private readonly hashes: Topic;
  private readonly transactions: Topic;
  private readonly chain: ChainReader;
  private readonly pool: TxPool | undefined;

  constructor(chain: ChainReader, pool: TxPool | undefined) {
    this.chain = chain;
    this.pool = pool;
    this.heads = new Topic((publish) =>
      chain.onHead(({ added }) => {
        for (const block of added) publish(headerToRpc(block.header, block.hash));
      }),
    );
    this.hashes = new Topic((publish) => pool!.onPending(({ hash }) => publish(hash)));
    this.transactions = new Topic((publish) =>
      pool!.onPending((transaction) => publish(transactionToRpc(transaction, undefined))),
    );
  }

  /** @throws RpcError for an unknown kind and a wrong filter. */
  join(kind: unknown, option: unknown, connection: RpcConnection, subscription: string): Stop {
    switch (kind) {
      case "newHeads":
        return this.heads.join(connection, subscription);
      case "logs":
        return this.logs(logFilterParam(objectParam(option ?? {}, 1, "filter")), connection, subscription);
      case "newPendingTransactions":
        if (this.pool === undefined) throw new RpcError(RPC_CODE.server, "this node has no transaction pool");
        return (option === true ? this.transactions : this.hashes).join(connection, subscription);
      default:
        throw invalidArgument(0, "expected newHeads, logs or newPendingTransactions");
    }
  }

  private logs(filter: LogFilter, connection: RpcConnection, subscription: string): Stop {
    const target = [[connection, subscription]] as const;
    const send = async (blocks: readonly Block[], removed: boolean) => {
      for (const block of blocks) {
        if (!bloomMatches(bloomQuery(filter), block.header.logsBloom)) continue;
        const receipts = (await this.chain.receipts(block.hash)) ?? [];
        for (const log of logsOfBlock(filter, block, receipts, removed)) connection.hub.publish(target, log);
      }
    };
    let queue = Promise.resolve();
    return this.chain.onHead(({ removed, added }) => {
      queue = queue
        .then(() => send(removed, true))
        .then(() => send(added, false))
        .catch(() => {});
    });
  }
}

/** Who has subscribed to how much. */
class Registry {
  private readonly byConnection = new WeakMap<RpcConnection, Map<string, Stop>>();
  private readonly byAddress = new Map<string, number>();

  of(connection: RpcConnection): ReadonlyMap<string, Stop> {
    return this.open(connection);
  }

  /** @throws RpcError -32005: too many. */
  checkRoom(connection: RpcConnection): void {
    if (this.open(connection).size >= MAX_PER_CONNECTION)
      throw new RpcError(RPC_CODE.limit, "too many subscriptions");
    if ((this.byAddress.get(connection.address) ?? 0) >= MAX_PER_ADDRESS)
      throw new RpcError(RPC_CODE.limit, "too many subscriptions of one address");
  }

  add(connection: RpcConnection, id: string, stop: Stop): void {
    this.open(connection).set(id, stop);
    this.count(connection, 1);
  }

  remove(connection: RpcConnection, id: string): void {
    const open = this.open(connection);
    open.get(id)?.();
    if (open.delete(id)) this.count(connection, -1);
  }

  private count({ address }: RpcConnection, change: number): void {
    const now = (this.byAddress.get(address) ?? 0) + change;
    if (now === 0) this.byAddress.delete(address);
    else this.byAddress.set(address, now);
  }

  private open(connection: RpcConnection): Map<string, Stop> {
    const known = this.byConnection.get(connection);
    if (known !== undefined) return known;
    const fresh = new Map<string, Stop>();
    this.byConnection.set(connection, fresh);
    connection.onClose(() => {
      for (const id of [...fresh.keys()]) this.remove(connection, id);
    });
    return fresh;
  }
}

/** `eth_subscribe` and `eth_unsubscribe`, on WebSocket connections only. */
export function subscriptionMethods(chain: ChainReader, pool: TxPool | undefined): RpcMethods {
  const registry = new Registry();
  const topics = new Topics(chain, pool);

  const required = (connection: RpcConnection | undefined): RpcConnection => {
    if (connection !== undefined) return connection;
    throw new RpcError(RPC_CODE.methodNotFound, "notifications not supported");
  };

  return {
    eth_subscribe: (params, context) => {
      const connection = required(context.connection);
      registry.checkRoom(connection);
      const id = newRpcId();
      registry.add(connection, id, topics.join(params[0], params[1], connection, id));
      return id;
    },
    eth_unsubscribe: (params, context) => {
      const connection = required(context.connection);
      const id = String(params[0]);
      if (!registry.of(connection).has(id)) throw new RpcError(RPC_CODE.server, "subscription not found");
      registry.remove(connection, id);
      return true;
    },
  };
}
