import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Account, encodeFunctionData, type Hex } from "viem";
import { type ChainClient, connectChain } from "../ai/client/chain.ts";
import type { Homeward } from "../ai/client/withdrawals.ts";
import { sleep } from "../base/clock.ts";
import { openAbi, openBridgeAbi } from "../chain/generated/abi.ts";
import type { Address } from "../chain/types/primitives.ts";
import { type L1Deployment, parseDeployment } from "../deploy/deployment.ts";
import type { CliContext } from "./context.ts";
import { cliError } from "./errors.ts";
import { connectL1, sendOnL1 } from "./l1.ts";

const ARRIVAL_MS = 120_000;
const POLL_MS = 500;

/** Both ends of the bridge. */
export interface Bridge extends Homeward {
  /** The same chains, to send to. */
  sender: ChainClient;
  l1Sender: ChainClient;
  contracts: L1Deployment["contracts"];
}

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
  const l1Sender = await connectL1(context, l1ChainId);
  return { sender, l2: sender.public, l1Sender, l1: l1Sender.public, contracts };
}

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
  const { l1Sender, l2, contracts } = await connectBridge(context);
  const { open, openBridge } = contracts;
  const before = await l2.getBalance({ address: to });
  const fix = "check the account's OPEN and ether on L1";
  const approve = encodeFunctionData({ abi: openAbi, functionName: "approve", args: [openBridge, amount] });
  await sendOnL1(l1Sender, account, { to: open, data: approve }, { what: "approve", fix });
  const deposit = encodeFunctionData({ abi: openBridgeAbi, functionName: "deposit", args: [to, amount] });
  const hash = await sendOnL1(l1Sender, account, { to: openBridge, data: deposit }, { what: "deposit", fix });
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
