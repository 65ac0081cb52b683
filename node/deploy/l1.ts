import type { Hex } from "viem";
import { bytesToHex } from "../base/bytes.ts";
import { type CodedError, isCodedError } from "../base/errors.ts";
import { type Logger, silentLogger } from "../base/logger.ts";
import type { L1BlockRef } from "../chain/types/l1.ts";
import type { Hash } from "../chain/types/primitives.ts";
import { createL1Reader, type L1Reader } from "../rollup/l1/reader.ts";
import { createL1Rpc, type L1Rpc } from "../rollup/l1/rpc.ts";
import { createL1Sender, firstReceipt, type L1Sender, type L1SendResult } from "../rollup/l1/sender.ts";
import { MULTICALL3 } from "./addresses.ts";
import type { L1Deployment } from "./deployment.ts";
import { deployError } from "./errors.ts";
import { type DeployStep, planDeployment } from "./l1-steps.ts";
import { multicall3Code } from "./l2-alloc.ts";
import { type ChainPlan, genesisCirculation } from "./plan.ts";
import { beginProgress, type DeploymentProgress, readProgress } from "./progress.ts";

export interface DeployOptions {
  /** HTTP address of the L1 node. */
  l1Url: string;
  deployerKey: Hex;
  plan: ChainPlan;
  /** Keeps what was signed, so that a deployment that was killed goes on; without it, it starts anew. */
  progressFile?: string;
  /** Transactions done, transactions in all. */
  onProgress?: (done: number, total: number) => void;
  logger?: Logger;
  signal?: AbortSignal;
}

interface Deployer {
  rpc: L1Rpc;
  reader: L1Reader;
  sender: L1Sender;
  chainId: bigint;
}

const POLL_MS = 250;

/**
 * Puts the contracts of the chain on L1 and locks the prefunds. L2 starts at the block that holds the last initialisation.
 * The addresses follow from the deployer's nonce. Killed at any moment, it goes on from `progressFile`; where another program has
 * used the deployer's key meanwhile, it starts anew: nothing points to half a deployment.
 * @throws CodedError `L1_DEPLOY_FAILED` naming the transaction, `L1_MULTICALL3_MISSING`, `L1_UNAVAILABLE`.
 */
export async function deployL1(options: DeployOptions): Promise<L1Deployment> {
  const { plan } = options;
  const deployer = await connect(options);
  const progress = await openProgress(options, deployer);
  const steps = planDeployment(plan, deployer.sender.address, progress.nonce);
  const total = steps.create.length + steps.initialize.length + steps.finish(0n).length;
  let done = 0;
  const run = async (group: readonly DeployStep[]): Promise<L1SendResult | undefined> => {
    const from = done;
    const results = await runGroup(deployer, progress, BigInt(from), group, (count) => {
      done = from + count;
      options.onProgress?.(done, total);
    });
    return results.at(-1);
  };
  await ensureMulticall3(deployer.rpc);
  await run(steps.create);
  const last = await run(steps.initialize);
  const startBlock = await blockOf(deployer, last!);
  await run(steps.finish(startBlock.timestamp));
  return {
    l1ChainId: deployer.chainId,
    startBlock: { hash: startBlock.hash, number: startBlock.number, timestamp: startBlock.timestamp },
    prefundsLocked: genesisCirculation(plan),
    contracts: steps.contracts,
  };
}

async function connect(options: DeployOptions): Promise<Deployer> {
  const rpc = createL1Rpc({ url: options.l1Url });
  const reader = createL1Reader(rpc);
  let chainId: bigint;
  try {
    chainId = await reader.chainId();
  } catch (cause) {
    throw deployError("L1_UNAVAILABLE", {
      message: "The L1 node does not answer eth_chainId.",
      fix: "Check that the L1 node runs and that its address is right.",
      cause,
    });
  }
  const sender = createL1Sender({
    rpc,
    privateKey: options.deployerKey,
    chainId,
    logger: options.logger ?? silentLogger,
    signal: options.signal ?? new AbortController().signal,
    pollMs: POLL_MS,
  });
  return { rpc, reader, sender, chainId };
}

/** An earlier run's progress, unless another program has used the key since or L1 is not the one that it was. */
async function openProgress(options: DeployOptions, deployer: Deployer): Promise<DeploymentProgress> {
  const { rpc, reader, sender } = deployer;
  const { plan, progressFile } = options;
  const genesis = await reader.refByNumber(0n);
  // An L1 without its first block can't tell another L1 apart; then the receipts do.
  const l1Genesis = genesis?.hash ?? (`0x${"00".repeat(32)}` as const);
  const identity = { l1Genesis, deployer: sender.address, plan };
  const found = readProgress(progressFile, identity);
  const nonce = await sender.nonce();
  if (found === undefined || nonce < found.nonce) return beginProgress(progressFile, identity, nonce);
  for (let used = found.nonce; used < nonce; used++) {
    if ((await minedOf(rpc, found, used)) === undefined) return beginProgress(progressFile, identity, nonce);
  }
  return found;
}

/** Makes the group's transactions be in L1: those that are not yet are sent. `first`: steps before the group. */
async function runGroup(
  { rpc, sender }: Deployer,
  progress: DeploymentProgress,
  first: bigint,
  steps: readonly DeployStep[],
  onDone: (count: number) => void,
): Promise<L1SendResult[]> {
  const nonceOf = (index: number) => progress.nonce + first + BigInt(index);
  for (let before = -1; ; ) {
    const results: L1SendResult[] = [];
    for (const [index, step] of steps.entries()) {
      const result = await minedOf(rpc, progress, nonceOf(index));
      if (result === undefined) break;
      if (result.status !== 1) throw deployFailed(step, result.hash);
      results.push(result);
      onDone(results.length);
    }
    if (results.length === steps.length) return results;
    // A nonce that moved without a transaction of ours belongs to another program.
    if (results.length === before) throw deployFailed(steps[before]!, undefined);
    before = results.length;
    await sendRest(sender, progress, steps.slice(before), nonceOf(before), (count) => onDone(before + count));
  }
}

async function sendRest(
  sender: L1Sender,
  progress: DeploymentProgress,
  steps: readonly DeployStep[],
  nonce: bigint,
  onDone: (count: number) => void,
): Promise<void> {
  try {
    const requests = steps.map(({ to, data, gas }) => ({ to, data, gas }));
    const onSigned = (signed: { nonce: bigint; hash: Hash }) => progress.add(signed.nonce, signed.hash);
    await sender.sendAll(requests, { nonce, onSigned, onMined: onDone });
  } catch (cause) {
    // One that an earlier run sent was mined instead: its receipt is looked for.
    if (isCodedError(cause, "L1_NONCE_MOVED")) return;
    if (!isCodedError(cause, "L1_SEND_FAILED")) throw cause;
    throw deployFailed(steps[Number(cause.facts.index ?? 0)]!, undefined, cause);
  }
}

async function minedOf(
  rpc: L1Rpc,
  progress: DeploymentProgress,
  nonce: bigint,
): Promise<L1SendResult | undefined> {
  return firstReceipt(rpc, progress.hashesOf(nonce));
}

async function blockOf({ reader }: Deployer, { blockNumber, hash }: L1SendResult): Promise<L1BlockRef> {
  const block = await reader.refByNumber(blockNumber);
  if (block !== undefined) return block;
  throw deployError("L1_DEPLOY_FAILED", {
    message: `L1 has no block ${blockNumber}, in which the last initialisation was.`,
    fix: "L1 was reorganised: start again, the deployment goes on.",
    facts: { blockNumber, hash },
  });
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
async function ensureMulticall3(rpc: L1Rpc): Promise<void> {
  const code = await rpc("eth_getCode", [MULTICALL3, "latest"]);
  if (typeof code === "string" && code !== "0x") return;
  try {
    await rpc("anvil_setCode", [MULTICALL3, bytesToHex(await multicall3Code())]);
  } catch (cause) {
    throw deployError("L1_MULTICALL3_MISSING", {
      message: `L1 has no Multicall3 at ${MULTICALL3}.`,
      fix: "Deploy it there first, see https://www.multicall3.com (its deployment transaction is signed and public).",
      cause,
    });
  }
}
