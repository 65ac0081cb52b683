import { privateKeyToAccount } from "viem/accounts";
import { hexToBytes } from "../../base/bytes.ts";
import { monotonicMs, sleep } from "../../base/clock.ts";
import { type CodedError, isCodedError } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { createMutex } from "../../base/mutex.ts";
import { retry } from "../../base/retry.ts";
import { keccakHash } from "../../chain/crypto.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import { rollupError } from "../errors.ts";
import { type BlobSidecar, signBlobTransaction } from "./blob-transaction.ts";
import {
  DEFAULT_FEE_LIMITS,
  firstFees,
  type L1FeeLimits,
  type L1Fees,
  raisedFees,
  readPrices,
} from "./fees.ts";
import { parseHash, parseQuantity } from "./format.ts";
import { toHex } from "./reader.ts";
import type { L1Rpc } from "./rpc.ts";
import { signL1Transaction } from "./sign.ts";

export interface L1SendRequest {
  /** Absent: a contract creation. */
  to: Address | undefined;
  data: Hex;
  /** Wei. */
  value?: bigint;
  /** Gas limit; L1 is asked for an estimate unless given. */
  gas?: bigint;
  /** Sent along in blobs (EIP-4844), with `gas` given; in a group either all requests have some or none has. */
  sidecars?: readonly BlobSidecar[];
}

export interface L1SendResult {
  hash: Hash;
  blockHash: Hash;
  blockNumber: bigint;
  status: 0 | 1;
  /** Wei. */
  fee: bigint;
}

export interface SendAllOptions {
  /** Nonce of the first one; the account's next unless given. */
  nonce?: bigint;
  /** Called with each signed transaction before L1 sees it; of one request, later ones replace earlier ones. */
  onSigned?: (signed: { index: number; nonce: bigint; hash: Hash; raw: Hex }) => void;
  /** Called with the number of those that are in L1, each time it grows. */
  onMined?: (count: number) => void;
}

/** What a sender tells those who count. */
export interface L1SenderObserver {
  /** A transaction with these fees went to L1, anew or in place of one before it. */
  submitted(fees: L1Fees, replaces: boolean): void;
  mined(result: L1SendResult): void;
}

/** Sends transactions from one key, one group after the other. */
export interface L1Sender {
  readonly address: Address;
  /** The account's next nonce by the blocks of L1. */
  nonce(): Promise<bigint>;
  /**
   * Resolves when the transaction is in an L1 block. @throws CodedError `L1_SEND_FAILED` (refused for good), `L1_FEES_TOO_HIGH`,
   * `L1_NONCE_MOVED` (both temporary); rejects on abort.
   */
  send(request: L1SendRequest): Promise<L1SendResult>;
  /** Sends all at once with consecutive nonces: L1 takes them in this order. Errors as `send`; some may be in L1 then. */
  sendAll(requests: readonly L1SendRequest[], options?: SendAllOptions): Promise<L1SendResult[]>;
}

export interface L1SenderOptions {
  rpc: L1Rpc;
  privateKey: Hex;
  chainId: bigint;
  logger: Logger;
  signal: AbortSignal;
  limits?: Partial<L1FeeLimits>;
  observer?: L1SenderObserver;
  /** Milliseconds between looks for the receipt. */
  pollMs?: number;
  /** Milliseconds after which a waiting transaction is sent again, with higher fees where the limits allow. */
  resubmitMs?: number;
}

/**
 * A sender for `privateKey`. The nonce always comes from L1, so that restarts and L1 reorganisations need no state here. While
 * L1 doesn't answer it waits; what it sent before it knows again.
 */
export function createL1Sender(options: L1SenderOptions): L1Sender {
  const account = privateKeyToAccount(options.privateKey);
  const address = account.address.toLowerCase() as Address;
  const { logger, signal } = options;
  const isTemporary = (error: unknown) => isCodedError(error, "L1_UNAVAILABLE");
  const rpc: L1Rpc = (method, params) =>
    retry({ task: "Sending to L1", logger, signal, isTemporary }, () => options.rpc(method, params));
  const context: Context = {
    ...options,
    rpc,
    limits: { ...DEFAULT_FEE_LIMITS, ...options.limits },
    address,
    async sign({ request, nonce, gas }, fees) {
      const { to, sidecars } = request;
      if (sidecars !== undefined && to !== undefined) {
        const { chainId } = options;
        return signBlobTransaction(account, { chainId, nonce, to, gas, fees, sidecars });
      }
      const { maxFeePerGas, maxPriorityFeePerGas } = fees;
      const raw = signL1Transaction(options.privateKey, {
        chainId: options.chainId,
        nonce,
        to: request.to,
        data: request.data,
        value: request.value ?? 0n,
        gas,
        maxFeePerGas,
        maxPriorityFeePerGas,
      });
      return { raw, canonical: raw };
    },
  };
  const mutex = createMutex();
  const sendAll: L1Sender["sendAll"] = (requests, how = {}) =>
    mutex.run(() => sendGroup(context, requests, how));
  return {
    address,
    nonce: () => accountNonce(rpc, address),
    sendAll,
    send: async (request) => (await sendAll([request]))[0]!,
  };
}

interface Context extends Omit<L1SenderOptions, "limits"> {
  address: Address;
  limits: L1FeeLimits;
  /** What L1's pool takes, and the bytes whose hash is the transaction's. */
  sign(flight: Flight, fees: L1Fees): Promise<{ raw: Hex; canonical: Hex }>;
}

/** One nonce's life. */
interface Flight {
  index: number;
  request: L1SendRequest;
  nonce: bigint;
  gas: bigint;
  fees: L1Fees;
  /** Signed last. */
  raw: Hex;
  /** All that L1 may know; any of them may be mined. */
  hashes: Hash[];
  /** Looks in a row at which L1 was past the nonce and had no receipt. */
  passed: number;
}

/**
 * L1 may count a nonce before it has the receipt: within itself for a moment, or because a load balancer asks a node that is behind. So
 * many looks in a row tell that the nonce is another's.
 */
const LOOKS_PAST_NONCE = 4;

async function sendGroup(
  context: Context,
  requests: readonly L1SendRequest[],
  how: SendAllOptions,
): Promise<L1SendResult[]> {
  const { rpc, address, limits, pollMs = 500, signal } = context;
  const withBlobs = hasBlobs(requests[0]);
  const fees = firstFees(await readPrices(rpc, withBlobs), limits, withBlobs);
  const gas = await Promise.all(
    requests.map((request, index) => request.gas ?? estimateGas(rpc, address, request, index)),
  );
  const first = how.nonce ?? (await accountNonce(rpc, address));
  const flights: Flight[] = [];
  for (const [index, request] of requests.entries()) {
    const nonce = first + BigInt(index);
    const flight: Flight = {
      index,
      request,
      nonce,
      gas: gas[index]!,
      fees,
      raw: "0x",
      hashes: [],
      passed: 0,
    };
    await launch(context, flight, fees, how);
    flights.push(flight);
  }
  const results: L1SendResult[] = [];
  let resubmitAt = nextResubmit(context);
  while (results.length < flights.length) {
    const next = flights[results.length]!;
    const result = await look(context, next);
    if (result !== undefined) {
      context.observer?.mined(result);
      results.push(result);
      how.onMined?.(results.length);
    } else if (monotonicMs() >= resubmitAt) {
      await resubmit(context, flights.slice(results.length), how);
      resubmitAt = nextResubmit(context);
    } else await sleep(pollMs, signal);
  }
  return results;
}

function hasBlobs(request: L1SendRequest | undefined): boolean {
  return request?.sidecars !== undefined;
}

function nextResubmit({ resubmitMs = 48_000 }: Context): number {
  return monotonicMs() + resubmitMs;
}

/** Signs and sends; the hash is known, and told, before L1 sees the transaction. */
async function launch(context: Context, flight: Flight, fees: L1Fees, how: SendAllOptions): Promise<void> {
  const { raw, canonical } = await context.sign(flight, fees);
  const hash = keccakHash(hexToBytes(canonical));
  const replaces = flight.hashes.length > 0;
  flight.raw = raw;
  flight.fees = fees;
  flight.hashes.push(hash);
  how.onSigned?.({ index: flight.index, nonce: flight.nonce, hash, raw });
  await submit(context, flight);
  context.observer?.submitted(fees, replaces);
}

/** The receipt, if there is one. @throws CodedError `L1_NONCE_MOVED` when the nonce is not ours any more. */
async function look({ rpc, address }: Context, flight: Flight): Promise<L1SendResult | undefined> {
  // The nonce first: a receipt of before it is there by then.
  const passed = (await accountNonce(rpc, address)) > flight.nonce;
  const result = await firstReceipt(rpc, flight.hashes);
  if (result !== undefined) return result;
  flight.passed = passed ? flight.passed + 1 : 0;
  if (flight.passed >= LOOKS_PAST_NONCE) throw nonceMoved(address, flight.nonce);
  return undefined;
}

/**
 * Sends again what waits: with higher fees where the limits allow it, else as it is, in case L1 has forgotten it.
 * @throws CodedError `L1_NONCE_MOVED` when L1 went back behind the first nonce: what came before is lost, this would wait for ever.
 */
async function resubmit(context: Context, flights: readonly Flight[], how: SendAllOptions): Promise<void> {
  const { nonce } = flights[0]!;
  if ((await accountNonce(context.rpc, context.address)) < nonce) throw nonceMoved(context.address, nonce);
  const withBlobs = hasBlobs(flights[0]?.request);
  const prices = await readPrices(context.rpc, withBlobs);
  for (const flight of flights) {
    const fees = raisedFees(flight.fees, prices, context.limits, withBlobs);
    const facts = { nonce: flight.nonce, sent: flight.hashes.at(-1), fees: fees ?? flight.fees };
    if (fees === undefined) {
      context.logger.warn(
        facts,
        "L1 has not taken the transaction, and its fees are at their limit: waiting",
      );
      await submit(context, flight);
    } else {
      context.logger.warn(facts, "L1 has not taken the transaction, sending it again");
      await launch(context, flight, fees, how);
    }
  }
}

async function accountNonce(rpc: L1Rpc, from: Address): Promise<bigint> {
  return parseQuantity("eth_getTransactionCount", await rpc("eth_getTransactionCount", [from, "latest"]));
}

/** A fifth above the estimate: what the call meets may change until it is mined. Gas that is not used costs nothing. */
async function estimateGas(
  rpc: L1Rpc,
  from: Address,
  request: L1SendRequest,
  index: number,
): Promise<bigint> {
  const call = { from, to: request.to, data: request.data, value: toHex(request.value ?? 0n) };
  try {
    return (parseQuantity("eth_estimateGas", await rpc("eth_estimateGas", [call, "latest"])) * 6n) / 5n;
  } catch (cause) {
    if (!isCodedError(cause, "L1_RPC_ERROR")) throw cause;
    throw refused(from, index, cause);
  }
}

/** L1 may know the transaction already, or a dearer one of its nonce: waiting tells which. */
const WAITING_TELLS = /already (known|imported|reserved)|underpriced|nonce too low/i;

async function submit({ rpc, address }: Context, { raw, index }: Flight): Promise<void> {
  try {
    parseHash("eth_sendRawTransaction", await rpc("eth_sendRawTransaction", [raw]));
  } catch (cause) {
    if (!isCodedError(cause, "L1_RPC_ERROR")) throw cause;
    if (!WAITING_TELLS.test(String(cause.facts.reason))) throw refused(address, index, cause);
  }
}

/** The receipt of the first of them that L1 has taken. */
export async function firstReceipt(rpc: L1Rpc, hashes: readonly Hash[]): Promise<L1SendResult | undefined> {
  const method = "eth_getTransactionReceipt";
  for (const hash of hashes) {
    const answer = (await rpc(method, [hash])) as Record<string, unknown> | null;
    if (answer === null) continue;
    const quantity = (name: string) => parseQuantity(method, answer[name]);
    const blobGas = answer.blobGasUsed == null ? 0n : quantity("blobGasUsed");
    const blobFee = blobGas === 0n ? 0n : blobGas * quantity("blobGasPrice");
    return {
      hash,
      blockHash: parseHash(method, answer.blockHash),
      blockNumber: quantity("blockNumber"),
      status: quantity("status") === 1n ? 1 : 0,
      fee: quantity("gasUsed") * quantity("effectiveGasPrice") + blobFee,
    };
  }
  return undefined;
}

function nonceMoved(from: Address, nonce: bigint): CodedError {
  return rollupError("L1_NONCE_MOVED", {
    message: `Nonce ${nonce} of ${from} was used by another transaction, or L1 was reorganised.`,
    fix: "Let no other program send from this key; this node tries again by itself.",
    facts: { from, nonce },
  });
}

function refused(from: Address, index: number, cause: CodedError): CodedError {
  return rollupError("L1_SEND_FAILED", {
    message: `L1 refuses the transaction: ${String(cause.facts.reason)}`,
    fix: "Check that the account has ETH on L1 and that the contract accepts the call.",
    facts: { from, index, ...cause.facts },
    cause,
  });
}
