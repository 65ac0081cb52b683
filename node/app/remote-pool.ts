import { createClient, type EIP1193RequestFn, http } from "viem";
import { bytesToHex } from "../base/bytes.ts";
import type { CodedError } from "../base/errors.ts";
import { decodeTransaction, type TransactionRules } from "../chain/codec/transaction.ts";
import type { Hash } from "../chain/types/primitives.ts";
import { MAX_TRANSACTION_BYTES } from "../execution/mempool/pool-entry.ts";
import { RpcError, type TxPool } from "../rpc/types.ts";
import { appError } from "./errors.ts";

/**
 * The pool of a node that does not sequence: transactions go on to the sequencer, nothing waits here.
 * Its answers and errors are passed on. @throws CodedError `TRANSACTION_INVALID`, `TXPOOL_SEQUENCER_UNREACHABLE`.
 */
export function createRemotePool(sequencerUrl: string, rules: TransactionRules): TxPool {
  const request = createClient({ transport: http(sequencerUrl, { retryCount: 0 }) })
    .request as EIP1193RequestFn;
  return {
    async add(raw) {
      const { hash } = decodeTransaction(raw, { ...rules, maxBytes: MAX_TRANSACTION_BYTES });
      try {
        return (await request({ method: "eth_sendRawTransaction", params: [bytesToHex(raw)] })) as Hash;
      } catch (cause) {
        throw answered(cause) ?? unreachable(sequencerUrl, hash, cause);
      }
    },
    pendingNonce: () => undefined,
    get: () => undefined,
    count: () => ({ pending: 0, queued: 0 }),
    onPending: () => () => undefined,
  };
}

/** The sequencer's own error answer; viem hides it under its layers. */
function answered(error: unknown): RpcError | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    const { name, code, details, data } = current as Error & {
      code?: unknown;
      details?: string;
      data?: unknown;
    };
    if (name === "RpcRequestError" && typeof code === "number") {
      return new RpcError(code, details ?? current.message, data);
    }
  }
  return undefined;
}

function unreachable(url: string, hash: Hash, cause: unknown): CodedError {
  return appError("TXPOOL_SEQUENCER_UNREACHABLE", {
    message: "The sequencer does not answer, the transaction is not sent.",
    fix: "Send it again when the sequencer runs, or send it through the portal on L1.",
    facts: { sequencer: URL.canParse(url) ? new URL(url).origin : "", hash },
    cause,
  });
}
