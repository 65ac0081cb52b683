import {
  type Account,
  type Chain,
  createClient,
  http,
  type PublicClient,
  type TransactionReceipt,
  type Hex as ViemHex,
  WaitForTransactionReceiptTimeoutError,
} from "viem";
// The whole wallet of viem is several times as large, which pages would load first.
import { sendTransaction } from "viem/actions";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import { aiError } from "../errors.ts";
import { publicClient } from "./public-client.ts";
import { asCodedError, isNonceTaken } from "./refusals.ts";
import { revertedError } from "./reverted.ts";
import { rpcRequest } from "./rpc.ts";
import { inTurn } from "./turn.ts";

/** Where the protocol's contracts are. */
export interface ProtocolAddresses {
  parameters: Address;
  balances: Address;
  /** The registry of datanets; its code can be upgraded. */
  datanets: Address;
  /** Accepted contributions, their payees and snapshots. */
  ledger: Address;
  /** Stakes of contributors. */
  stakes: Address;
  /** Reviewers of datanets, with their bonds. */
  reviewers: Address;
  /** Stakes that contributors lost, and their appeals. */
  losses: Address;
  /** Proofs of plagiarism. */
  plagiarism: Address;
  /** Registered models, with their bonds. */
  models: Address;
  /** What admits models; its code can be upgraded. */
  modelRegistry: Address;
  /** Challenges of registrations. */
  modelChallenges: Address;
  /** Records of pending models that panels compute again. */
  modelDisputes: Address;
  /** What reviewers share of the price of access. */
  curation: Address;
  /** Terms of access to datanets, and who has it. */
  access: Address;
  /** Models' parents, and what models owe to them and to their data. */
  royalties: Address;
  pools: Address;
  staking: Address;
  hosts: Address;
  market: Address;
  /** Counter-examples to claims. */
  challenges: Address;
  /** Demands for queries and answers. */
  demands: Address;
  /** Hashes of L1 blocks that draws use. */
  seeds: Address;
  /** Stakes of verifiers. */
  verifiers: Address;
  /** Panels of verifiers. */
  disputes: Address;
  /** Claims that panels run again. */
  audits: Address;
  /** Purses, and epochs of inferences that they pay for. */
  epochs: Address;
  /** Counter-examples to epochs' trees, leaves and payouts. */
  epochChallenges: Address;
  /** Inferences of epochs opened as claims. */
  epochLeaves: Address;
  /** Counter-examples to those claims. */
  leafChallenges: Address;
  /** Demands for epochs' leaves. */
  epochDemands: Address;
  /** Inferences of epochs that panels run again. */
  epochAudits: Address;
}

/** A connection to one node, as any client has it. */
export interface ChainClient {
  rpcUrl: string;
  chain: Chain;
  public: PublicClient;
  /** One JSON-RPC request; see {@link rpcRequest}. */
  rpc<T>(method: string, params: readonly unknown[], timeoutMs?: number): Promise<T>;
  /** Last transaction handed in per account: the next one takes its nonce after it. */
  turns: Map<string, Promise<unknown>>;
}

export interface SentTransaction {
  hash: Hash;
  receipt: TransactionReceipt;
}

const POLL_MS = 250;
const RPC_TIMEOUT_MS = 30_000;
const RECEIPT_MS = 120_000;
/** Nonces that one transaction tries. */
const MOST_NONCES = 8;

/** Connects to a node. @throws CodedError what {@link rpcRequest} throws when no node answers there. */
export async function connectChain(rpcUrl: string): Promise<ChainClient> {
  const rpc = <T>(method: string, params: readonly unknown[], timeoutMs = RPC_TIMEOUT_MS) =>
    rpcRequest<T>(rpcUrl, method, params, timeoutMs);
  const id = Number(BigInt(await rpc<Hex>("eth_chainId", [])));
  const chain: Chain = {
    id,
    name: "OpenLedger",
    nativeCurrency: { name: "OPEN", symbol: "OPEN", decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  };
  const client = publicClient(chain, rpcUrl, { timeout: RPC_TIMEOUT_MS, pollingInterval: POLL_MS });
  return { rpcUrl, chain, public: client, rpc, turns: new Map() };
}

/** A transaction to send. `gas`: its limit, where the state that it needs is not there yet to estimate with. */
export interface TransactionOrder {
  to?: Address;
  data: ViemHex;
  value?: bigint;
  gas?: bigint;
}

/** Whoever signs and sends an order: an account of a program, or a wallet. As {@link send}. */
export type Sender = (order: TransactionOrder) => Promise<SentTransaction>;

/**
 * Signs, sends and waits until the transaction is in a block. One that ran out of the gas that was estimated for it is sent once
 * more, estimated anew: others' acts, or the block's time, can make it more work than it was when it was estimated.
 * @throws CodedError `TRANSACTION_REVERTED` with the contract's error by name or the gas that was used, `FUNDS_INSUFFICIENT`,
 * `ACCOUNT_BUSY`, `TRANSACTION_REFUSED` by the node, `TRANSACTION_WAITING` when no block takes it.
 */
export async function send(
  client: ChainClient,
  account: Account,
  transaction: TransactionOrder,
): Promise<SentTransaction> {
  for (let isFirst = true; ; isFirst = false) {
    const hash = await handInInOrder(client, account, transaction);
    const receipt = await receiptOf(client, hash);
    if (receipt.status === "success") return { hash, receipt };
    const error = await revertedError(client.public, account, transaction, receipt);
    // What reverted left nothing behind, so nothing is done twice.
    const isWorthMore = isFirst && transaction.gas === undefined && error.facts.outOfGas === true;
    if (!isWorthMore) throw error;
  }
}

/** Two transactions of one account at once would take the same nonce. */
function handInInOrder(client: ChainClient, account: Account, transaction: TransactionOrder): Promise<Hash> {
  const before = client.turns.get(account.address) ?? Promise.resolve();
  const handedIn = before.catch(() => undefined).then(() => handIn(client, account, transaction));
  client.turns.set(account.address, handedIn);
  return handedIn;
}

/** {@link send} with one account. */
export function senderOf(client: ChainClient, account: Account): Sender {
  return (order) => send(client, account, order);
}

async function receiptOf(client: ChainClient, hash: Hash): Promise<TransactionReceipt> {
  try {
    const options = { hash, pollingInterval: POLL_MS, timeout: RECEIPT_MS };
    return await client.public.waitForTransactionReceipt(options);
  } catch (cause) {
    if (!(cause instanceof WaitForTransactionReceiptTimeoutError)) throw asCodedError(cause);
    throw aiError("TRANSACTION_WAITING", {
      message: `no block has taken the transaction ${hash} within ${RECEIPT_MS / 1000} s`,
      fix: "look for its receipt later before you do the same again: it may still be mined",
      facts: { hash },
    });
  }
}

async function handIn(
  client: ChainClient,
  account: Account,
  { to, data, value = 0n, gas: limit }: TransactionOrder,
): Promise<Hash> {
  const { address } = account;
  const wallet = createClient({
    account,
    chain: client.chain,
    transport: http(client.rpcUrl, { timeout: RPC_TIMEOUT_MS, retryCount: 2 }),
  });
  try {
    const gas = limit ?? withReserve(await client.public.estimateGas({ account, to, data, value }));
    return await inTurn(`${client.chain.id}-${address}`, async () => {
      const pending = () => client.public.getTransactionCount({ address, blockTag: "pending" });
      let nonce = await pending();
      for (let tries = 1; ; tries++) {
        try {
          return await sendTransaction(wallet, { to, data, value, gas, nonce });
        } catch (cause) {
          // A program on another machine, or one that takes no turns, was faster.
          if (!isNonceTaken(cause)) throw cause;
          if (tries === MOST_NONCES) throw accountBusy(address, cause);
          nonce = Math.max(nonce + 1, await pending());
        }
      }
    });
  } catch (cause) {
    throw asCodedError(cause);
  }
}

/** A slot that the next block's second makes new, and the estimate's did not: a checkpoint of votes. */
const NEW_SLOT_GAS = 22_100n;

function withReserve(estimate: bigint): bigint {
  return estimate + estimate / 5n + 2n * NEW_SLOT_GAS;
}

function accountBusy(address: Address, cause: unknown) {
  return aiError("ACCOUNT_BUSY", {
    message: `other transactions of ${address} took ${MOST_NONCES} nonces before this one`,
    fix: "wait until the other commands of this account are through",
    facts: { address },
    cause,
  });
}
