import { decodeFunctionResult, encodeFunctionData } from "viem";
import { sleep } from "../../base/clock.ts";
import { isCodedError, isTemporary } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import { l2OutputOracleAbi as abi } from "../../chain/generated/abi.ts";
import type { Address, Hash, Hex } from "../../chain/types/primitives.ts";
import { rollupError } from "../errors.ts";
import type { L1Rpc } from "../l1/rpc.ts";
import type { L1Sender } from "../l1/sender.ts";
import type { ProposerL2 } from "./proposer.ts";

/** What is known of the oracle's outputs. */
export interface OutputReport {
  /** Newest L2 block whose proposed output is this node's own. */
  agreed: bigint | undefined;
  /** Outputs on L1 from the first false one on. */
  wrong: bigint;
}

export interface OutputCheckOptions {
  l2: ProposerL2;
  rpc: L1Rpc;
  /** L2OutputOracle on L1. */
  oracle: Address;
  /** Signs for the oracle's challenger; without one a false output is told, not deleted. */
  challenger?: L1Sender;
  /** Judges blocks that are safe but not final: for a devnet, whose L1 is never reorganised. */
  allowNonFinalized?: boolean;
  onReport?: (report: OutputReport) => void;
  logger: Logger;
  signal: AbortSignal;
  pollMs?: number;
}

interface Proposed {
  outputRoot: Hash;
  /** When it was proposed, seconds of L1's clock. */
  timestamp: bigint;
  l2BlockNumber: bigint;
}

/** Outputs that are compared in one look, at most. */
const MOST_AT_ONCE = 256n;

/**
 * Compares each output that somebody proposes with this node's own, which it derived from L1, and with the challenger's key deletes
 * the first false one and all after it. An output is compared once its block is final here: an L1 reorganisation accuses nobody.
 * It begins with the outputs that can still be deleted. Source: `deleteL2Outputs` of L2OutputOracle. Resolves when the signal
 * aborts.
 * @throws CodedError `ORACLE_MISSING`.
 */
export async function runOutputCheck(options: OutputCheckOptions): Promise<void> {
  const { logger, signal, pollMs = 4_000 } = options;
  const check = createCheck(options);
  while (!signal.aborted) {
    try {
      await check();
    } catch (error) {
      if (signal.aborted) return;
      if (!isTemporary(error) && !isCodedError(error, "L1_SEND_FAILED")) throw error;
      logger.warn({ error }, "Comparing outputs failed, trying again");
    }
    await sleep(pollMs, signal).catch(() => undefined);
  }
}

function createCheck(options: OutputCheckOptions): () => Promise<void> {
  const { l2, rpc, oracle, onReport, logger } = options;
  let next: bigint | undefined;
  let agreed: bigint | undefined;
  let told: Hash | undefined;
  return async () => {
    const count = await read(rpc, oracle, "nextOutputIndex");
    next ??= await firstOpen(rpc, oracle, count);
    // Somebody deleted what was compared.
    if (next > count) next = count;
    for (let left = MOST_AT_ONCE; left > 0n && next < count && l2.isReady(); left--) {
      const output = await outputAt(rpc, oracle, next);
      const { safe, finalized } = l2.heads();
      if ((options.allowNonFinalized === true ? safe : finalized).number < output.l2BlockNumber) break;
      const own = await ownRoot(l2, output.l2BlockNumber);
      if (own !== undefined && own !== output.outputRoot) {
        onReport?.({ agreed, wrong: count - next });
        const facts = { index: next, number: output.l2BlockNumber, proposed: output.outputRoot, own };
        if (told !== output.outputRoot) logger.error(facts, "A false output is proposed on L1");
        told = output.outputRoot;
        if (options.challenger !== undefined) await deleteFrom(options, options.challenger, next);
        return;
      }
      if (own !== undefined) agreed = output.l2BlockNumber;
      next++;
    }
    onReport?.({ agreed, wrong: 0n });
  };
}

/** Undefined for a block that the node never had, having begun with a snapshot of a later one, or whose state it has deleted. */
async function ownRoot(l2: ProposerL2, number: bigint): Promise<Hash | undefined> {
  try {
    return await l2.outputRoot(number);
  } catch (error) {
    if (isCodedError(error) && UNKNOWN.includes(error.code)) return undefined;
    throw error;
  }
}

const UNKNOWN: readonly string[] = ["BLOCK_NOT_FOUND", "STATE_PRUNED"];

async function deleteFrom(
  { oracle, logger }: OutputCheckOptions,
  challenger: L1Sender,
  index: bigint,
): Promise<void> {
  const data = encodeFunctionData({ abi, functionName: "deleteL2Outputs", args: [index] });
  const { hash, status } = await challenger.send({ to: oracle, data });
  if (status === 0) {
    throw rollupError("CHALLENGE_REVERTED", {
      message: `Deleting output ${index} and those after it was refused by the oracle.`,
      fix: "Check that the key is the oracle's challenger, and that the output is not final yet.",
      facts: { index, hash },
    });
  }
  logger.warn({ index, l1Transaction: hash }, "Deleted a false output and those after it");
}

/** Index of the oldest output that is not final: times only grow with the index. */
async function firstOpen(rpc: L1Rpc, oracle: Address, count: bigint): Promise<bigint> {
  const period = await read(rpc, oracle, "FINALIZATION_PERIOD_SECONDS");
  const head = (await rpc("eth_getBlockByNumber", ["latest", false])) as { timestamp: Hex } | null;
  if (head === null) return count;
  let [low, high] = [0n, count];
  while (low < high) {
    const middle = (low + high) / 2n;
    const { timestamp } = await outputAt(rpc, oracle, middle);
    if (timestamp + period < BigInt(head.timestamp)) low = middle + 1n;
    else high = middle;
  }
  return low;
}

async function outputAt(rpc: L1Rpc, oracle: Address, index: bigint): Promise<Proposed> {
  const data = encodeFunctionData({ abi, functionName: "getL2Output", args: [index] });
  const answer = (await rpc("eth_call", [{ to: oracle, data }, "latest"])) as Hex;
  return decodeFunctionResult({ abi, functionName: "getL2Output", data: answer });
}

async function read(
  rpc: L1Rpc,
  oracle: Address,
  functionName: "nextOutputIndex" | "FINALIZATION_PERIOD_SECONDS",
): Promise<bigint> {
  const data = encodeFunctionData({ abi, functionName });
  const answer = (await rpc("eth_call", [{ to: oracle, data }, "latest"])) as Hex;
  try {
    return decodeFunctionResult({ abi, functionName, data: answer });
  } catch (cause) {
    throw rollupError("ORACLE_MISSING", {
      message: `There is no L2OutputOracle at ${oracle} on L1.`,
      fix: "Check the oracle's address in the node's configuration, and that --l1-url is the right chain.",
      facts: { oracle },
      cause,
    });
  }
}
