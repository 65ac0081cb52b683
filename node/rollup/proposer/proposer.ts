import { decodeFunctionResult, encodeFunctionData, parseAbi } from "viem";
import { sleep } from "../../base/clock.ts";
import { isCodedError, isTemporary } from "../../base/errors.ts";
import type { Logger } from "../../base/logger.ts";
import type { Address, BlockId, Hash, Hex } from "../../chain/types/primitives.ts";
import { rollupError } from "../errors.ts";
import { parseL1Ref } from "../l1/format.ts";
import type { L1Rpc } from "../l1/rpc.ts";
import type { L1Sender } from "../l1/sender.ts";

/** What the proposer reads of its own node. */
export interface ProposerL2 {
  /** True once the stored chain was checked against L1; before that its heads may be of a fork that L1 has dropped. */
  isReady(): boolean;
  heads(): { safe: BlockId; finalized: BlockId };
  /** Output root of a canonical block. */
  outputRoot(number: bigint): Promise<Hash>;
}

export interface ProposerOptions {
  l2: ProposerL2;
  rpc: L1Rpc;
  sender: L1Sender;
  /** L2OutputOracle on L1. */
  oracle: Address;
  /** Proposes outputs of blocks that are safe but not final yet: for a devnet, whose L1 is never reorganised. */
  allowNonFinalized?: boolean;
  logger: Logger;
  signal: AbortSignal;
  pollMs?: number;
}

const ABI = parseAbi([
  "function nextBlockNumber() view returns (uint256)",
  "function proposeL2Output(bytes32 outputRoot, uint256 l2BlockNumber, bytes32 l1BlockHash, uint256 l1BlockNumber) payable",
]);

/**
 * Posts an output root to L1's L2OutputOracle whenever the oracle's next block is final. Source: op-proposer for
 * `L2OutputOracle`. Resolves when the signal aborts.
 */
export async function runProposer(options: ProposerOptions): Promise<void> {
  const { logger, signal, pollMs = 2_000 } = options;
  while (!signal.aborted) {
    try {
      const proposed = await propose(options);
      if (!proposed) await sleep(pollMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!isTemporary(error) && !isCodedError(error, "L1_SEND_FAILED")) throw error;
      logger.warn({ error }, "Proposing an output failed, trying again");
      await sleep(pollMs, signal).catch(() => undefined);
    }
  }
}

/** One look; true when an output was proposed. */
async function propose(options: ProposerOptions): Promise<boolean> {
  const { l2, rpc, sender, oracle, logger } = options;
  const number = await nextBlockNumber(rpc, oracle);
  if (!l2.isReady()) return false;
  const { safe, finalized } = l2.heads();
  if ((options.allowNonFinalized === true ? safe : finalized).number < number) return false;
  const outputRoot = await l2.outputRoot(number);
  // The oracle checks this hash, so that a proposal made before an L1 reorganisation is void after it. It is the head's
  // parent's: nodes estimate gas in the head itself, where the EVM does not know the head's hash yet.
  const l1 = parseL1Ref(await rpc("eth_getBlockByNumber", ["latest", false]));
  if (l1 === undefined || l1.number === 0n) return false;
  const data = encodeFunctionData({
    abi: ABI,
    functionName: "proposeL2Output",
    args: [outputRoot, number, l1.parentHash, l1.number - 1n],
  });
  const { hash, status } = await sender.send({ to: oracle, data });
  if (status === 0) {
    throw rollupError("PROPOSAL_REVERTED", {
      message: `The output of block ${number} was refused by the oracle.`,
      fix: "Check that the proposer key is the oracle's proposer.",
      facts: { number, outputRoot, hash },
    });
  }
  logger.info({ number, outputRoot, l1Transaction: hash }, "Output proposed");
  return true;
}

async function nextBlockNumber(rpc: L1Rpc, oracle: Address): Promise<bigint> {
  const data = encodeFunctionData({ abi: ABI, functionName: "nextBlockNumber" });
  const answer = (await rpc("eth_call", [{ to: oracle, data }, "latest"])) as Hex;
  try {
    return decodeFunctionResult({ abi: ABI, functionName: "nextBlockNumber", data: answer });
  } catch (cause) {
    throw rollupError("ORACLE_MISSING", {
      message: `There is no L2OutputOracle at ${oracle} on L1.`,
      fix: "Check the oracle's address in the node's configuration, and that --l1-url is the right chain.",
      facts: { oracle },
      cause,
    });
  }
}
