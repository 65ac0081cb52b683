import type { ChainClient } from "../../node/ai/client/chain.ts";

/**
 * Lets L1 mine slower while `work` goes on. Its blocks, and so L2's, stay as far apart on the chain's clock: a window that commands
 * have to meet lasts longer on the wall, and does not end because a machine is busy.
 * @param pace wall seconds for an L1 block before and afterwards. @param slow the same, meanwhile.
 */
export async function withSlowL1<T>(
  l1: Pick<ChainClient, "rpc">,
  { pace, slow }: { pace: number; slow: number },
  work: () => Promise<T>,
): Promise<T> {
  await l1.rpc("evm_setIntervalMining", [slow]);
  try {
    return await work();
  } finally {
    await l1.rpc("evm_setIntervalMining", [pace]);
  }
}
