import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type Account,
  type Chain,
  createPublicClient,
  createWalletClient,
  defineChain,
  type Hex,
  http,
} from "viem";
import { connectChain } from "../ai/client/chain.ts";
import { sleep } from "../base/clock.ts";
import { openAbi, openBridgeAbi } from "../chain/generated/abi.ts";
import type { Address } from "../chain/types/primitives.ts";
import { type L1Deployment, parseDeployment } from "../deploy/deployment.ts";
import type { CliContext } from "./context.ts";
import { cliError } from "./errors.ts";
import { connectNode } from "./protocol.ts";

const ARRIVAL_MS = 120_000;
const POLL_MS = 500;

/**
 * Sends OPEN from L1 to `to` on L2 through the bridge, and waits until it is there.
 * @throws CodedError DEPLOYMENT_UNREADABLE, NODE_WRONG, L1_TRANSACTION_FAILED, DEPOSIT_NOT_SEEN.
 */
export async function depositOpen(
  context: CliContext,
  account: Account,
  to: Address,
  amount: bigint,
): Promise<Hex> {
  const { l1ChainId, contracts } = readContracts(context);
  const { open, openBridge } = contracts;
  const { client } = await connectNode(context);
  const l2 = client.public;
  await requireL1(context, l1ChainId);
  const before = await l2.getBalance({ address: to });
  await sendL1(context, account, {
    address: open,
    abi: openAbi,
    functionName: "approve",
    args: [openBridge, amount],
  });
  const hash = await sendL1(context, account, {
    address: openBridge,
    abi: openBridgeAbi,
    functionName: "deposit",
    args: [to, amount],
  });
  const deadline = AbortSignal.timeout(ARRIVAL_MS);
  while ((await l2.getBalance({ address: to })) < before + amount) {
    if (deadline.aborted) {
      throw cliError("DEPOSIT_NOT_SEEN", {
        message: `the deposit ${hash} is on L1, but ${to} did not get it on L2 within ${ARRIVAL_MS / 1000} s`,
        fix: "look at the sequencer's log: it names every deposit that it sees",
        facts: { hash },
      });
    }
    await sleep(POLL_MS);
  }
  return hash;
}

/** @throws CodedError NODE_WRONG when the L1 node is one of another chain than the bridge's. */
export async function requireL1({ l1RpcUrl }: CliContext, expected: bigint): Promise<void> {
  const { chain } = await connectChain(l1RpcUrl);
  if (BigInt(chain.id) === expected) return;
  throw cliError("NODE_WRONG", {
    message: `the node at ${l1RpcUrl} answers for chain ${chain.id}, but the bridge is on chain ${expected}`,
    fix: "give the URL of the L1 with --l1-rpc",
    facts: { url: l1RpcUrl, chainId: chain.id, expected },
  });
}

/** Where the chain's contracts are on L1, by the data folder. @throws CodedError DEPLOYMENT_UNREADABLE. */
export function readContracts(context: CliContext): L1Deployment {
  const file = join(context.dataDir, "chain", "deployment.json");
  try {
    return parseDeployment(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw cliError("DEPLOYMENT_UNREADABLE", {
      message: `${file} does not say where the bridge is`,
      fix: "name the data folder of the chain with --data-dir",
      cause,
    });
  }
}

/** L1 as viem wants it. */
export function l1Chain(url: string, id: number): Chain {
  return defineChain({
    id,
    name: "L1",
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [url] } },
  });
}

interface L1Call {
  address: Address;
  abi: typeof openAbi | typeof openBridgeAbi;
  functionName: "approve" | "deposit";
  args: readonly [Address, bigint];
}

async function sendL1({ l1RpcUrl }: CliContext, account: Account, call: L1Call): Promise<Hex> {
  const chain = l1Chain(
    l1RpcUrl,
    Number(await createPublicClient({ transport: http(l1RpcUrl) }).getChainId()),
  );
  const reader = createPublicClient({ chain, transport: http(l1RpcUrl) });
  const wallet = createWalletClient({ account, chain, transport: http(l1RpcUrl) });
  try {
    const hash = await wallet.writeContract(call as Parameters<typeof wallet.writeContract>[0]);
    const { status } = await reader.waitForTransactionReceipt({ hash, pollingInterval: POLL_MS });
    if (status === "success") return hash;
    throw new Error(`${hash} reverted`);
  } catch (cause) {
    throw cliError("L1_TRANSACTION_FAILED", {
      message: `${call.functionName} on L1 failed`,
      fix: "check the account's OPEN and ether on L1",
      cause,
    });
  }
}
