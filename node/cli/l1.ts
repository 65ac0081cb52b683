import type { Account } from "viem";
import { type ChainClient, connectChain, send, type TransactionOrder } from "../ai/client/chain.ts";
import { CodedError } from "../base/errors.ts";
import type { Hash } from "../chain/types/primitives.ts";
import type { CliContext } from "./context.ts";
import { cliError } from "./errors.ts";

/** A connection to L1. @throws CodedError NODE_WRONG when its node is one of another chain than the bridge's. */
export async function connectL1({ l1RpcUrl }: CliContext, expected: bigint): Promise<ChainClient> {
  const client = await connectChain(l1RpcUrl);
  const { id } = client.chain;
  if (BigInt(id) === expected) return client;
  throw cliError("NODE_WRONG", {
    message: `the node at ${l1RpcUrl} answers for chain ${id}, but the bridge is on chain ${expected}`,
    fix: "give the URL of the L1 with --l1-rpc",
    facts: { url: l1RpcUrl, chainId: id, expected },
  });
}

/**
 * Sends a transaction on L1 and waits until it is in a block there.
 * @param order or what makes it: that may fail too. @param what it does, for the error. @throws CodedError L1_TRANSACTION_FAILED, which says why.
 */
export async function sendOnL1(
  l1: ChainClient,
  account: Account,
  order: TransactionOrder | (() => Promise<TransactionOrder>),
  { what, fix }: { what: string; fix: string },
): Promise<Hash> {
  try {
    return (await send(l1, account, typeof order === "function" ? await order() : order)).hash;
  } catch (cause) {
    const why = cause instanceof CodedError ? `: ${cause.message}` : "";
    throw cliError("L1_TRANSACTION_FAILED", { message: `${what} on L1 failed${why}`, fix, cause });
  }
}
