import {
  type Account,
  BaseError,
  type Chain,
  createPublicClient,
  createWalletClient,
  decodeErrorResult,
  http,
  InsufficientFundsError,
  type PublicClient,
  type TransactionReceipt,
  type Hex as ViemHex,
} from "viem";
import { CodedError } from "../../base/errors.ts";
import {
  datanetRegistryAbi,
  iInfluenceVerifierAbi,
  inferenceMarketAbi,
  iRewardSplitterAbi,
  modelRegistryAbi,
  modelStakingAbi,
  protocolParametersAbi,
  rewardBalancesAbi,
} from "../../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import { aiError } from "../errors.ts";
import { wordsOfRevert } from "./reverts.ts";

/** Where the protocol's contracts are. */
export interface ProtocolAddresses {
  parameters: Address;
  balances: Address;
  datanets: Address;
  models: Address;
  staking: Address;
  market: Address;
}

/** A connection to one node, as any client has it. */
export interface ChainClient {
  rpcUrl: string;
  chain: Chain;
  public: PublicClient;
  /** One JSON-RPC request. @throws CodedError `RPC_UNREACHABLE`, `RPC_ERROR` or the node's own code. */
  rpc<T>(method: string, params: readonly unknown[], timeoutMs?: number): Promise<T>;
  /** Last transaction handed in per account: the next one takes its nonce after it. */
  turns: Map<string, Promise<unknown>>;
}

export interface SentTransaction {
  hash: Hash;
  receipt: TransactionReceipt;
}

const ERRORS = [
  ...datanetRegistryAbi,
  ...modelRegistryAbi,
  ...modelStakingAbi,
  ...inferenceMarketAbi,
  ...protocolParametersAbi,
  ...rewardBalancesAbi,
  ...iInfluenceVerifierAbi,
  ...iRewardSplitterAbi,
].filter((item) => item.type === "error");

const POLL_MS = 250;
const RPC_TIMEOUT_MS = 30_000;

/** Connects to a node. @throws CodedError `RPC_UNREACHABLE` when nothing answers there. */
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
  const transport = http(rpcUrl, { timeout: RPC_TIMEOUT_MS, retryCount: 2 });
  const client = createPublicClient({ chain, transport, pollingInterval: POLL_MS, cacheTime: 0 });
  return { rpcUrl, chain, public: client as PublicClient, rpc, turns: new Map() };
}

/**
 * Signs, sends and waits until the transaction is in a block.
 * @throws CodedError `TRANSACTION_REVERTED` with the contract's error by name, `FUNDS_INSUFFICIENT`,
 * `TRANSACTION_REFUSED` by the node.
 */
export async function send(
  client: ChainClient,
  account: Account,
  transaction: { to?: Address; data: ViemHex; value?: bigint },
): Promise<SentTransaction> {
  // Two transactions of one account at once would take the same nonce.
  const before = client.turns.get(account.address) ?? Promise.resolve();
  const handedIn = before.catch(() => undefined).then(() => handIn(client, account, transaction));
  client.turns.set(account.address, handedIn);
  const hash = await handedIn;
  const receipt = await client.public.waitForTransactionReceipt({
    hash,
    pollingInterval: POLL_MS,
    timeout: 120_000,
  });
  if (receipt.status === "success") return { hash, receipt };
  throw aiError("TRANSACTION_REVERTED", {
    message: `the transaction ${hash} was mined, but it reverted`,
    fix: "the chain's state changed in between: look at it and try again",
    facts: { hash, blockNumber: receipt.blockNumber },
  });
}

async function handIn(
  client: ChainClient,
  account: Account,
  { to, data, value = 0n }: { to?: Address; data: ViemHex; value?: bigint },
): Promise<Hash> {
  const wallet = createWalletClient({
    account,
    chain: client.chain,
    transport: http(client.rpcUrl, { timeout: RPC_TIMEOUT_MS, retryCount: 2 }),
  });
  try {
    const estimate = await client.public.estimateGas({ account, to, data, value });
    return await wallet.sendTransaction({ to, data, value, gas: estimate + estimate / 5n });
  } catch (cause) {
    throw asCodedError(cause);
  }
}

/** What a failed call or transaction of viem says, with the contract's error by name where there is one. */
export function asCodedError(cause: unknown): CodedError {
  if (cause instanceof CodedError) return cause;
  const data = revertData(cause);
  const decoded = data && decodeRevert(data);
  if (decoded) {
    const { name, args } = decoded;
    const words = wordsOfRevert(name, args);
    const refusal = `${name}(${args.map(String).join(", ")})`;
    return aiError("TRANSACTION_REVERTED", {
      message: words ? `${words.message} (${refusal})` : `the contract refuses: ${refusal}`,
      fix: words?.fix ?? "see the error's description in the contract's interface",
      facts: { error: name, args },
      // The node's own "reverted" says less than the contract's error.
    });
  }
  if (cause instanceof BaseError && cause.walk((error) => error instanceof InsufficientFundsError)) {
    return aiError("FUNDS_INSUFFICIENT", {
      message: "the account has too little OPEN for the amount and the gas",
      fix: "send it some with `openledger account transfer` or `openledger account deposit`",
    });
  }
  const text =
    cause instanceof BaseError ? `${cause.shortMessage} ${cause.details ?? ""}`.trim() : String(cause);
  return aiError("TRANSACTION_REFUSED", {
    message: `the node refuses the transaction: ${text}`,
    fix: "check the account's balance and the node's log",
    cause,
  });
}

function decodeRevert(data: ViemHex): { name: string; args: readonly unknown[] } | undefined {
  try {
    const { errorName, args } = decodeErrorResult({ abi: ERRORS, data });
    return { name: errorName, args: (args as readonly unknown[] | undefined) ?? [] };
  } catch {
    return undefined;
  }
}

function revertData(cause: unknown): ViemHex | undefined {
  for (let error: unknown = cause; error instanceof Error; error = error.cause) {
    const { data } = error as { data?: unknown };
    if (typeof data === "string" && /^0x[0-9a-f]{8,}$/i.test(data)) return data as ViemHex;
    const inner = (data as { data?: unknown } | undefined)?.data;
    if (typeof inner === "string" && /^0x[0-9a-f]{8,}$/i.test(inner)) return inner as ViemHex;
  }
  return undefined;
}

async function rpcRequest<T>(
  url: string,
  method: string,
  params: readonly unknown[],
  timeoutMs: number,
): Promise<T> {
  let answer: { result?: T; error?: { code: number; message: string; data?: unknown } };
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    answer = (await response.json()) as typeof answer;
  } catch (cause) {
    throw aiError("RPC_UNREACHABLE", {
      message: `the node at ${url} does not answer ${method}`,
      fix: "start the node, or give another URL with --rpc",
      facts: { url, method },
      cause,
    });
  }
  if (!answer.error) return answer.result as T;
  throw nodeError(url, method, answer.error);
}

/** A node's error keeps its code, message and fix on this side. */
function nodeError(url: string, method: string, error: { code: number; message: string; data?: unknown }) {
  const data = (error.data ?? {}) as { code?: unknown; fix?: unknown; facts?: unknown };
  return new CodedError(typeof data.code === "string" ? data.code : "RPC_ERROR", "input", {
    message: error.message,
    fix: typeof data.fix === "string" ? data.fix : undefined,
    facts: { url, method, rpcCode: error.code, ...(typeof data.facts === "object" ? data.facts : {}) },
  });
}
