import { createClient, type EIP1193RequestFn, http } from "viem";
import { bytesToHex } from "../base/bytes.ts";
import { monotonicMs, sleep } from "../base/clock.ts";
import type { CodedError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { UnrecoveredTransaction } from "../chain/codec/transaction.ts";
import { recoverSendersHere } from "../chain/crypto.ts";
import type { Hash } from "../chain/types/primitives.ts";
import type { ChainTransaction } from "../chain/types/transaction.ts";
import { type AdmissionRules, readEnvelope, recoverCandidates } from "../execution/mempool/candidate.ts";
import type { PoolLimits } from "../execution/mempool/limits.ts";
import type { Mempool } from "../execution/mempool/types.ts";
import { RpcError, type TxPool } from "../rpc/types.ts";
import { appError } from "./errors.ts";

export interface RemotePoolOptions {
  /** JSON-RPC of the sequencer. */
  url: string;
  rules: AdmissionRules;
  /** Keeps what was passed on until this node sees it in a block. */
  pool: Mempool;
  limits: Pick<PoolLimits, "globalSlots" | "lifetimeMs">;
  logger: Logger;
  /** Milliseconds on a clock that nobody sets. */
  now?: () => number;
}

/** The pool of a node that does not sequence: transactions go on to the sequencer and are remembered here. */
export interface RemotePool extends TxPool {
  /** Asks the sequencer for what has waited long and drops what it does not know any more. */
  review(): Promise<void>;
  /** Reviews for ever. Resolves when the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

const REVIEW_MS = 10_000;
/** Milliseconds for which the sequencer is believed to have what it took. */
const BELIEVED_MS = 20_000;
/** Transactions that one review asks for. */
const REVIEWED = 32;

interface Relayed {
  since: number;
  /** When the sequencer was known to have it. */
  seen: number;
}

/**
 * The sequencer's answers and errors are passed on.
 * @throws CodedError from `add`: what {@link readEnvelope} throws, `TXPOOL_SEQUENCER_UNREACHABLE`.
 */
export function createRemotePool(options: RemotePoolOptions): RemotePool {
  return new Relay(options);
}

class Relay implements RemotePool {
  private readonly options: RemotePoolOptions;
  private readonly request: EIP1193RequestFn;
  private readonly now: () => number;
  /** In the order of `seen`. */
  private readonly relayed = new Map<Hash, Relayed>();
  private readonly listeners = new Set<(transaction: ChainTransaction) => void>();

  constructor(options: RemotePoolOptions) {
    this.options = options;
    this.now = options.now ?? monotonicMs;
    const transport = http(options.url, { retryCount: 0 });
    this.request = createClient({ transport }).request as EIP1193RequestFn;
  }

  async add(raw: Uint8Array): Promise<Hash> {
    const transaction = readEnvelope(raw, this.options.rules);
    const params = [bytesToHex(raw)];
    const sent = this.request({ method: "eth_sendRawTransaction", params });
    const answer = await sent.catch((cause: unknown) => {
      const error = answered(cause);
      if (error !== undefined) return error;
      throw unreachable(this.options.url, transaction.hash, cause);
    });
    const isThere = !(answer instanceof RpcError) || answer.message.includes("already known");
    if (isThere) await this.remember(transaction);
    if (answer instanceof RpcError) throw answer;
    return answer as Hash;
  }

  pendingNonce(address: Parameters<TxPool["pendingNonce"]>[0]): bigint | undefined {
    return this.options.pool.pendingNonce(address);
  }

  get(hash: Hash): ChainTransaction | undefined {
    return this.options.pool.get(hash);
  }

  count(): { pending: number; queued: number } {
    return this.options.pool.count();
  }

  content(address?: Parameters<TxPool["content"]>[0]): ReturnType<TxPool["content"]> {
    return this.options.pool.content(address);
  }

  onPending(listener: (transaction: ChainTransaction) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        await sleep(REVIEW_MS, signal);
        await this.review();
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async review(): Promise<void> {
    const { pool, limits } = this.options;
    const now = this.now();
    const asked: Hash[] = [];
    for (const [hash, { since, seen }] of this.relayed) {
      if (pool.get(hash) === undefined) this.relayed.delete(hash);
      else if (since + limits.lifetimeMs <= now) this.forget(hash);
      else if (seen + BELIEVED_MS <= now && asked.length < REVIEWED) asked.push(hash);
    }
    await Promise.all(asked.map((hash) => this.ask(hash)));
  }

  private async ask(hash: Hash): Promise<void> {
    try {
      const found = await this.request({ method: "eth_getTransactionByHash", params: [hash] });
      const relayed = this.relayed.get(hash);
      if (relayed === undefined) return;
      if (found === null) return this.forget(hash);
      this.relayed.delete(hash);
      this.relayed.set(hash, { ...relayed, seen: this.now() });
    } catch (error) {
      this.options.logger.debug({ error, hash }, "The sequencer can't be asked for a transaction");
    }
  }

  private forget(hash: Hash): void {
    this.options.logger.info({ hash }, "The sequencer has dropped a transaction that was passed on");
    this.relayed.delete(hash);
    this.options.pool.drop(hash);
  }

  private async remember(transaction: UnrecoveredTransaction): Promise<void> {
    const { pool, limits } = this.options;
    const [candidate] = await recoverCandidates([transaction], recoverSendersHere);
    if (candidate === undefined || candidate instanceof Error) return;
    const { pending, queued } = pool.count();
    if (pending + queued >= limits.globalSlots || !pool.keep(candidate)) return;
    const now = this.now();
    this.relayed.set(transaction.hash, { since: now, seen: now });
    for (const listener of this.listeners) listener(candidate.transaction);
  }
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
