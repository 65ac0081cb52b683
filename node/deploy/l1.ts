import {
  type Account,
  type Chain,
  createPublicClient,
  createWalletClient,
  defineChain,
  type Hex,
  http,
  type PublicClient,
  type Transport,
  type WalletClient,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { bytesToHex } from "../base/bytes.ts";
import { sleep } from "../base/clock.ts";
import type { CodedError } from "../base/errors.ts";
import type { Address, Hash } from "../chain/types/primitives.ts";
import { MULTICALL3 } from "./addresses.ts";
import type { L1Deployment } from "./deployment.ts";
import { deployError } from "./errors.ts";
import { type DeployStep, planDeployment } from "./l1-steps.ts";
import { multicall3Code } from "./l2-alloc.ts";
import { type ChainPlan, genesisCirculation } from "./plan.ts";

export interface DeployOptions {
  /** HTTP address of the L1 node. */
  l1Url: string;
  deployerKey: Hex;
  plan: ChainPlan;
  /** Transactions done, transactions in all. */
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

interface Deployer {
  public: PublicClient<Transport, Chain>;
  wallet: WalletClient<Transport, Chain, Account>;
  address: Address;
  signal: AbortSignal | undefined;
}

const POLL_MS = 250;

/**
 * Puts the contracts of the chain on L1 and locks the prefunds. L2 starts at the block that holds the last initialisation.
 * The addresses follow from the deployer's nonce. Interrupted, it starts anew: nothing points to half a deployment.
 * @throws CodedError `L1_DEPLOY_FAILED` naming the transaction, `L1_MULTICALL3_MISSING`.
 */
export async function deployL1(options: DeployOptions): Promise<L1Deployment> {
  const { plan } = options;
  const deployer = await connect(options);
  const nonce = await deployer.public.getTransactionCount({ address: deployer.address, blockTag: "pending" });
  const steps = planDeployment(plan, deployer.address, BigInt(nonce));
  const total = steps.create.length + steps.initialize.length + steps.finish(0n).length;
  let done = 0;
  const run = async (group: readonly DeployStep[]): Promise<bigint> => {
    const last = await sendAll(deployer, nonce + done, group, (count) =>
      options.onProgress?.(done + count, total),
    );
    done += group.length;
    return last;
  };
  await ensureMulticall3(deployer);
  await run(steps.create);
  const startNumber = await run(steps.initialize);
  const startBlock = await deployer.public.getBlock({ blockNumber: startNumber });
  await run(steps.finish(startBlock.timestamp));
  return {
    l1ChainId: BigInt(deployer.wallet.chain.id),
    startBlock: { hash: startBlock.hash, number: startBlock.number, timestamp: startBlock.timestamp },
    prefundsLocked: genesisCirculation(plan),
    contracts: steps.contracts,
  };
}

async function connect(options: DeployOptions): Promise<Deployer> {
  const transport = http(options.l1Url, { retryCount: 2 });
  let id: number;
  try {
    id = await createPublicClient({ transport }).getChainId();
  } catch (cause) {
    throw deployError("L1_UNAVAILABLE", {
      message: "The L1 node does not answer eth_chainId.",
      fix: "Check that the L1 node runs and that its address is right.",
      cause,
    });
  }
  const chain = defineChain({
    id,
    name: "L1",
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [options.l1Url] } },
  });
  const account = privateKeyToAccount(options.deployerKey);
  return {
    public: createPublicClient({ chain, transport }),
    wallet: createWalletClient({ chain, transport, account }),
    address: account.address.toLowerCase() as Address,
    signal: options.signal,
  };
}

/** Sends the steps with ascending nonces, waits for them all, and gives the highest block number among them. */
async function sendAll(
  deployer: Deployer,
  nonce: number,
  steps: readonly DeployStep[],
  onStep: (count: number) => void,
): Promise<bigint> {
  const sent: (readonly [DeployStep, Hash])[] = [];
  for (const [index, step] of steps.entries()) {
    deployer.signal?.throwIfAborted();
    sent.push([step, await sendStep(deployer, nonce + index, step)]);
  }
  let last = 0n;
  for (const [index, [step, hash]] of sent.entries()) {
    const receipt = await waitFor(deployer, hash);
    if (receipt.status !== "success") throw deployFailed(step, hash);
    if (receipt.blockNumber > last) last = receipt.blockNumber;
    onStep(index + 1);
  }
  return last;
}

async function sendStep(deployer: Deployer, nonce: number, step: DeployStep): Promise<Hash> {
  const request = { to: step.to ?? null, data: step.data };
  try {
    const estimate =
      step.gas ?? (await deployer.public.estimateGas({ account: deployer.address, ...request }));
    return await deployer.wallet.sendTransaction({ ...request, nonce, gas: (estimate * 6n) / 5n });
  } catch (cause) {
    throw deployFailed(step, undefined, cause);
  }
}

async function waitFor(deployer: Deployer, hash: Hash) {
  for (;;) {
    const receipt = await deployer.public.getTransactionReceipt({ hash }).catch(() => undefined);
    if (receipt) return receipt;
    await sleep(POLL_MS, deployer.signal);
  }
}

function deployFailed(step: DeployStep, hash: Hash | undefined, cause?: unknown): CodedError {
  return deployError("L1_DEPLOY_FAILED", {
    message: `Deploying on L1, the step "${step.name}" ${hash ? "reverted" : "could not be sent"}.`,
    fix: "Check that the deployer has ether on L1 and that no one else uses its key; then start again.",
    facts: { step: step.name, hash },
    cause,
  });
}

/** Multicall3 has the same address everywhere. Public chains have it; on anvil its code is set. */
async function ensureMulticall3(deployer: Deployer): Promise<void> {
  const code = await deployer.public.getCode({ address: MULTICALL3 });
  if (code !== undefined && code !== "0x") return;
  const request = deployer.public.request as unknown as (call: {
    method: string;
    params: readonly unknown[];
  }) => Promise<unknown>;
  try {
    await request({ method: "anvil_setCode", params: [MULTICALL3, bytesToHex(await multicall3Code())] });
  } catch (cause) {
    throw deployError("L1_MULTICALL3_MISSING", {
      message: `L1 has no Multicall3 at ${MULTICALL3}.`,
      fix: "Deploy it there first, see https://www.multicall3.com (its deployment transaction is signed and public).",
      cause,
    });
  }
}
