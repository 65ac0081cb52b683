import { queryOptions } from "@tanstack/react-query";
import type { Hash, Hex } from "../../chain/types/primitives.ts";
import type { Connection } from "./connection.tsx";

const TIMEOUT_MS = 15_000;
/** Calls of one transaction that are shown. */
const MOST = 200;

/** A call as the node's callTracer tells it. */
export interface TracedCall {
  type: string;
  from: Hex;
  to?: Hex;
  value?: Hex;
  gasUsed?: Hex;
  input?: Hex;
  error?: string;
  calls?: readonly TracedCall[];
}

/** A call that another call made. */
export interface InternalCall extends Omit<TracedCall, "calls"> {
  /** 1: made by the transaction's own call. */
  depth: number;
}

/** The calls inside of a transaction, in the order in which they were made. */
export interface InternalCalls {
  calls: readonly InternalCall[];
  /** How many there were in all. */
  count: number;
}

/** The calls that a transaction's call made; null where this node does not trace. */
export const internalCallsQuery = ({ client }: Connection, hash: Hash) =>
  queryOptions({
    queryKey: ["internal-calls", hash],
    queryFn: async (): Promise<InternalCalls | null> => {
      try {
        const order = [hash, { tracer: "callTracer" }] as const;
        return insideOf(await client.rpc<TracedCall>("debug_traceTransaction", order, TIMEOUT_MS));
      } catch {
        return null;
      }
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Calls inside of a call, each before those inside of it; of many the first ones. */
export function insideOf(whole: TracedCall): InternalCalls {
  const calls: InternalCall[] = [];
  let count = 0;
  // By a list of what is ahead and no recursion: calls are up to 1,024 deep.
  const ahead: InternalCall[] = [];
  const inner = new Map<InternalCall, readonly TracedCall[]>();
  const push = (list: readonly TracedCall[], depth: number) => {
    for (const { calls: below = [], ...rest } of list.toReversed()) {
      const call = { ...rest, depth };
      inner.set(call, below);
      ahead.push(call);
    }
  };
  push(whole.calls ?? [], 1);
  for (let call = ahead.pop(); call !== undefined; call = ahead.pop()) {
    if (count++ < MOST) calls.push(call);
    push(inner.get(call) ?? [], call.depth + 1);
  }
  return { calls, count };
}
