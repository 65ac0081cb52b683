import { invalidArgument, RPC_CODE } from "../../errors.ts";
import { blockNumberParam, hashParam, objectParam } from "../../params.ts";
import { blockNumberOf } from "../../resolve.ts";
import { type ChainReader, RpcError, type RpcMethods } from "../../types.ts";
import { type LogFilter, logFilterParam, logsOfBlock, mayMatch } from "./log-filter.ts";

const MAX_RESULTS = 10_000;

interface Range {
  from: bigint;
  to: bigint;
}

function rangeParam(chain: ChainReader, filter: Record<string, unknown>): Range {
  const number = (value: unknown) => blockNumberOf(chain, blockNumberParam(value, 0));
  const from = number(filter.fromBlock);
  const to = number(filter.toBlock);
  if (from > to) throw new RpcError(RPC_CODE.invalidParams, "invalid block range params");
  if (to > chain.head("unsafe").number) {
    throw new RpcError(RPC_CODE.invalidParams, "block range extends beyond current head block");
  }
  return { from, to };
}

async function logsOfRange(chain: ChainReader, filter: LogFilter, { from, to }: Range): Promise<unknown[]> {
  const found: unknown[] = [];
  for (let number = from; number <= to; number++) {
    const head = await chain.headerByNumber(number);
    if (head === undefined) break;
    if (!mayMatch(filter, head.header.logsBloom)) continue;
    found.push(...(await logsOfHash(chain, filter, head.hash)));
    if (found.length > MAX_RESULTS) {
      throw new RpcError(RPC_CODE.limit, `query returned more than ${MAX_RESULTS} results`, {
        from: `0x${from.toString(16)}`,
        to: `0x${(number > from ? number - 1n : number).toString(16)}`,
      });
    }
  }
  return found;
}

async function logsOfHash(chain: ChainReader, filter: LogFilter, hash: `0x${string}`): Promise<unknown[]> {
  const block = await chain.blockByHash(hash);
  if (block === undefined) throw new RpcError(RPC_CODE.server, "unknown block");
  return logsOfBlock(filter, block, (await chain.receipts(hash)) ?? []);
}

/** `eth_getLogs`. */
export function logMethods(chain: ChainReader): RpcMethods {
  return {
    eth_getLogs: async (params) => {
      const object = objectParam(params[0], 0, "filter");
      const filter = logFilterParam(object);
      if (object.blockHash === undefined || object.blockHash === null) {
        return logsOfRange(chain, filter, rangeParam(chain, object));
      }
      if (object.fromBlock !== undefined || object.toBlock !== undefined) {
        throw invalidArgument(
          0,
          "cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other",
        );
      }
      return logsOfHash(chain, filter, hashParam(object.blockHash, 0));
    },
  };
}
