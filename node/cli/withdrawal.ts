import {
  type Account,
  type Chain,
  createPublicClient,
  createWalletClient,
  http,
  type PublicClient,
} from "viem";
import { type ChainClient, connectChain, send } from "../ai/client/chain.ts";
import {
  finalizeOrder,
  findWithdrawal,
  type Homeward,
  proveOrder,
  type Withdrawal,
  withdrawOrder,
} from "../ai/client/withdrawals.ts";
import type { Address, Hash, Hex } from "../chain/types/primitives.ts";
import { l1Chain, readContracts, requireL1 } from "./bridge.ts";
import type { CliContext } from "./context.ts";
import { cliError } from "./errors.ts";

/** Both ends of the bridge. */
export interface Bridge extends Homeward {
  /** The same L2, to send to. */
  sender: ChainClient;
  l1RpcUrl: string;
}

const POLL_MS = 500;

/** @throws CodedError DEPLOYMENT_UNREADABLE, NODE_WRONG. */
export async function connectBridge(context: CliContext): Promise<Bridge> {
  const { l1ChainId, contracts } = readContracts(context);
  const sender = await connectChain(context.rpcUrl);
  if (BigInt(sender.chain.id) === l1ChainId) {
    throw cliError("NODE_WRONG", {
      message: `the node at ${context.rpcUrl} is of the L1`,
      fix: "give the URL of an L2 node with --rpc",
      facts: { url: context.rpcUrl, chainId: sender.chain.id },
    });
  }
  await requireL1(context, l1ChainId);
  const { l1RpcUrl } = context;
  const chain = l1Chain(l1RpcUrl, Number(l1ChainId));
  const l1 = createPublicClient({ chain, transport: http(l1RpcUrl), pollingInterval: POLL_MS });
  return { sender, l2: sender.public, l1: l1 as PublicClient, l1RpcUrl, contracts };
}

/** Burns OPEN on L2 for `to` on L1. @throws CodedError of {@link send}. */
export async function startWithdrawal(
  { sender }: Bridge,
  account: Account,
  to: Address,
  value: bigint,
): Promise<Hash> {
  return (await send(sender, account, { ...withdrawOrder(to), value })).hash;
}

/** The withdrawal that the L2 transaction made; the first, if it made several. @throws CodedError WITHDRAWAL_ABSENT. */
export async function readWithdrawal(bridge: Bridge, transaction: Hash): Promise<Withdrawal> {
  const found = await findWithdrawal(bridge, transaction);
  if (found !== undefined) return found;
  throw cliError("WITHDRAWAL_ABSENT", {
    message: `the transaction ${transaction} on L2 withdrew no OPEN`,
    fix: "give the hash that `openledger account withdraw` printed, or none: `openledger account withdrawals` lists them",
    facts: { transaction },
  });
}

/** Proves the withdrawal on L1 against the first output after its block. @throws CodedError L1_TRANSACTION_FAILED. */
export function prove(
  bridge: Bridge,
  account: Account,
  withdrawal: Pick<Withdrawal, "message" | "block">,
): Promise<Hash> {
  return onL1(bridge, account, "proving the withdrawal", () => proveOrder(bridge, withdrawal));
}

/**
 * Finalizes a message on L1, which runs it there and so gives out the OPEN of a withdrawal; where that failed before, replays it.
 * @throws CodedError L1_TRANSACTION_FAILED.
 */
export function finalize(
  bridge: Bridge,
  account: Account,
  withdrawal: Pick<Withdrawal, "message" | "state">,
): Promise<Hash> {
  const what = withdrawal.state === "failed" ? "replaying the message" : "finalizing the withdrawal";
  return onL1(bridge, account, what, async () => finalizeOrder(bridge, withdrawal));
}

async function onL1(
  { l1, l1RpcUrl }: Bridge,
  account: Account,
  what: string,
  order: () => Promise<{ to: Address; data: Hex }>,
): Promise<Hash> {
  const wallet = createWalletClient({ account, chain: l1.chain as Chain, transport: http(l1RpcUrl) });
  try {
    const hash = await wallet.sendTransaction(await order());
    const { status } = await l1.waitForTransactionReceipt({ hash, pollingInterval: POLL_MS });
    if (status === "success") return hash;
    throw new Error(`${hash} reverted`);
  } catch (cause) {
    throw cliError("L1_TRANSACTION_FAILED", {
      message: `${what} on L1 failed`,
      fix: "look at `openledger account withdrawals`; the account needs ether on L1, and withdrawals there may be paused",
      cause,
    });
  }
}
