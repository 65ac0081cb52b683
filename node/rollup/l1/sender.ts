import { privateKeyToAccount } from "viem/accounts";
import { maxBigInt } from "../../base/bigint.ts";
import { sleep } from "../../base/clock.ts";
import { type CodedError, isCodedError, isTemporary } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { retry } from "../../base/retry.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import { rollupError } from "../errors.ts";
import { parseHash, parseQuantity } from "./format.ts";
import { toHex } from "./reader.ts";
import type { L1Rpc } from "./rpc.ts";

export interface L1SendRequest {
  to: Address;
  data: Hex;
  /** Wei. */
  value?: bigint;
}

export interface L1SendResult {
  hash: Hash;
  blockHash: Hash;
  blockNumber: bigint;
  status: 0 | 1;
}

/** Sends transactions from one key, one after the other. */
export interface L1Sender {
  readonly address: Address;
  /** Resolves when the transaction is in an L1 block. @throws CodedError `L1_SEND_FAILED` (refused for good); rejects on abort. */
  send(request: L1SendRequest): Promise<L1SendResult>;
}

export interface L1SenderOptions {
  rpc: L1Rpc;
  privateKey: Hex;
  chainId: bigint;
  logger: Logger;
  signal: AbortSignal;
  /** Milliseconds between looks for the receipt. */
  pollMs?: number;
  /** Milliseconds after which a waiting transaction is sent again with higher fees. */
  resubmitMs?: number;
}

interface Fees {
  maxFeePerGas: bigint;
  maxPriorityFeePerGas: bigint;
}

const TIP = 1_000_000_000n;

/** A sender for `privateKey`. The nonce always comes from L1, so that restarts and L1 reorganisations need no state here. */
export function createL1Sender(options: L1SenderOptions): L1Sender {
  const { logger, signal } = options;
  const account = privateKeyToAccount(options.privateKey);
  const address = account.address.toLowerCase() as Address;
  let queue: Promise<unknown> = Promise.resolve();

  const sendNow = (request: L1SendRequest) =>
    retry({ task: "Sending to L1", logger, signal, isTemporary }, () =>
      sendOnce(options, address, (tx) => account.signTransaction(tx), request),
    );

  return {
    address,
    send(request) {
      const result = queue.then(() => sendNow(request));
      queue = result.catch(() => undefined);
      return result;
    },
  };
}

type Sign = (tx: {
  type: "eip1559";
  chainId: number;
  nonce: number;
  to: Address;
  data: Hex;
  value: bigint;
  gas: bigint;
  maxFeePerGas: bigint;
  maxPriorityFeePerGas: bigint;
}) => Promise<Hex>;

/** One nonce's life: sends, waits, sends again with higher fees; throws `L1_NONCE_MOVED` when the nonce is not ours any more. */
async function sendOnce(
  options: L1SenderOptions,
  from: Address,
  sign: Sign,
  request: L1SendRequest,
): Promise<L1SendResult> {
  const { rpc, signal, logger } = options;
  const nonce = await accountNonce(rpc, from);
  const gas = await estimateGas(rpc, from, request);
  const sent: Hash[] = [];
  for (let fees = await currentFees(rpc); ; fees = higher(fees, await currentFees(rpc))) {
    const raw = await sign({
      type: "eip1559",
      chainId: Number(options.chainId),
      nonce: Number(nonce),
      to: request.to,
      data: request.data,
      value: request.value ?? 0n,
      gas,
      ...fees,
    });
    const hash = await submit(rpc, raw);
    if (hash !== undefined) sent.push(hash);
    const deadline = performance.now() + (options.resubmitMs ?? 48_000);
    while (performance.now() < deadline) {
      const result = await firstReceipt(rpc, sent);
      if (result) return result;
      if ((await accountNonce(rpc, from)) !== nonce) {
        const late = await firstReceipt(rpc, sent);
        if (late) return late;
        throw nonceMoved(from, nonce);
      }
      await sleep(options.pollMs ?? 500, signal);
    }
    logger.warn({ nonce, sent: sent.at(-1), fees }, "L1 has not taken the transaction, sending it again");
  }
}

async function accountNonce(rpc: L1Rpc, from: Address): Promise<bigint> {
  return parseQuantity("eth_getTransactionCount", await rpc("eth_getTransactionCount", [from, "latest"]));
}

async function estimateGas(rpc: L1Rpc, from: Address, request: L1SendRequest): Promise<bigint> {
  const call = { from, to: request.to, data: request.data, value: toHex(request.value ?? 0n) };
  try {
    return parseQuantity("eth_estimateGas", await rpc("eth_estimateGas", [call, "latest"]));
  } catch (cause) {
    if (!isCodedError(cause, "L1_RPC_ERROR")) throw cause;
    throw refused(from, cause);
  }
}

async function currentFees(rpc: L1Rpc): Promise<Fees> {
  const block = (await rpc("eth_getBlockByNumber", ["latest", false])) as { baseFeePerGas?: unknown } | null;
  const baseFee = parseQuantity("eth_getBlockByNumber", block?.baseFeePerGas);
  return { maxFeePerGas: baseFee * 2n + TIP, maxPriorityFeePerGas: TIP };
}

/** Nodes take a replacement only when both fees rise by at least a tenth. */
function higher(before: Fees, now: Fees): Fees {
  const bumped = (fee: bigint) => (fee * 5n) / 4n + 1n;
  const maxPriorityFeePerGas = bumped(before.maxPriorityFeePerGas);
  const maxFeePerGas = maxBigInt(now.maxFeePerGas, bumped(before.maxFeePerGas));
  return { maxFeePerGas, maxPriorityFeePerGas };
}

/** Undefined when L1 knows the transaction or a dearer one of its nonce already: waiting tells which. */
async function submit(rpc: L1Rpc, raw: Hex): Promise<Hash | undefined> {
  try {
    return parseHash("eth_sendRawTransaction", await rpc("eth_sendRawTransaction", [raw]));
  } catch (cause) {
    if (!isCodedError(cause, "L1_RPC_ERROR")) throw cause;
    const reason = String(cause.facts.reason);
    if (/already (known|imported)|underpriced|nonce too low/i.test(reason)) return undefined;
    throw refused(undefined, cause);
  }
}

async function firstReceipt(rpc: L1Rpc, hashes: readonly Hash[]): Promise<L1SendResult | undefined> {
  for (const hash of hashes) {
    const answer = (await rpc("eth_getTransactionReceipt", [hash])) as Record<string, unknown> | null;
    if (answer === null) continue;
    return {
      hash,
      blockHash: parseHash("eth_getTransactionReceipt", answer.blockHash),
      blockNumber: parseQuantity("eth_getTransactionReceipt", answer.blockNumber),
      status: parseQuantity("eth_getTransactionReceipt", answer.status) === 1n ? 1 : 0,
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

function refused(from: Address | undefined, cause: CodedError): CodedError {
  return rollupError("L1_SEND_FAILED", {
    message: `L1 refuses the transaction: ${String(cause.facts.reason)}`,
    fix: "Check that the account has ETH on L1 and that the contract accepts the call.",
    facts: { from, ...cause.facts },
    cause,
  });
}
